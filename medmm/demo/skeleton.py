"""Bones: spine, breastbone and shoulder blades as fields, ribs and collar bones as rods."""

from itertools import pairwise

import numpy as np

from medmm.demo.canvas import Rod
from medmm.demo.shapes import (
    Field,
    Point,
    Points,
    block,
    capsule,
    common,
    ellipse,
    ellipsoid,
    union,
)
from medmm.demo.thorax import (
    CAGE_DEPTH,
    CAGE_MIDDLE,
    VERTEBRA_PITCH_MM,
    cage,
    cage_contour,
    front_at,
    spine_at,
    spine_y,
)

FIFTH_VERTEBRA_Z = 8.0
CORTEX_MM = 1.3


def vertebra_z(number: int) -> float:
    """Height of the middle of a thoracic vertebra, 1 to 12."""
    return FIFTH_VERTEBRA_Z + (5 - number) * VERTEBRA_PITCH_MM


def vertebral_bodies(points: Points) -> Field:
    """Vertebral bodies with their waists, discs left out."""
    height = _from_vertebra(points)
    waist = 1 - 0.10 * (1 - np.minimum(np.square(height / 9), 1))
    size = _body_size(points)
    section = ellipse(
        points.x, points.y - points.once(spine_y), 18 * size * waist, 14.5 * size * waist
    )
    return common(section, np.abs(height) - 8.8, 2.5)


def discs(points: Points) -> Field:
    """The column of discs and bodies together."""
    size = _body_size(points)
    return ellipse(points.x, points.y - points.once(spine_y), 17.3 * size, 14 * size)


def canal(points: Points) -> Field:
    """The spinal canal."""
    return ellipse(points.x, _behind_spine(points), 9.0, 7.6)


def cord(points: Points) -> Field:
    """The spinal cord."""
    return ellipse(points.x, _behind_spine(points), 4.6, 3.6)


def arches(points: Points) -> Field:
    """Pedicles, laminae, transverse and spinous processes."""
    height, behind = _from_vertebra(points), _behind_spine(points)
    local = Points(np.abs(points.x), behind, height)
    ring: Field = np.abs(ellipse(points.x, behind, 11.4, 10.0)) - 2.4
    ring = common(ring, np.abs(height - 1) - 8.0, 2.0)
    transverse = capsule(local, (11, 1, 2), (31, 11, 5), (4.6, 4.4))
    spinous = capsule(local, (0, 11, 1), (0, 27, -7), (3.2, 2.6))
    return union(union(ring, transverse, 3.0), spinous, 3.0)


def breastbone(points: Points) -> Field:
    """Manubrium and body of the sternum."""
    front = points.once(CAGE_MIDDLE) - points.once(CAGE_DEPTH) - 8
    depth = points.y - front
    upper = block(points.x, depth, points.z - 48, (27, 5.5, 20), 4.0)
    lower = block(points.x, depth, points.z + 22, (17, 5.0, 47), 4.0)
    return union(upper, lower, 3.0)


def shoulder_blades(points: Points) -> Field:
    """Two thin plates on the back of the upper ribs, with their spines and sockets."""
    mirrored = Points(np.abs(points.x), points.y, points.z)
    sheet = np.abs(points.once(cage) - 27 + 4 * np.sin(points.z / 22)) - 1.7
    inner = 72 - mirrored.x + np.maximum(points.z - 30, 0) * 0.1
    outer = mirrored.x - 118 - np.maximum(points.z + 42, 0) * 0.26
    plate: Field = common(
        common(sheet, inner, 2.0), common(outer, np.abs(points.z - 22) - 62, 4.0), 2.0
    )
    plate = np.maximum(plate, 20 - points.y)
    ridge = capsule(mirrored, (84, 97, 48), (140, 68, 92), (3.2, 5.0))
    socket = ellipsoid(mirrored, (136, 38, 84), (9, 15, 18))
    return union(union(plate, ridge, 4.0), socket, 6.0)


def upper_arms(points: Points) -> Field:
    """The heads of the arm bones, arms raised."""
    mirrored = Points(np.abs(points.x), points.y, points.z)
    return union(
        ellipsoid(mirrored, (152, 24, 92), (20, 21, 21)),
        capsule(mirrored, (152, 22, 96), (168, 8, 150), (14, 12)),
        8.0,
    )


def collar_bones() -> list[Rod]:
    """Both clavicles, from the manubrium to the shoulders."""
    path = [(24.0, front_at(62) - 6, 62.0), (52.0, -44.0, 74.0), (92.0, -18.0, 92.0),
            (124.0, 14.0, 104.0), (142.0, 34.0, 106.0)]  # fmt: skip
    return [rod for side in (-1, 1) for rod in _rods(_smooth(path), side, (6.0, 5.4), 1.0)]


def ribs() -> list[Rod]:
    """Twelve pairs, from the spine around and down to where the cartilage begins."""
    return [
        rod
        for number in range(1, 13)
        for side in (-1, 1)
        for rod in _rods(_rib(number), side, (3.4, 3.4), 1.62)
    ]


def cartilages() -> list[Rod]:
    """Costal cartilage of the first ten pairs; the lower ones climb to the costal margin."""
    rods = []
    for number in range(1, 11):
        path = _rib(number)
        start, before = np.array(path[-1]), np.array(path[-3])
        height = 52 - (number - 1) * 16.5 if number < 7 else -58.0 - (number - 6) * 9
        reach = 20.0 if number < 8 else 34.0 + 12 * (number - 8)
        end = np.array([reach, front_at(height) - 7.0, height])
        bend = start + (start - before) * 0.9
        curve = _smooth([tuple(start), tuple(0.6 * bend + 0.4 * (start + end) / 2), tuple(end)])
        for side in (-1, 1):
            rods += _rods(curve, side, (4.2, 4.4), 1.3)
    return rods


def _rib(number: int) -> list[Point]:
    """A rib's centre line on the patient's left."""
    ends = (146, 150, 148, 146, 144, 142, 139, 132, 122, 112, 84, 62)
    drops = (26, 46, 58, 66, 72, 76, 78, 74, 66, 58, 40, 26)
    top = vertebra_z(number) + 5
    path: list[Point] = [(22.0, spine_at(top) + 12.0, top)]
    for degrees in np.arange(24, ends[number - 1], 5.0):
        way = (degrees - 20) / 128
        height = top + 3 * np.exp(-(((degrees - 34) / 14) ** 2)) - drops[number - 1] * way**1.15
        x, y = cage_contour(float(np.deg2rad(degrees)), float(height), 6.2)
        path.append((x, y, float(height)))
    return path


def _rods(path: list[Point], side: int, radii: tuple[float, float], tall: float) -> list[Rod]:
    mirrored = [(side * x, y, z) for x, y, z in path]
    steps = np.linspace(radii[0], radii[1], len(path))
    return [
        Rod(first, second, (float(steps[place]), float(steps[place + 1])), tall)
        for place, (first, second) in enumerate(pairwise(mirrored))
    ]


def _smooth(path: list[Point]) -> list[Point]:
    """A Catmull-Rom curve through the points, about 8 steps between each two."""
    ends = [2 * np.array(path[0]) - path[1], 2 * np.array(path[-1]) - path[-2]]
    knots = np.array([ends[0], *path, ends[1]])
    curve: list[Point] = []
    for place in range(1, len(knots) - 2):
        a, b, c, d = knots[place - 1 : place + 3]
        for t in np.arange(0, 1, 0.125):
            at = 0.5 * (
                2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2
                + (3 * b - a - 3 * c + d) * t**3
            )  # fmt: skip
            curve.append((float(at[0]), float(at[1]), float(at[2])))
    return [*curve, path[-1]]


def _from_vertebra(points: Points) -> Field:
    """Height over the middle of the nearest vertebra."""
    steps = (points.z - FIFTH_VERTEBRA_Z) / VERTEBRA_PITCH_MM
    return ((steps - np.round(steps)) * VERTEBRA_PITCH_MM).astype(np.float32)


def _body_size(points: Points) -> Field:
    """Vertebrae grow towards the feet."""
    return (1.0 - 0.0011 * points.z).astype(np.float32)


def _behind_spine(points: Points) -> Field:
    """Offset in y from the middle of the spinal canal."""
    return points.y - points.once(spine_y) - 14.5 * _body_size(points) - 7
