"""Pictures made by code that are no chest films: noise, textures, bones of hands and limbs."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from expert_models.cxr_lungs.film import Gray, resized

Draw = np.random.Generator
SIDE = 192


def noise(draw: Draw) -> Gray:
    """White, smooth or fractal noise, a gradient, or stripes."""
    kind = draw.integers(5)
    if kind == 0:
        return draw.random((SIDE, SIDE)).astype(np.float32)
    if kind == 1:
        return _stretched(_smooth(draw, draw.uniform(2, 30)))
    if kind == 2:
        return _stretched(np.sum([_smooth(draw, one) * one for one in (1, 3, 9, 27)], axis=0))
    row, column = np.mgrid[:SIDE, :SIDE] / SIDE
    angle = draw.uniform(0, 2 * np.pi)
    ramp = np.cos(angle) * row + np.sin(angle) * column
    if kind == 3:
        return _stretched(ramp + draw.uniform(0, 0.3) * _smooth(draw, 12))
    return _stretched(np.sin(2 * np.pi * draw.uniform(2, 20) * ramp + draw.uniform(0, 6)))


def hand(draw: Draw) -> Gray:
    """A palm with a fan of jointed fingers: soft tissue round bright shafts."""
    return _fan(draw, rays=5, spread=draw.uniform(0.5, 0.9), palm=draw.uniform(0.25, 0.35))


def foot(draw: Draw) -> Gray:
    """A long heel with five short jointed toes close together."""
    return _fan(draw, rays=5, spread=draw.uniform(0.12, 0.3), palm=draw.uniform(0.4, 0.55))


def limb(draw: Draw) -> Gray:
    """One or two long bones in a sleeve of soft tissue."""
    canvas = _Canvas(draw)
    lean = draw.uniform(-0.15, 0.15)
    wide = draw.uniform(0.16, 0.3)
    canvas.tissue((0.5 - lean, -0.1), (0.5 + lean, 1.1), wide)
    for shift in (-0.5, 0.5) if draw.random() < 0.5 else (0.0,):
        canvas.bone(
            (0.5 - lean + shift * wide, -0.1), (0.5 + lean + shift * wide, 1.1), wide * 0.25
        )
    return canvas.picture()


def ring(draw: Draw) -> Gray:
    """A bright ring with mottled inside, as of a skull or a pelvis."""
    row, column = np.mgrid[:SIDE, :SIDE] / SIDE - 0.5
    axes = draw.uniform(0.25, 0.45, 2)
    radius = np.hypot(row / axes[0], column / axes[1])
    shell = np.exp(-(((radius - 1) / draw.uniform(0.03, 0.1)) ** 2))
    inside = (radius < 1) * (draw.uniform(0.2, 0.6) + 0.15 * _smooth(draw, 6))
    return _stretched(shell + inside)


def page(draw: Draw) -> Gray:
    """Lines of dark marks on a bright page."""
    sheet = np.ones((SIDE, SIDE), dtype=np.float32)
    step = int(draw.integers(6, 14))
    for top in range(step, SIDE - step, step):
        for left in range(10, SIDE - 12, 6):
            if draw.random() < 0.8:
                sheet[top : top + step // 2, left : left + int(draw.integers(2, 6))] = (
                    draw.random() * 0.5
                )
    return sheet


KINDS: dict[str, Callable[[Draw], Gray]] = {
    "noise": noise,
    "hand": hand,
    "foot": foot,
    "limb": limb,
    "ring": ring,
    "page": page,
}


def _fan(draw: Draw, *, rays: int, spread: float, palm: float) -> Gray:
    canvas = _Canvas(draw)
    turn = draw.uniform(-0.4, 0.4)
    root = np.array([0.5 + 0.2 * turn, 0.95])
    knuckles = root + palm * np.array([np.sin(turn), -np.cos(turn)])
    canvas.tissue(tuple(root), tuple(knuckles), 0.16)
    for ray in range(rays):
        angle = turn + spread * (ray - (rays - 1) / 2) / (rays - 1) * 2
        along = np.array([np.sin(angle), -np.cos(angle)])
        start, length = root + palm * along * 0.95, draw.uniform(0.28, 0.42)
        canvas.tissue(tuple(root + 0.3 * palm * along), tuple(start + along * length), 0.045)
        canvas.bone(tuple(root + 0.35 * palm * along), tuple(start - 0.02 * along), 0.018)
        for joint in range(3):
            first = start + along * length * joint / 3
            last = start + along * length * (joint + 0.85) / 3
            canvas.bone(tuple(first), tuple(last), 0.018 * (1 - 0.15 * joint))
    return canvas.picture()


class _Canvas:
    """Soft tissue and bones as thick lines; places are (x, y) in shares of the side."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.row, self.column = np.mgrid[:SIDE, :SIDE] / SIDE
        self.soft = np.zeros((SIDE, SIDE))
        self.hard = np.zeros((SIDE, SIDE))

    def _line(self, start: tuple[float, ...], stop: tuple[float, ...], wide: float) -> Gray:
        x, y = start
        dx, dy = stop[0] - x, stop[1] - y
        place = ((self.column - x) * dx + (self.row - y) * dy) / max(dx * dx + dy * dy, 1e-9)
        place = np.clip(place, 0, 1)
        gap = np.hypot(self.column - x - place * dx, self.row - y - place * dy)
        return np.asarray(np.sqrt(np.clip(1 - (gap / wide) ** 2, 0, 1)), dtype=np.float32)

    def tissue(self, start: tuple[float, ...], stop: tuple[float, ...], wide: float) -> None:
        self.soft = np.maximum(self.soft, self._line(start, stop, wide))

    def bone(self, start: tuple[float, ...], stop: tuple[float, ...], wide: float) -> None:
        whole = self._line(start, stop, wide)
        marrow = self._line(start, stop, wide * 0.55)
        self.hard = np.maximum(self.hard, whole - 0.4 * marrow)

    def picture(self) -> Gray:
        mixed = 0.45 * self.soft + 0.55 * self.hard + 0.03 * _smooth(self.draw, 2)
        blurred = ndimage.gaussian_filter(mixed, self.draw.uniform(0.5, 1.5))
        return _stretched(blurred + 0.02 * self.draw.standard_normal(mixed.shape))


def _smooth(draw: Draw, scale: float) -> Gray:
    small = max(2, round(SIDE / scale))
    return resized(draw.standard_normal((small, small)).astype(np.float32), (SIDE, SIDE))


def _stretched(values: NDArray[np.floating[Any]]) -> Gray:
    low, high = float(np.min(values)), float(np.max(values))
    return np.asarray((values - low) / max(high - low, 1e-6), dtype=np.float32)
