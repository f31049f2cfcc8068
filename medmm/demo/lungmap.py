"""The lungs sampled on a lattice of their own: their volumes, and places inside them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from medmm.demo.build import Build
from medmm.demo.lungs import lungs
from medmm.demo.nodule import Side
from medmm.demo.shapes import Field, Points

STEP_MM = 2.5
LOW = (-140.0, -100.0, -185.0)
HIGH = (140.0, 105.0, 125.0)


@dataclass(frozen=True, eq=False)
class LungMap:
    """Both lungs' fields over the chest, ``[x, y, z]`` from `LOW` by `STEP_MM` in model mm."""

    build: Build
    right: Field
    left: Field

    @classmethod
    def of(cls, build: Build) -> "LungMap":
        """Work the fields out."""
        axes = [
            np.arange(low, high + STEP_MM, STEP_MM, dtype=np.float32)
            for low, high in zip(LOW, HIGH, strict=True)
        ]
        right, left = lungs(Points(*np.meshgrid(*axes, indexing="ij")), build)
        return cls(build, right, left)

    def side(self, side: Side) -> Field:
        """One lung's field."""
        return self.right if side == "right" else self.left

    def volume_ml(self, side: Side) -> float:
        """Volume in the patient, by each cell's share on its side of the surface."""
        field = self.side(side)
        change = sum(np.abs(part) for part in np.gradient(field))
        share = np.clip(0.5 - field / np.maximum(change, np.float32(1e-4)), 0, 1)
        cell = STEP_MM**3 * float(np.prod(self.build.scale))
        return float(share.sum(dtype=np.float64)) * cell / 1000

    def shadow_mm2(self, side: Side) -> float:
        """Area in the patient of the lung seen from the front, by cells as `volume_ml` does."""
        field = self.side(side).min(axis=1)
        change = sum(np.abs(part) for part in np.gradient(field))
        share = np.clip(0.5 - field / np.maximum(change, np.float32(1e-4)), 0, 1)
        cell = STEP_MM**2 * self.build.scale[0] * self.build.scale[2]
        return float(share.sum(dtype=np.float64)) * cell

    def depth(self, side: Side, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """The field at model points ``[n, 3]``, interpolated."""
        place = ((points - np.array(LOW)) / STEP_MM).T
        return np.asarray(ndimage.map_coordinates(self.side(side), place, order=1, mode="nearest"))

    def places(
        self, side: Side, count: int, margin_mm: float, draw: np.random.Generator
    ) -> NDArray[np.float64]:
        """Model points spread evenly through a lung, ``margin_mm`` from its surface."""
        inside = np.argwhere(self.side(side) < -margin_mm)
        chosen = inside[draw.choice(len(inside), size=count, replace=False)]
        return np.asarray((chosen + draw.uniform(-0.5, 0.5, (count, 3))) * STEP_MM + np.array(LOW))
