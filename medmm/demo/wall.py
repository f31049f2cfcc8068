"""Fat and muscle of the chest wall, and the table under it."""

from functools import reduce

import numpy as np

from medmm.demo.shapes import Field, Point, Points, chain, common, ellipse, ellipsoid, single
from medmm.demo.thorax import CAGE_MIDDLE, body, cage, spine_y

SKIN_MM = 2.2
SHOULDER: tuple[tuple[tuple[Point, ...], tuple[float, ...]], ...] = (
    # pectoralis major, subscapularis with teres, supraspinatus with trapezius, scalenes
    (((40, -62, 52), (84, -50, 62), (122, -26, 74), (150, 2, 92)), (8, 12, 12, 11)),
    (((112, 82, 0), (126, 70, 34), (138, 50, 66), (150, 30, 90)), (13, 16, 16, 12)),
    (((34, 82, 124), (70, 86, 104), (104, 76, 94), (136, 48, 98)), (12, 13, 14, 12)),
    (((34, 26, 96), (30, 34, 118), (30, 40, 160)), (11, 13, 15)),
    (((26, -14, 70), (34, 0, 100), (44, 14, 160)), (6, 9, 9)),
)
WALL_MM = 11.0


def intercostals(points: Points) -> Field:
    """The rib cage's own wall, ribs painted over it later."""
    return points.once(cage) - WALL_MM


def muscles(points: Points) -> list[Field]:
    """Deep and shallow muscles outside the rib cage, with fat between the two layers."""
    reach = points.once(cage)
    side = np.arctan2(np.abs(points.x), points.y - points.once(CAGE_MIDDLE))
    z = points.z
    breast = _layer(reach, 12.4, 17 * _bump(side, 2.30, 0.42) * _bump(z, 36, 40))
    small = _layer(reach, 11.0, 9 * _bump(side, 2.2, 0.25) * _bump(z, 45, 26))
    serratus = _layer(reach, 11.6, 8 * _bump(side, 1.62, 0.42) * _bump(z, -25, 75))
    flank = _layer(reach, 13.0, 13 * _bump(side, 1.12, 0.36) * _bump(z, -30, 75))
    under_blade = _layer(reach, 11.6, 13.5 * _bump(side, 0.86, 0.42) * _bump(z, 26, 44))
    over_blade = _layer(reach, 30.0, 15 * _bump(side, 0.92, 0.36) * _bump(z, 34, 40))
    behind = points.y - points.once(spine_y)
    back = ellipse(np.abs(points.x) - 27, behind - 36, 22.0, 15.5)
    cape = common(np.abs(reach - 40 + 0.07 * np.abs(points.x)) - 3.6, np.abs(points.x) - 84, 4.0)
    cape = common(cape, 30 - behind, 6.0)
    inside = points.once(body) + SKIN_MM + 2.5
    deep, shallow = [small, serratus, under_blade, back], [breast, flank, over_blade, cape]
    if float(z.max()) > 0:
        shallow += _shoulder(points)
    return [np.maximum(reduce(np.minimum, layer), inside) for layer in (deep, shallow)]


def _shoulder(points: Points) -> list[Field]:
    """Muscles from the chest to the raised arm, and of the neck."""
    mirrored = Points(np.abs(points.x), points.y, points.z)
    deltoid = ellipsoid(mirrored, (156, 22, 98), (34, 40, 56))
    return [deltoid, *(chain(mirrored, path, radii) for path, radii in SHOULDER)]


def table(points: Points) -> tuple[Field, Field]:
    """Shell and filling of a curved table, in the scanner's own frame."""
    top = points.y - 128 + np.square(points.x) / 900
    hull = common(np.maximum(-top, top - 26 - np.square(points.x) / 1500), np.abs(points.x) - 205)
    return hull, hull + np.float32(2.2)


def _layer(reach: Field, from_mm: float, thickness: Field) -> Field:
    """Between ``from_mm`` outside the cage and ``thickness`` further; nothing where it is thin."""
    return single(np.maximum(from_mm - reach, reach - from_mm - thickness + 1.5))


def _bump(at: Field, middle: float, width: float) -> Field:
    return single(np.exp(-np.square((at - middle) / width) * 0.7))
