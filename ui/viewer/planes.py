"""Cuts through a volume along its own axes, turned the way a radiologist looks at them.

An axial or coronal cut has the patient's left on the right of the screen; a coronal or sagittal one
has the head up; an axial or sagittal one runs to the back at the bottom or on the right. The axes
are the volume's own, so a cut through an oblique volume is oblique: no value is ever interpolated,
and the cut's affine says where each pixel is.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from medmm.nouns.geometry import Affine

PlaneName: TypeAlias = Literal["stored", "axial", "coronal", "sagittal"]
NAMES: tuple[PlaneName, ...] = get_args(PlaneName)

_LEFT, _BACK, _HEAD = 0, 1, 2
# Patient axes that slices, rows and columns of a cut run along, and whether rows run downwards as
# that axis grows (rows of coronal and sagittal cuts run to the feet).
_ALONG: Mapping[str, tuple[int, int, int, bool]] = MappingProxyType(
    {
        "axial": (_HEAD, _BACK, _LEFT, True),
        "coronal": (_BACK, _HEAD, _LEFT, False),
        "sagittal": (_LEFT, _HEAD, _BACK, False),
    }
)


@dataclass(frozen=True, eq=False)
class Plane:
    """How slices, rows and columns of a cut lie in the array.

    ``axes`` are the array axes of slice, row and column; ``flips`` says which of row and column run
    backwards; ``shape`` counts slices, rows, columns; ``affine_lps`` maps ``[slice, row, column]``
    of the cut to LPS mm (None where the series has no place in the patient).
    """

    name: PlaneName
    axes: tuple[int, int, int]
    flips: tuple[bool, bool]
    shape: tuple[int, int, int]
    affine_lps: Affine | None

    def cut(self, array: NDArray[Any], number: int) -> NDArray[Any]:
        """Slice ``number`` of ``[slice, row, column, ...]`` as a view ``[row, column, ...]``."""
        rest = range(3, array.ndim)
        turned = np.transpose(array, (*self.axes, *rest))[number]
        steps = tuple(slice(None, None, -1 if flip else 1) for flip in self.flips)
        return np.asarray(turned[steps])


def plane(name: PlaneName, shape: tuple[int, ...], affine_lps: Affine | None) -> Plane | None:
    """A cut of a grid; None where only the stored slices can be shown."""
    sizes = (shape[0], shape[1], shape[2])
    if name == "stored":
        return Plane(name, (0, 1, 2), (False, False), sizes, affine_lps)
    if affine_lps is None or sizes[0] < 2:
        return None
    by_patient = patient_axes(affine_lps)
    slices, rows, columns, down = _ALONG[name]
    axes = (by_patient[slices], by_patient[rows], by_patient[columns])
    grows = [affine_lps[world, by_patient[world]] > 0 for world in range(3)]
    flips = (bool(grows[rows] != down), not grows[columns])
    cut_shape = (sizes[axes[0]], sizes[axes[1]], sizes[axes[2]])
    return Plane(name, axes, flips, cut_shape, _affine(affine_lps, axes, flips, cut_shape))


def stored_name(affine_lps: Affine | None) -> PlaneName:
    """Which of the patient's planes the stored slices are closest to."""
    if affine_lps is None:
        return "stored"
    slices: dict[int, PlaneName] = {_HEAD: "axial", _BACK: "coronal", _LEFT: "sagittal"}
    return slices[patient_axes(affine_lps).index(0)]


def patient_axes(affine_lps: Affine) -> tuple[int, int, int]:
    """The array axis that stands for each of left, back and head: the best of all pairings."""
    unit = np.abs(affine_lps[:3, :3] / np.linalg.norm(affine_lps[:3, :3], axis=0))
    first, second, third = max(
        itertools.permutations(range(3)),
        key=lambda axes: sum(unit[world, axis] for world, axis in enumerate(axes)),
    )
    return first, second, third


def _affine(
    affine_lps: Affine,
    axes: tuple[int, int, int],
    flips: tuple[bool, bool],
    shape: tuple[int, int, int],
) -> Affine:
    turned = affine_lps[:, [*axes, 3]].copy()
    for place, flip in enumerate(flips, start=1):
        if flip:
            turned[:3, 3] += turned[:3, place] * (shape[place] - 1)
            turned[:3, place] *= -1
    return turned
