"""The one lesion: an ellipsoid whose size in any slice plane is known exactly."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from medmm.demo.grid import Grid
from medmm.demo.shapes import Field

NODULE_HU = 32.0
Side = Literal["left", "right"]


@dataclass(frozen=True, eq=False)
class Nodule:
    """A solid ellipsoid in LPS mm.

    ``half_axes_mm`` lie along the columns of ``turn``; ``laterality`` is the patient's side.
    """

    centre_mm: NDArray[np.float64]
    half_axes_mm: NDArray[np.float64]
    turn: NDArray[np.float64]
    laterality: Side

    @property
    def form(self) -> NDArray[np.float64]:
        """The matrix A of the surface ``x A x = 1`` around the centre."""
        return np.asarray(self.turn @ np.diag(self.half_axes_mm**-2.0) @ self.turn.T)

    @property
    def volume_ml(self) -> float:
        """4/3 pi abc."""
        return float(4 / 3 * np.pi * np.prod(self.half_axes_mm)) / 1000

    def section_axes_mm(self, grid: Grid) -> tuple[float, float]:
        """Long and short axis of the cut by the slice plane through the centre.

        The cut of an ellipsoid by a plane is an ellipse, and the one through the centre is the
        largest of its family; its long axis is RECIST's longest in-plane diameter and its other
        axis the longest one across it (Eisenhauer, Eur J Cancer 45:228, 2009).
        """
        plane = grid.turn[:, 1:]
        sizes = 2 / np.sqrt(np.linalg.eigvalsh(plane.T @ self.form @ plane))
        return float(sizes[0]), float(sizes[1])

    def level(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """1 on the surface, less inside, growing in proportion to the distance from the centre."""
        offset = points_mm - self.centre_mm
        return np.asarray(np.sqrt(np.einsum("...i,ij,...j->...", offset, self.form, offset)))

    def share(
        self, grid: Grid, slices: range, samples: int = 6
    ) -> tuple[Field, tuple[slice, ...]] | None:
        """The part of every voxel that lies inside, by ``samples`` cubed points.

        Returns:
            The shares, and the part of the slab of ``slices`` that they stand for; None where the
            nodule reaches none of the slices.
        """
        gaps = np.array(grid.spacing_mm)
        middle = grid.to_scanner(self.centre_mm) / gaps
        reach = self.half_axes_mm.max() / gaps + 1
        low = np.maximum(np.floor(middle - reach).astype(int), [slices.start, 0, 0])
        high = np.minimum(np.ceil(middle + reach).astype(int) + 1, [slices.stop, *grid.shape[1:]])
        if (high <= low).any():
            return None
        within = (np.arange(samples) + 0.5) / samples - 0.5
        places = [
            (np.arange(low[axis], high[axis])[:, None] + within).ravel() * gaps[axis]
            for axis in range(3)
        ]
        fine = np.stack(np.meshgrid(*places, indexing="ij"), axis=-1)
        inside = self.level(fine @ grid.turn.T + grid.origin_mm) <= 1
        counts = high - low
        blocks = inside.reshape(counts[0], samples, counts[1], samples, counts[2], samples)
        window = tuple(map(slice, low - [slices.start, 0, 0], high - [slices.start, 0, 0]))
        return blocks.mean(axis=(1, 3, 5)).astype(np.float32), window
