"""A volume seen along the patient's own axes, without resampling, and the way back.

Every step of the chest experts works on ``[head, posterior, left]``: index 0 grows towards the
head, 1 to the back, 2 to the patient's left. So flips, axis order and patient position cannot
change an answer or a side; obliquity and shear stay in the affine.
"""

from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medmm.nouns import Volume, geometry
from medmm.nouns.geometry import Affine

_PATIENT_ROWS = (2, 1, 0)  # head, posterior, left as rows of an LPS affine


@dataclass(frozen=True, eq=False)
class Frame:
    """How a volume's array turns into ``[head, posterior, left]``.

    ``order`` lists the array's axes in the patient's order, ``flips`` which of them run the other
    way; ``affine`` maps the turned index to LPS mm; ``alignment`` is the cosine between the worst
    matching pair of axes (1: not oblique at all).
    """

    order: tuple[int, int, int]
    flips: tuple[bool, bool, bool]
    shape: tuple[int, int, int]
    affine: Affine
    alignment: float

    @classmethod
    def of(cls, volume: Volume) -> "Frame":
        """The frame of a three-dimensional volume."""
        steps = volume.affine_lps[:3, :3]
        cosines = steps / np.linalg.norm(steps, axis=0)
        order = max(
            permutations((0, 1, 2)),
            key=lambda axes: sum(
                abs(cosines[row, axis]) for row, axis in zip(_PATIENT_ROWS, axes, strict=True)
            ),
        )
        along = [float(cosines[row, axis]) for row, axis in zip(_PATIENT_ROWS, order, strict=True)]
        flips = tuple(cosine < 0 for cosine in along)
        old_shape = volume.array.shape
        turn = np.zeros((4, 4))
        turn[3, 3] = 1.0
        for new, (old, flip) in enumerate(zip(order, flips, strict=True)):
            turn[old, new] = -1.0 if flip else 1.0
            turn[old, 3] = old_shape[old] - 1 if flip else 0.0
        return cls(
            order=(order[0], order[1], order[2]),
            flips=(flips[0], flips[1], flips[2]),
            shape=(old_shape[order[0]], old_shape[order[1]], old_shape[order[2]]),
            affine=np.asarray(volume.affine_lps @ turn, dtype=np.float64),
            alignment=min(abs(cosine) for cosine in along),
        )

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Perpendicular distances in mm between index planes along head, posterior and left.

        With a gantry tilt the step between slices is longer than the distance between them; what
        counts for thickness and volume is the distance.
        """
        _, posterior, left = geometry.spacing_mm(self.affine)
        return (geometry.slice_gap_mm(self.affine), posterior, left)

    def turned(self, array: NDArray[Any]) -> NDArray[Any]:
        """A view of an array on the volume's grid as ``[head, posterior, left]``."""
        view = np.transpose(array, self.order)
        return view[tuple(slice(None, None, -1 if flip else 1) for flip in self.flips)]

    def back(self, array: NDArray[Any]) -> NDArray[Any]:
        """A view of a turned array on the volume's own grid."""
        view = array[tuple(slice(None, None, -1 if flip else 1) for flip in self.flips)]
        return np.transpose(view, np.argsort(self.order))

    def left_mm(self, shape: tuple[int, int, int], step: tuple[int, int, int]) -> NDArray[Any]:
        """The patient's x (LPS mm, grows to the left) of a block grid's voxel centres.

        The result is broadcastable to ``shape``; block ``i`` along an axis covers the voxels from
        ``i * step`` on.
        """
        parts = []
        for axis in range(3):
            centres = np.arange(shape[axis]) * step[axis] + (step[axis] - 1) / 2
            view = [1, 1, 1]
            view[axis] = shape[axis]
            parts.append((self.affine[0, axis] * centres).reshape(view))
        return np.asarray(parts[0] + parts[1] + parts[2] + self.affine[0, 3])
