"""What pushes up under the diaphragm: liver, spleen, kidneys, and bowel with gas in it."""

import numpy as np

from medmm.demo.build import Build
from medmm.demo.lungs import DIAPHRAGM_MM
from medmm.demo.shapes import Field, Points, chain, common, ellipsoid, single, union
from medmm.demo.thorax import cage, under_diaphragm

STOMACH_LEVEL_Y = -30.0
COLON = (((104, 14, -176), (94, -18, -158), (66, -52, -166), (20, -66, -176), (-30, -66, -186)),
         (15, 17, 18, 16, 15))  # fmt: skip


def cavity(points: Points, build: Build) -> Field:
    """Inside of the belly wall and of the diaphragm."""
    return common(points.once(cage) + 3.0, points.once(under_diaphragm, build) + DIAPHRAGM_MM, 4.0)


def liver(points: Points, inside: Field) -> Field:
    """Both lobes; the left one thins out in front of the stomach."""
    edge = points.x * 0.86 + (points.y + 20) * 0.5 - 24 + np.maximum(-132 - points.z, 0) * 0.55
    edge = edge + 5 * np.sin(points.y / 17 + points.z / 23)
    return common(inside + 1.0, edge.astype(np.float32), 22.0)


def stomach(points: Points, inside: Field) -> Field:
    """The stomach's outer surface."""
    bag = ellipsoid(points, (58, -20, -136), (40, 44, 34))
    return common(bag, inside + 2.0, 10.0)


def stomach_gas(points: Points, bag: Field) -> Field:
    """Gas over the fluid level of a patient on the back."""
    return single(np.maximum(bag + 3.6, points.y - STOMACH_LEVEL_Y))


def spleen(points: Points, inside: Field) -> Field:
    """The spleen."""
    return common(ellipsoid(points, (88, 42, -142), (34, 46, 44)), inside + 1.5, 8.0)


def kidneys(points: Points) -> Field:
    """The upper poles of both kidneys."""
    left = ellipsoid(points, (54, 54, -186), (25, 22, 42))
    return union(left, ellipsoid(points, (-54, 54, -194), (25, 22, 42)))


def renal_fat(points: Points, inside: Field) -> Field:
    """The fat that the kidneys lie in, open to the back."""
    left = ellipsoid(points, (52, 68, -190), (36, 40, 58))
    right = ellipsoid(points, (-50, 68, -196), (36, 40, 58))
    return common(union(left, right), inside, 4.0)


def colon(points: Points, inside: Field) -> Field:
    """The bend of the colon under the left ribs."""
    return common(chain(points, *COLON), inside + 1.0, 6.0)


def colon_gas(points: Points, bowel: Field) -> Field:
    """Gas in the front half of the colon, with the folds of its wall."""
    folds = 1.6 * np.sin(points.x / 6.5) * np.sin(points.z / 7)
    return single(np.maximum(bowel + 3.2 + folds, points.y + 34))
