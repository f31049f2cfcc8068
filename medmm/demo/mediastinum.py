"""What lies between the lungs: heart, great vessels, airway, gullet, and the space they need."""

from dataclasses import dataclass

import numpy as np

from medmm.demo.build import Build
from medmm.demo.shapes import (
    Field,
    Point,
    Points,
    Profile,
    chain,
    common,
    ellipse,
    ellipsoid,
    single,
    union,
)
from medmm.demo.thorax import CAGE_DEPTH, CAGE_MIDDLE, spine_y, under_diaphragm


@dataclass(frozen=True)
class Pipe:
    """A path in model mm with a radius for each of its points."""

    path: tuple[Point, ...]
    radii: tuple[float, ...]

    def field(self, points: Points, more_mm: float = 0.0) -> Field:
        """The pipe, ``more_mm`` thicker."""
        return chain(points, self.path, [radius + more_mm for radius in self.radii])


TRACHEA = Pipe(
    ((0, 16, 150), (0, 15, 110), (1, 13, 60), (0, 13, 20), (0, 15, 3)), (8.2, 8.4, 8.6, 8.8, 9.4)
)
RIGHT_BRONCHUS = Pipe(((-1, 15, 3), (-16, 18, -12), (-31, 20, -23)), (7.6, 7.2, 6.4))
LEFT_BRONCHUS = Pipe(((1, 15, 3), (22, 18, -12), (43, 22, -26)), (7.0, 6.4, 5.6))
AIRWAY = (TRACHEA, RIGHT_BRONCHUS, LEFT_BRONCHUS)
AIRWAY_WALL_MM = 1.6

AORTA = Pipe(
    (
        (2, -22, -42), (-8, -30, -22), (-14, -32, 2), (-10, -26, 24), (4, -10, 36), (17, 8, 35),
        (25, 24, 24), (27, 34, 6), (26, 40, -20), (22, 44, -60), (14, 44, -110), (6, 42, -200),
    ),
    (15, 16, 15.5, 14.5, 13.5, 13, 12.5, 12.2, 12, 11.6, 11, 10),
)  # fmt: skip
PULMONARY_TRUNK = Pipe(
    ((20, -42, -44), (22, -38, -22), (20, -24, -6), (22, -8, -1)), (14, 14, 13, 12)
)
RIGHT_ARTERY = Pipe(((20, -14, -4), (0, -8, -12), (-24, -4, -16), (-38, 2, -19)), (11, 10, 9.5, 8))
LEFT_ARTERY = Pipe(((22, -8, -1), (36, 6, 2), (46, 16, -8)), (11, 9.5, 8))
CAVA = Pipe(((-22, -16, 62), (-26, -18, 30), (-27, -18, 0), (-28, -16, -34)), (7.5, 9, 9.5, 10))
LEFT_VEINS = Pipe(((-4, 4, -34), (26, 12, -34), (46, 14, -38)), (9, 7.5, 6))
RIGHT_VEINS = Pipe(((-4, 4, -36), (-26, 8, -36), (-40, 8, -38)), (9, 7.5, 6))
BRACHIOCEPHALIC = Pipe(((-22, -16, 62), (-4, -24, 50), (22, -18, 62), (34, -4, 84)), (7, 6.5, 6, 6))
RIGHT_NECK = Pipe(((-6, -20, 34), (-12, -8, 58), (-20, 2, 84), (-24, 8, 150)), (7, 6, 5, 4.5))
LEFT_NECK = Pipe(((6, -12, 38), (12, 0, 60), (20, 8, 90), (24, 10, 150)), (5, 4.5, 4.2, 4))
LEFT_SUBCLAVIAN = Pipe(
    ((15, 6, 38), (22, 18, 62), (28, 14, 92), (36, 8, 114), (62, 4, 123), (104, 0, 116)),
    (5.5, 5.2, 5, 4.8, 4.5, 4.2),
)
RIGHT_SUBCLAVIAN = Pipe(
    ((-14, -6, 62), (-22, 4, 92), (-36, 6, 115), (-62, 4, 124), (-104, 0, 116)),
    (5.5, 5, 4.8, 4.5, 4.2),
)
LOWER_CAVA = Pipe(((-24, -4, -70), (-24, 8, -100), (-22, 18, -200)), (12, 12, 11))
AZYGOS = Pipe(((-26, -2, 10), (-20, 26, 14), (-12, 38, 2), (-8, 44, -120)), (4, 4.2, 4, 3.5))
GREAT_VESSELS = (
    AORTA, PULMONARY_TRUNK, RIGHT_ARTERY, LEFT_ARTERY, CAVA, LEFT_VEINS, RIGHT_VEINS,
    BRACHIOCEPHALIC, RIGHT_NECK, LEFT_NECK, LEFT_SUBCLAVIAN, RIGHT_SUBCLAVIAN, LOWER_CAVA, AZYGOS,
)  # fmt: skip

GULLET = Pipe(
    ((4, 30, 150), (6, 30, 60), (6, 33, 10), (8, 34, -40), (16, 26, -90), (28, 12, -112)),
    (6, 6, 6, 6.5, 6.5, 7),
)
GULLET_AIR = Pipe(((6, 29, 64), (6, 29, 44)), (2.6, 2.0))
"""A little swallowed air: gas in the chest that is neither lung nor airway."""

HEART_REACH_MM = 40.0
MIDDLE_WIDTH = Profile({-190: 14, -60: 16, -20: 20, 20: 24, 60: 26, 85: 30, 110: 36, 140: 60})


def heart_chambers(points: Points, build: Build) -> Field:
    """The heart's outer surface; `HEART_REACH_MM` where it is farther than that."""
    far = np.full(points.x.shape, HEART_REACH_MM, dtype=np.float32)
    if float(points.z.min()) > 30 or float(points.z.max()) < -165:
        return far
    size = build.heart
    left = turned_ellipsoid(points, (24, -30, -68), (60 * size, 43 * size, 40 * size))
    atrium = ellipsoid(points, (-20, -20, -62), (30 * size, 32 * size, 36 * size))
    back = ellipsoid(points, (6, 2, -46), (34 * size, 20 * size, 24 * size))
    return np.minimum(union(union(left, atrium, 14.0), back, 10.0), far)


def turned_ellipsoid(points: Points, centre: Point, radii: Point) -> Field:
    """An ellipsoid whose long axis points to the patient's left, front and feet."""
    axis = np.array([0.72, -0.52, -0.46])
    axis /= np.linalg.norm(axis)
    side = np.cross(axis, (0.0, 0.0, 1.0))
    side /= np.linalg.norm(side)
    up = np.cross(side, axis)
    offset = [part - np.float32(middle) for part, middle in zip(points.axes, centre, strict=True)]
    turned = [
        sum_of_products(offset, direction.astype(np.float32)) for direction in (axis, side, up)
    ]
    return ellipsoid(Points(*turned), (0, 0, 0), radii)


def sum_of_products(parts: list[Field], direction: Field) -> Field:
    """Projection of points on a direction."""
    return single(parts[0] * direction[0] + parts[1] * direction[1] + parts[2] * direction[2])


def space(points: Points, build: Build) -> Field:
    """Everything medial of the two lungs' inner faces, spine and lung roots included."""
    x, y = points.x, points.y
    fat = union(points.once(heart_chambers, build) - 4, _vessels(points) - 2.5, 8.0)
    column = ellipse(x, y - points.once(spine_y) - 5, 27.0, 25.0)
    middle = ellipse(
        x - 2,
        y - points.once(CAGE_MIDDLE) + 3,
        points.once(MIDDLE_WIDTH),
        points.once(CAGE_DEPTH) * 0.66,
    )
    front = np.maximum(np.abs(x - 4) - 3.5, y - 6)
    # Fat beside the heart keeps the anterior recess from running under the breastbone as a sheet.
    shield = ellipse(x - 2, y - points.once(CAGE_MIDDLE) + points.once(CAGE_DEPTH), 20.0, 12.0)
    whole = union(union(fat, column, 10.0), union(middle, front, 12.0), 12.0)
    whole = union(whole, shield, 12.0)
    roots = union(
        ellipsoid(points, (-37, 12, -22), (12, 15, 19)),
        ellipsoid(points, (43, 15, -20), (12, 15, 20)),
    )
    return union(whole, union(roots, airway(points, AIRWAY_WALL_MM)), 6.0)


def airway(points: Points, more_mm: float = 0.0) -> Field:
    """Trachea and main bronchi, ``more_mm`` around their lumen."""
    field = AIRWAY[0].field(points, more_mm)
    for pipe in AIRWAY[1:]:
        field = union(field, pipe.field(points, more_mm), 3.0)
    return field


def heart(points: Points, build: Build) -> Field:
    """The heart above the diaphragm."""
    return common(points.once(heart_chambers, build), -points.once(under_diaphragm, build) - 1, 5.0)


def _vessels(points: Points) -> Field:
    """The great vessels that shape the lungs' inner faces."""
    field = AORTA.field(points)
    for pipe in (PULMONARY_TRUNK, RIGHT_ARTERY, LEFT_ARTERY, CAVA, LEFT_VEINS, RIGHT_VEINS,
                 LOWER_CAVA, BRACHIOCEPHALIC, RIGHT_NECK, LEFT_SUBCLAVIAN):  # fmt: skip
        field = union(field, pipe.field(points), 6.0)
    return field
