"""A whole phantom: a body of one build with one nodule, seen by one scanner."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from medmm.demo.build import Build
from medmm.demo.grid import CENTRE_MM, COVERAGE_MM, Grid, triple
from medmm.demo.lungmap import LungMap
from medmm.demo.nodule import Nodule, Side
from medmm.demo.painting import Painter
from medmm.demo.trees import LungTrees, lung_trees
from medmm.errors import UsageError

SHAPE = (126, 512, 512)
SLAB = 14
NODULE_MARGIN_MM = 7.0
ROOTS = {"right": np.array([-38.0, 12.0, -22.0]), "left": np.array([44.0, 15.0, -20.0])}


@dataclass(frozen=True)
class Phantom:
    """What to make; everything that is None is drawn from the seed.

    ``shape`` is slices, rows, columns; ``spacing_mm`` the same way round (None: the whole chest in
    that many voxels). ``tilt_deg`` turns the scanner about the left, back and head axes.
    ``nodule_axes_mm`` are the ellipsoid's three full axes, ``nodule_centre_mm`` is in LPS.
    """

    seed: int = 0
    shape: tuple[int, int, int] = SHAPE
    spacing_mm: tuple[float, float, float] | None = None
    tilt_deg: tuple[float, float, float] | None = None
    nodule_axes_mm: tuple[float, float, float] | None = None
    nodule_side: Side | None = None
    nodule_centre_mm: tuple[float, float, float] | None = None
    noise_hu: float = 13.0

    @cached_property
    def build(self) -> Build:
        """The body's sizes."""
        return Build.of(self.seed)

    @cached_property
    def grid(self) -> Grid:
        """The voxels."""
        draw = np.random.default_rng([self.seed, 2])
        drawn = np.round(draw.uniform(1.0, 2.2, 3) * draw.choice([-1, 1], 3), 2)
        spacing = self.spacing_mm or triple(np.array(COVERAGE_MM) / self.shape)
        tilt = self.tilt_deg or triple(drawn)
        centre = np.array(CENTRE_MM) * np.array(self.build.scale)
        return Grid.around(centre, self.shape, spacing, tilt)

    @cached_property
    def lungs(self) -> LungMap:
        """Both lungs on their own lattice."""
        return LungMap.of(self.build)

    @cached_property
    def nodule(self) -> Nodule:
        """The lesion, well inside a lung and away from its root."""
        draw = np.random.default_rng([self.seed, 3])
        axes = np.sort(np.array(draw.uniform((13, 9, 10), (15, 11, 12.5))))[::-1]
        axes = np.array(self.nodule_axes_mm) if self.nodule_axes_mm else axes
        turn = np.linalg.qr(draw.standard_normal((3, 3)) * 0.35 + _around_head(draw))[0]
        side: Side = self.nodule_side or ("right" if draw.random() < 0.6 else "left")
        if self.nodule_centre_mm is not None:
            centre = np.array(self.nodule_centre_mm, dtype=np.float64)
            return Nodule(centre, axes / 2, turn, "left" if centre[0] > 0 else "right")
        centre = self._place_in(side, float(axes.max()) / 2 + NODULE_MARGIN_MM, draw)
        return Nodule(centre * np.array(self.build.scale), axes / 2, turn, side)

    @cached_property
    def trees(self) -> LungTrees:
        """Vessels and bronchi of both lungs."""
        return lung_trees(self.lungs, self.nodule, self.seed)

    def _place_in(
        self, side: Side, room_mm: float, draw: np.random.Generator
    ) -> NDArray[np.float64]:
        """A model point with room around it, in the lung's middle zone but not at its root.

        Raises:
            UsageError: no part of the lung has that much room.
        """
        places = self.lungs.places(side, 600, 6.0, draw)
        far = np.linalg.norm(places - ROOTS[side], axis=1)
        places = places[(far > 42) & (far < 78) & (places[:, 2] > -70) & (places[:, 2] < 62)]
        around = draw.standard_normal((96, 3))
        around *= room_mm / np.linalg.norm(around, axis=1, keepdims=True)
        shells = (places[:, None] + around).reshape(-1, 3)
        inside = (self.lungs.depth(side, shells) < 0).reshape(len(places), -1).all(axis=1)
        if not inside.any():
            raise UsageError(
                f"The {side} lung of phantom {self.seed} has no room of {room_mm:.0f} mm radius.",
                "Ask for a smaller nodule.",
            )
        return np.asarray(places[inside][0])

    def slabs(self) -> Iterator[tuple[range, NDArray[np.int16]]]:
        """HU of all slices from the feet to the head, some slices at a time."""
        painter = Painter(self.build, self.nodule, self.trees, self.seed, self.noise_hu)
        for start in range(0, self.shape[0], SLAB):
            slices = range(start, min(start + SLAB, self.shape[0]))
            yield slices, painter.paint(self.grid, slices)

    def volume(self) -> NDArray[np.int16]:
        """HU of the whole grid ``[slice, row, column]``."""
        return np.concatenate([slab for _, slab in self.slabs()])


def _around_head(draw: np.random.Generator) -> NDArray[np.float64]:
    """A turn about the head axis, so that the long axis lies near the slices."""
    angle = draw.uniform(0, np.pi)
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
