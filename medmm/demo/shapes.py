"""Solids as signed fields in mm: negative inside, close to the distance near their surface."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Field: TypeAlias = NDArray[np.floating[Any]]
Point: TypeAlias = tuple[float, float, float]


REACH_MM = 24.0
"""Rods know no distance beyond this one, which is more than any fillet looks at."""


@dataclass(frozen=True, eq=False)
class Points:
    """Coordinates in mm, arrays of one shape: x to the left, y to the back, z to the head."""

    x: Field
    y: Field
    z: Field
    _known: dict[tuple[Any, ...], Field] = field(default_factory=dict, init=False, repr=False)

    def once(self, make: Callable[..., Field], *more: Hashable) -> Field:
        """``make(self, *more)``, worked out on the first call only."""
        key = (make, *more)
        if key not in self._known:
            self._known[key] = make(self, *more)
        return self._known[key]

    @property
    def axes(self) -> tuple[Field, Field, Field]:
        """x, y and z."""
        return self.x, self.y, self.z

    def __getitem__(self, part: tuple[slice, ...]) -> "Points":
        return Points(self.x[part], self.y[part], self.z[part])

    def box(self, low: Sequence[float], high: Sequence[float]) -> tuple[slice, ...]:
        """An index box that holds every point between two corners (mm)."""
        window = []
        for spans in self._spans:
            kept = np.ones(len(spans[0][0]), dtype=np.bool_)
            for (least, most), first, last in zip(spans, low, high, strict=True):
                kept &= (most >= first) & (least <= last)
            hit = np.flatnonzero(kept)
            window.append(slice(int(hit[0]), int(hit[-1]) + 1) if hit.size else slice(0, 0))
        return tuple(window)

    @cached_property
    def _spans(self) -> list[list[tuple[Field, Field]]]:
        """Per array axis and coordinate: the least and the most at each index."""
        dimensions = range(self.x.ndim)
        others = [tuple(other for other in dimensions if other != axis) for axis in dimensions]
        return [
            [(part.min(axis=rest), part.max(axis=rest)) for part in self.axes] for rest in others
        ]


class Profile:
    """A smooth function of height z that passes near the given knots."""

    def __init__(self, knots: Mapping[float, float], smoothing_mm: float = 9.0) -> None:
        ends = min(knots), max(knots)
        self._at = np.arange(ends[0] - 60.0, ends[1] + 60.0, dtype=np.float32)
        rough = np.interp(self._at, sorted(knots), [knots[knot] for knot in sorted(knots)])
        reach = np.arange(-3 * smoothing_mm, 3 * smoothing_mm + 1)
        kernel = np.exp(-0.5 * (reach / smoothing_mm) ** 2)
        padded = np.pad(rough, len(reach) // 2, mode="edge")
        self._values = np.convolve(padded, kernel / kernel.sum(), mode="valid")[: len(self._at)]

    def __call__(self, points: Points) -> Field:
        """Values at the points' heights; beyond the knots the end values hold."""
        return np.interp(points.z, self._at, self._values).astype(np.float32)

    def value(self, at: float) -> float:
        """The value at one place."""
        return float(np.interp(at, self._at, self._values))


def single(values: Any) -> Field:
    """An array in single precision."""
    return np.asarray(values, dtype=np.float32)


def union(first: Field, second: Field, blend_mm: float = 0.0) -> Field:
    """What is in either, with a fillet of ``blend_mm`` where they meet (polynomial minimum)."""
    if blend_mm <= 0:
        return np.minimum(first, second)
    nearness = np.maximum(blend_mm - np.abs(first - second), 0) / np.float32(blend_mm)
    return np.minimum(first, second) - nearness * nearness * np.float32(blend_mm / 4)


def common(first: Field, second: Field, blend_mm: float = 0.0) -> Field:
    """What is in both, with its edge rounded over ``blend_mm``."""
    return -union(-first, -second, blend_mm)


def ellipsoid(points: Points, centre: Point, radii: Point) -> Field:
    """An ellipsoid along the axes; exact zero set, distance to first order near it."""
    scaled = [
        (axis - np.float32(middle)) / np.float32(radius)
        for axis, middle, radius in zip(points.axes, centre, radii, strict=True)
    ]
    level = np.sqrt(sum_of_squares(scaled))
    slope = np.sqrt(
        sum_of_squares([part / np.float32(r) for part, r in zip(scaled, radii, strict=True)])
    )
    return single(level * (level - 1) / np.maximum(slope, np.float32(1e-6)))


def capsule(points: Points, start: Point, end: Point, radii: tuple[float, float]) -> Field:
    """A rod with round ends whose radius runs from ``radii[0]`` to ``radii[1]``."""
    offset = [axis - np.float32(middle) for axis, middle in zip(points.axes, start, strict=True)]
    along = np.subtract(end, start).astype(np.float32)
    length_squared = max(float(along @ along), 1e-6)
    share = (offset[0] * along[0] + offset[1] * along[1] + offset[2] * along[2]) / np.float32(
        length_squared
    )
    share = np.clip(share, 0, 1)
    gap = sum_of_squares([part - share * step for part, step in zip(offset, along, strict=True)])
    return single(np.sqrt(gap) - radii[0] - share * np.float32(radii[1] - radii[0]))


def chain(points: Points, path: Sequence[Point], radii: Sequence[float]) -> Field:
    """Rods along a path, a radius for each of its points; at most `REACH_MM` far away."""
    whole = np.full(points.x.shape, REACH_MM, dtype=np.float32)
    for place in range(len(path) - 1):
        start, end = path[place], path[place + 1]
        reach = REACH_MM + max(radii[place : place + 2])
        low = np.minimum(start, end) - reach
        window = points.box(low.tolist(), (np.maximum(start, end) + reach).tolist())
        near = points[window]
        if near.x.size:
            rod = capsule(near, start, end, (radii[place], radii[place + 1]))
            whole[window] = union(whole[window], rod, 2.0)
    return whole


def ellipse(u: Field, v: Field, radius_u: Field | float, radius_v: Field | float) -> Field:
    """An ellipse over two offsets in mm; its radii may change from point to point."""
    p, q = u / np.asarray(radius_u, np.float32), v / np.asarray(radius_v, np.float32)
    level = np.sqrt(p * p + q * q)
    a, b = p / np.asarray(radius_u, np.float32), q / np.asarray(radius_v, np.float32)
    return single(level * (level - 1) / np.maximum(np.sqrt(a * a + b * b), np.float32(1e-6)))


def squircle(
    u: Field, v: Field, radius_u: Field | float, radius_v: Field | float, power: float
) -> Field:
    """A superellipse over two offsets in mm, as the distance along the ray from its centre."""
    p = np.abs(u) / np.asarray(radius_u, np.float32)
    q = np.abs(v) / np.asarray(radius_v, np.float32)
    level = (p**power + q**power) ** np.float32(1 / power)
    return np.hypot(u, v) * (1 - 1 / np.maximum(level, np.float32(1e-3)))


def block(u: Field, v: Field, w: Field, half: Point, round_mm: float) -> Field:
    """A box over three offsets in mm with rounded edges."""
    parts = [
        np.abs(offset) - np.float32(size - round_mm)
        for offset, size in zip((u, v, w), half, strict=True)
    ]
    outside = np.sqrt(sum_of_squares([np.maximum(part, 0) for part in parts]))
    inside = np.minimum(np.maximum(np.maximum(parts[0], parts[1]), parts[2]), 0)
    return outside + inside - np.float32(round_mm)


def sum_of_squares(parts: Sequence[Field]) -> Field:
    """Sum of the squares of arrays."""
    total = parts[0] * parts[0]
    for part in parts[1:]:
        total = total + part * part
    return total
