"""Solids into voxels with partial volume: a slab of slices that fields and rods are painted on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medmm.demo.grid import Grid
from medmm.demo.shapes import Field, Points, single

LATTICE_MM = 2.4
"""Large solids are worked out this far apart and interpolated: 0.02 mm off at 40 mm radius."""


@dataclass(frozen=True, eq=False)
class Rod:
    """A round rod in mm; ``tall`` stretches its section along the slice axis."""

    start: tuple[float, float, float]
    end: tuple[float, float, float]
    radii: tuple[float, float]
    tall: float = 1.0

    def scaled(self, scale: tuple[float, float, float]) -> "Rod":
        """The rod of the model, stretched to the patient; its radii by the mean of the axes."""
        (a, b, c), (p, q, r), (x, y, z) = self.start, self.end, scale
        size = float(x * y * z) ** (1 / 3)
        radii = (self.radii[0] * size, self.radii[1] * size)
        return Rod((a * x, b * y, c * z), (p * x, q * y, r * z), radii, self.tall)


@dataclass(frozen=True, eq=False)
class Box:
    """A box of voxels: first index and the one after the last, per axis."""

    low: NDArray[np.int_]
    high: NDArray[np.int_]


class Slab:
    """Some neighbouring slices, painted in HU from back to front.

    A solid's share of a voxel is its field over the field's change across that voxel, which is the
    exact box average of a flat edge along an axis. Fields are given on `points`, a coarser lattice
    with one slice more at each end.
    """

    def __init__(self, grid: Grid, slices: range, scale: tuple[float, float, float]) -> None:
        self.grid, self.slices = grid, slices
        _, rows, columns = grid.shape
        self._steps = tuple(max(1, int(LATTICE_MM / gap)) for gap in grid.spacing_mm[1:])
        self._widest = 2 * float(np.sum(grid.spacing_mm))
        self.hu: Field = np.full((len(slices), rows, columns), -1000.0, dtype=np.float32)
        heights = np.arange(slices.start - 1, slices.stop + 1)
        counts = [
            -(-(size - 1) // step) + 1
            for size, step in zip((rows, columns), self._steps, strict=True)
        ]
        index = np.meshgrid(
            heights,
            np.arange(counts[0]) * self._steps[0],
            np.arange(counts[1]) * self._steps[1],
            indexing="ij",
        )
        patient = np.stack(index, axis=-1) @ grid.affine_lps[:3, :3].T + grid.origin_mm
        model = (patient / np.array(scale)).astype(np.float32)
        self.points = Points(*(np.ascontiguousarray(model[..., axis]) for axis in range(3)))

    def _edge(self, field: Field) -> Field | None:
        """A field in units of one voxel's width across its edge; None where all is outside."""
        inner = field[1:-1]
        if not (inner < self._widest).any():
            return None
        change = np.abs(field[2:] - field[:-2]) / 2
        for axis, step in zip((1, 2), self._steps, strict=True):
            change += np.abs(np.gradient(inner, axis=axis)) / np.float32(step)
        return np.clip(inner / np.maximum(change, np.float32(1e-4)), -8, 8)

    def fill(self, field: Field, hu: Field | float) -> None:
        """Paint a solid; ``hu`` is a number or values on `points`."""
        edge = self._edge(field)
        if edge is None:
            return
        for number in range(len(self.slices)):
            window = self._window(edge[number] < 1.0)
            if window is None:
                continue
            pixels, lattice = window
            target = self.hu[number][pixels]
            share = self._spread(edge[number][lattice], target.shape)
            np.subtract(np.float32(0.5), share, out=share)
            np.clip(share, 0, 1, out=share)
            if isinstance(hu, np.ndarray):
                share *= self._spread(hu[1 + number][lattice], target.shape) - target
            else:
                share *= np.float32(hu) - target
            target += share

    def film(self, distance: Field, within: Field, opacity: float, hu: float) -> None:
        """Paint a sheet thinner than a voxel, ``opacity`` dense where it runs mid-voxel."""
        inside, away = self._edge(within), self._edge(distance)
        if inside is None or away is None:
            return
        for number in range(len(self.slices)):
            window = self._window((inside[number] < 1) & (np.abs(away[number]) < 8))
            if window is None:
                continue
            pixels, lattice = window
            target = self.hu[number][pixels]
            near = np.maximum(1 - np.abs(self._spread(away[number][lattice], target.shape)), 0)
            share = np.clip(0.5 - self._spread(inside[number][lattice], target.shape), 0, 1)
            target += np.float32(opacity) * near * share * (np.float32(hu) - target)

    def fill_rods(self, rods: Sequence[Rod], hu: float, more_mm: float = 0.0) -> None:
        """Paint what lies in any of the rods, each ``more_mm`` thicker."""
        if not rods:
            return
        ends = self.grid.to_scanner(np.array([(rod.start, rod.end) for rod in rods]))
        thick = np.array([(max(rod.radii) + more_mm) * rod.tall for rod in rods])
        gaps = np.array(self.grid.spacing_mm)
        margin = thick[:, None] * (1, 1, 1) + gaps
        low = np.ceil((ends.min(axis=1) - margin) / gaps).astype(int)
        high = np.floor((ends.max(axis=1) + margin) / gaps).astype(int) + 1
        low = np.maximum(low, [self.slices.start, 0, 0])
        high = np.minimum(high, [self.slices.stop, *self.grid.shape[1:]])
        hit = np.flatnonzero((high > low).all(axis=1))
        if not hit.size:
            return
        start, stop = low[hit].min(axis=0), high[hit].max(axis=0)
        whole = np.zeros(stop - start, dtype=np.float32)
        for place in hit.tolist():
            box = Box(low[place], high[place])
            window = tuple(map(slice, box.low - start, box.high - start))
            share = rod_share(rods[place], more_mm, ends[place], gaps, box)
            np.maximum(whole[window], share, out=whole[window])
        offset = np.array([self.slices.start, 0, 0])
        self.blend(whole, hu, tuple(map(slice, start - offset, stop - offset)))

    def blend(self, share: Field, hu: float, window: tuple[slice, ...]) -> None:
        """Paint by the share of every voxel of a part of the slab."""
        target = self.hu[window]
        target += share * (np.float32(hu) - target)

    def _spread(self, values: Field, shape: tuple[int, ...]) -> Field:
        """Lattice values, linearly interpolated to pixels: along rows, then along columns."""
        for axis, step in zip((0, 1), self._steps, strict=True):
            if step == 1:
                continue
            turned = np.moveaxis(values, axis, 0)
            first, change = turned[:-1], (turned[1:] - turned[:-1]) / np.float32(step)
            size = [*values.shape]
            size[axis] = (size[axis] - 1) * step + 1
            wide = np.empty(size, dtype=np.float32)
            out = np.moveaxis(wide, axis, 0)
            for place in range(step):
                out[place:-1:step] = first + np.float32(place) * change
            out[-1] = turned[-1]
            values = wide
        return values[: shape[0], : shape[1]].copy()

    def _window(
        self, hit: NDArray[np.bool_]
    ) -> tuple[tuple[slice, slice], tuple[slice, slice]] | None:
        """Pixels, and the lattice points they need, around what is set."""
        if not hit.any():
            return None
        pixels, lattice = [], []
        for axis in (0, 1):
            places = np.flatnonzero(hit.any(axis=1 - axis))
            first, last = max(int(places[0]) - 1, 0), min(int(places[-1]) + 1, hit.shape[axis] - 1)
            step, size = self._steps[axis], self.grid.shape[1 + axis]
            lattice.append(slice(first, last + 1))
            pixels.append(slice(first * step, min(last * step + 1, size)))
        return (pixels[0], pixels[1]), (lattice[0], lattice[1])


def rod_share(
    rod: Rod,
    more_mm: float,
    ends_mm: NDArray[np.float64],
    gaps_mm: NDArray[np.float64],
    box: Box,
) -> Field:
    """The share of every voxel of an index box that lies in one rod.

    ``ends_mm`` are the rod's ends along the grid's own axes, from its first voxel.
    """
    squeeze = np.array([1 / rod.tall, 1, 1])
    along = ((ends_mm[1] - ends_mm[0]) * squeeze).astype(np.float32)
    offset = [
        (np.arange(box.low[axis], box.high[axis]) * gaps_mm[axis] - ends_mm[0][axis])
        .astype(np.float32)
        .reshape([-1 if axis == other else 1 for other in range(3)])
        * np.float32(squeeze[axis])
        for axis in range(3)
    ]
    step = along / max(float(np.square(along).sum()), 1e-6)
    progress = offset[0] * step[0] + offset[1] * step[1] + offset[2] * step[2]
    np.clip(progress, 0, 1, out=progress)
    gap = [part - progress * way for part, way in zip(offset, along, strict=True)]
    distance = np.sqrt(gap[0] * gap[0] + gap[1] * gap[1] + gap[2] * gap[2])
    reach = (gaps_mm * squeeze).astype(np.float32)
    width = np.abs(gap[0]) * reach[0] + np.abs(gap[1]) * reach[1] + np.abs(gap[2]) * reach[2]
    width /= np.maximum(distance, np.float32(1e-3))
    radius = np.float32(rod.radii[0] + more_mm) + progress * np.float32(rod.radii[1] - rod.radii[0])
    share = np.float32(0.5) - (distance - radius) / np.maximum(width, np.float32(0.1))
    np.clip(share, 0, 1, out=share)
    share *= np.float32(_thinness(max(rod.radii) + more_mm, along, gaps_mm * squeeze))
    return single(share)


def _thinness(radius_mm: float, along: Field, gaps_mm: NDArray[np.float64]) -> float:
    """What keeps the volume of a rod that is thin against its voxels.

    A ramp of width w around a rod of radius r holds the area pi (r^2 + w^2 / 12), or
    pi (w / 2 + r)^3 / (3 w) where r is less than w / 2, instead of pi r^2.
    """
    direction = along / max(float(np.linalg.norm(along)), 1e-6)
    across = float(np.prod(gaps_mm) * np.linalg.norm(direction / gaps_mm))
    width = np.sqrt(across)
    if radius_mm >= width / 2:
        return float(radius_mm**2 / (radius_mm**2 + width**2 / 12))
    return float(3 * radius_mm**2 * width / (width / 2 + radius_mm) ** 3)
