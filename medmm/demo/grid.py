"""Where the voxels of an acquisition lie in the patient."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medmm.nouns.geometry import Affine

CENTRE_MM = (0.0, 18.0, -26.0)
"""Middle of the field of view in the model; the patient's own scale moves it."""
COVERAGE_MM = (315.0, 390.0, 390.0)
"""What a whole study covers along slice, row and column."""


@dataclass(frozen=True, eq=False)
class Grid:
    """A regular grid of voxels ``[slice, row, column]`` without shear.

    ``turn`` has the unit steps of slice, row and column index as columns, in LPS; ``origin_mm`` is
    the centre of the first voxel.
    """

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    turn: NDArray[np.float64]
    origin_mm: NDArray[np.float64]

    @classmethod
    def around(
        cls,
        centre_mm: Sequence[float],
        shape: tuple[int, int, int],
        spacing_mm: tuple[float, float, float],
        tilt_deg: tuple[float, float, float],
    ) -> "Grid":
        """A grid about ``centre_mm``, turned by degrees about the left, back and head axes."""
        turned = _rotation(tilt_deg)
        # Slices go to the head, rows to the back, columns to the left.
        turn = turned[:, [2, 1, 0]]
        middle = (np.array(shape) - 1) / 2 * np.array(spacing_mm)
        return cls(shape, spacing_mm, turn, np.asarray(centre_mm, np.float64) - turn @ middle)

    @property
    def affine_lps(self) -> Affine:
        """4 x 4: array index to LPS mm."""
        affine = np.eye(4)
        affine[:3, :3] = self.turn * np.array(self.spacing_mm)
        affine[:3, 3] = self.origin_mm
        return affine

    def to_scanner(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """LPS mm ``[..., 3]`` to mm along slice, row and column from the first voxel."""
        return np.asarray((points_mm - self.origin_mm) @ self.turn)

    def slice_origin(self, number: int) -> NDArray[np.float64]:
        """LPS mm of the first voxel of a slice."""
        return np.asarray(self.origin_mm + self.turn[:, 0] * self.spacing_mm[0] * number)


def triple(values: Iterable[float]) -> tuple[float, float, float]:
    """Three numbers as plain floats."""
    first, second, third = (float(value) for value in values)
    return first, second, third


def _rotation(tilt_deg: Sequence[float]) -> NDArray[np.float64]:
    """Turns about x, then y, then z."""
    whole = np.eye(3)
    for axis, degrees in enumerate(tilt_deg):
        cosine, sine = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
        first, second = (axis + 1) % 3, (axis + 2) % 3
        one = np.eye(3)
        one[first, first] = one[second, second] = cosine
        one[first, second], one[second, first] = -sine, sine
        whole = one @ whole
    return whole
