"""A phantom of which everything is known, and how tests ask the viewer about it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from medmm.demo.truth import Truth
from medmm.nouns import Region, Study
from medmm.nouns.geometry import to_index
from tests.ui.viewer.seen import Seen

AXIAL, CORONAL, SAGITTAL = 0, 1, 2


@dataclass(frozen=True)
class Known:
    """The phantom in the home, with its draft and the truth."""

    study: Study
    report: int
    regions: tuple[Region, ...]
    truth: Truth

    @property
    def array(self) -> np.ndarray:
        content: Any = self.study.series[0].content
        return np.asarray(content.array)

    @property
    def affine(self) -> np.ndarray:
        return np.array(self.study.series[0].affine_lps)


def letters(seen: Seen, at: int) -> dict[str, str]:
    found: dict[str, str] = seen.do(
        """(async () => {
          const { seenLetters } = await import(new URL('./transform.js', viewer.keys).href);
          const { opposite } = await import(new URL('./geometry.js', viewer.keys).href);
          const one = viewer.ports[given[0]];
          return seenLetters(one.view, one.towards, opposite);
        })()""",
        at,
    )
    return found


def voxel(known: Known, point: tuple[float, ...]) -> tuple[int, ...]:
    return tuple(int(one) for one in np.rint(to_index(known.affine, np.array(point))))


def nodule(known: Known) -> Region:
    return next(one for one in known.regions if one.label == "lung nodule")
