"""Branching trees that fill a lung: vessels and bronchi that taper from the root to the edge."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from medmm.demo.canvas import Rod
from medmm.demo.lungmap import LungMap
from medmm.demo.nodule import Nodule, Side

Cloud: TypeAlias = NDArray[np.float64]
ROOT_MM = 32.0
"""So near to where a tree begins, it may run in the lung's root instead of the lung."""
CLEARANCE_MM = 3.0
"""No branch comes nearer to the nodule."""


def grow(
    root: Cloud,
    direction: Cloud,
    targets: Cloud,
    radii: tuple[float, float],
    free: Callable[[Cloud, float], bool],
) -> list[Rod]:
    """A tree from ``root`` to every target, halving the targets at each fork.

    The radius falls with the number of targets that a branch still feeds, from ``radii[0]`` at the
    root to ``radii[1]`` at a tip (Murray, PNAS 12:207, 1926, with exponent 2.6). Branches that
    ``free(points, radius)`` does not allow are left out with all that they feed.
    """
    power = np.log(radii[0] / radii[1]) / np.log(max(len(targets), 2))
    rods: list[Rod] = []

    def branch(start: Cloud, heading: Cloud, cloud: Cloud, before: float) -> None:
        radius = radii[1] * len(cloud) ** power
        middle = cloud.mean(axis=0)
        share = 1.0 if len(cloud) == 1 else 0.36
        end = start + (middle - start) * share
        length = float(np.linalg.norm(end - start))
        steps_along = 2 + int(length > 14)
        bend = start + heading * 0.38 * length + (end - start) * 0.18
        curve = _bezier(start, bend, end, steps_along)
        if not free(curve, max(before, radius)):
            bend = (start + end) / 2
            curve = _bezier(start, bend, end, steps_along)
            if not free(curve, radius):
                return
        steps = np.linspace(before, radius, len(curve))
        rods.extend(
            _rod(curve[place : place + 2], steps[place : place + 2])
            for place in range(len(curve) - 1)
        )
        if len(cloud) > 1:
            onward = _unit(end - bend)
            for half in _halves(cloud):
                branch(end, onward, half, radius)

    branch(root, _unit(direction), targets, radii[0])
    return rods


def _halves(cloud: Cloud) -> tuple[Cloud, Cloud]:
    """The cloud cut across its longest axis, a little off its middle."""
    offsets = cloud - cloud.mean(axis=0)
    axis = np.linalg.eigh(offsets.T @ offsets)[1][:, -1]
    order = np.argsort(offsets @ axis, kind="stable")
    cut = max(1, int(len(cloud) * 0.42)) if axis.sum() > 0 else max(1, int(len(cloud) * 0.58))
    return cloud[order[:cut]], cloud[order[cut:]]


def _bezier(start: Cloud, bend: Cloud, end: Cloud, steps: int) -> Cloud:
    t = np.linspace(0, 1, steps + 1)[:, None]
    return np.asarray((1 - t) ** 2 * start + 2 * t * (1 - t) * bend + t**2 * end)


def _rod(ends: Cloud, radii: Cloud) -> Rod:
    start, end = ends.tolist()
    return Rod(tuple(start), tuple(end), (float(radii[0]), float(radii[1])))


def _unit(vector: Cloud) -> Cloud:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9))


@dataclass(frozen=True, eq=False)
class LungTrees:
    """Rods in LPS mm."""

    vessels: tuple[Rod, ...]
    bronchi: tuple[Rod, ...]


@dataclass(frozen=True)
class _Plan:
    """Where a tree starts (model mm), where it heads, how many tips, how thick, how near pleura."""

    side: Side
    root: tuple[float, float, float]
    heading: tuple[float, float, float]
    tips: int
    radii: tuple[float, float]
    margin_mm: float


VESSELS = (
    _Plan("right", (-38, 4, -19), (-1, 0.2, -0.4), 430, (4.8, 0.6), 4.5),
    _Plan("right", (-38, 8, -38), (-1, 0.1, -0.1), 340, (4.4, 0.6), 6.0),
    _Plan("left", (45, 16, -8), (1, 0.4, -0.3), 400, (4.8, 0.6), 4.5),
    _Plan("left", (45, 14, -38), (1, 0.1, -0.1), 320, (4.4, 0.6), 6.0),
)
BRONCHI = (
    _Plan("right", (-31, 20, -23), (-0.7, 0.2, -0.7), 24, (5.0, 1.2), 14.0),
    _Plan("left", (43, 22, -26), (0.8, 0.2, -0.6), 22, (4.8, 1.2), 14.0),
)


def lung_trees(lungs: LungMap, nodule: Nodule, seed: int) -> LungTrees:
    """The trees of both lungs; they stay inside the lungs and clear of the nodule."""
    draw = np.random.default_rng([seed, 5])
    vessels = [rod for plan in VESSELS for rod in _tree(plan, lungs, nodule, draw)]
    bronchi = [rod for plan in BRONCHI for rod in _tree(plan, lungs, nodule, draw)]
    return LungTrees(tuple(vessels), tuple(bronchi))


def _tree(plan: _Plan, lungs: LungMap, nodule: Nodule, draw: np.random.Generator) -> list[Rod]:
    scale = np.array(lungs.build.scale)
    root = np.array(plan.root)

    def free(curve: Cloud, radius: float) -> bool:
        patient = curve * scale
        clear = (nodule.level(patient) - 1) * float(nodule.half_axes_mm.min())
        near_root = np.linalg.norm(curve - root, axis=1) < ROOT_MM
        inside = lungs.depth(plan.side, curve) < -radius
        return bool((clear > radius + CLEARANCE_MM).all() and (inside | near_root).all())

    targets = lungs.places(plan.side, plan.tips, plan.margin_mm, draw)
    rods = grow(root, np.array(plan.heading), targets, plan.radii, free)
    return [rod.scaled(lungs.build.scale) for rod in rods]
