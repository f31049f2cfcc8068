"""One affine for a stack of slices, proved against every slice's own four corners."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medmm.nouns.geometry import Affine

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Planes:
    """Where ``n`` slices say they are (PS3.3 C.7.6.2), in LPS mm.

    ``positions`` ``[n, 3]`` are centres of first voxels, ``rows`` ``[n, 3]`` the direction in which
    the column index grows, ``columns`` ``[n, 3]`` the one in which the row index grows, ``spacing``
    ``[n, 2]`` the gap between rows and between columns.
    """

    positions: Floats
    rows: Floats
    columns: Floats
    spacing: Floats

    def __len__(self) -> int:
        return len(self.positions)

    def take(self, chosen: NDArray[np.intp]) -> "Planes":
        """Some of the slices, in the given order."""
        return Planes(
            self.positions[chosen], self.rows[chosen], self.columns[chosen], self.spacing[chosen]
        )

    @property
    def normal(self) -> Floats:
        """Unit normal of the mean plane: rows x columns."""
        normal = np.cross(self.rows.mean(axis=0), self.columns.mean(axis=0))
        return np.asarray(normal / np.linalg.norm(normal), dtype=np.float64)

    def corners(self, shape: tuple[int, int]) -> Floats:
        """The four corner voxels' centres of each slice, ``[n, 4, 3]``."""
        down = self.columns * self.spacing[:, :1] * (shape[0] - 1)
        right = self.rows * self.spacing[:, 1:] * (shape[1] - 1)
        return np.stack(
            [
                self.positions,
                self.positions + down,
                self.positions + right,
                self.positions + down + right,
            ],
            axis=1,
        )


def affine_of(planes: Planes, indices: Floats) -> Affine:
    """The affine from ``[slice, row, column]`` to LPS mm that fits all slices best.

    ``indices`` ``[n]`` are the slices' places in the grid. First voxels are fitted by least
    squares, so that rounding of single positions does not add up; shear is kept as it is.
    """
    design = np.stack([indices, np.ones_like(indices)], axis=1)
    (step, origin), *_ = np.linalg.lstsq(design, planes.positions, rcond=None)
    affine = np.eye(4)
    affine[:3, 0] = step
    affine[:3, 1] = _unit(planes.columns.mean(axis=0)) * planes.spacing[:, 0].mean()
    affine[:3, 2] = _unit(planes.rows.mean(axis=0)) * planes.spacing[:, 1].mean()
    affine[:3, 3] = origin
    return affine


def deviation_mm(affine: Affine, planes: Planes, indices: Floats, shape: tuple[int, int]) -> float:
    """Largest distance between the affine's corners and the slices' own, in mm.

    Cumulative by construction: each slice is compared with its place in the whole grid, not with
    its neighbour, so slow drift shows.
    """
    claimed = Planes(
        positions=affine[:3, 3] + indices[:, None] * affine[:3, 0],
        rows=np.broadcast_to(affine[:3, 2], planes.rows.shape),
        columns=np.broadcast_to(affine[:3, 1], planes.columns.shape),
        spacing=np.ones_like(planes.spacing),
    )
    offsets = claimed.corners(shape) - planes.corners(shape)
    return float(np.linalg.norm(offsets, axis=-1).max())


def tilt_degrees(affine: Affine) -> float:
    """Angle between the step from slice to slice and the slices' normal."""
    normal = _unit(np.cross(affine[:3, 2], affine[:3, 1]))
    cosine = abs(float(_unit(affine[:3, 0]) @ normal))
    return float(np.degrees(np.arccos(min(1.0, cosine))))


def _unit(vector: Floats) -> Floats:
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float64)
