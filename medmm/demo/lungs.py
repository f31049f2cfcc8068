"""The two lungs as solids: what the cage, the apex, the mediastinum and the diaphragm leave."""

import numpy as np

from medmm.demo.build import Build
from medmm.demo.mediastinum import space
from medmm.demo.shapes import Field, Points, common, single
from medmm.demo.thorax import cage, under_diaphragm

PLEURA_MM = 1.6
DIAPHRAGM_MM = 3.5


def lungs(points: Points, build: Build) -> tuple[Field, Field]:
    """The patient's right and left lung: all inside the visceral pleura, lung roots left out."""
    around = common(points.once(cage) + PLEURA_MM, -space(points, build), 5.0)
    around = common(around, -points.once(under_diaphragm, build), 5.0)
    right = common(around, _apex(points, -48.0, build.right_apex), 8.0)
    left = common(around, _apex(points, 49.0, build.left_apex), 8.0)
    # The midline lies in the mediastinum at every height, so the side of a point decides.
    return np.maximum(right, points.x - 4), np.maximum(left, 4 - points.x)


def oblique_fissure(points: Points, side: int) -> Field:
    """Signed distance from the plane of a lung's oblique fissure; ``side`` is -1 on the right."""
    bow = 6 * np.sin((points.x * side) / 38 + (0.4 if side < 0 else 0.0))
    return single((points.z + 16) * 0.62 - (points.y - 24) * 0.785 + bow)


def horizontal_fissure(points: Points) -> Field:
    """Signed distance from the right lung's horizontal fissure."""
    return single(points.z + 20 + 0.12 * points.y + 0.08 * (points.x + 80))


def _apex(points: Points, middle_x: float, top: float) -> Field:
    """A paraboloid that opens downward and rounds the top of a lung."""
    drop = np.float32(top) - points.z
    across = (points.x - np.float32(middle_x)) ** 2 + ((points.y - 24) / np.float32(1.35)) ** 2
    return (across / 56 - drop) / np.sqrt(1 + across * np.float32(4 / 56**2))
