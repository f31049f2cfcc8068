"""The frame that everything else hangs on: rib cage, spine line, diaphragm and body outline.

Model coordinates in mm: x to the left, y to the back, z to the head; z is 0 at the carina.
"""

import numpy as np

from medmm.demo.build import Build
from medmm.demo.shapes import Field, Points, Profile, single, squircle, union

CAGE_POWER = 2.35
CAGE_WIDTH = Profile(
    {-190: 122, -150: 129, -100: 131, -50: 126, 0: 115, 40: 100, 70: 82, 95: 60, 115: 44, 140: 36}
)
CAGE_DEPTH = Profile(
    {-190: 84, -150: 88, -100: 88, -50: 84, 0: 76, 40: 64, 70: 53, 95: 44, 115: 36, 140: 32}
)
CAGE_MIDDLE = Profile({-190: 2, -100: -1, -50: 0, 0: 6, 40: 14, 70: 21, 95: 26, 115: 29, 140: 31})
BODY_WIDTH = Profile({-190: 148, -120: 156, -50: 158, 0: 160, 40: 168, 80: 176, 110: 170, 140: 150})
BODY_FRONT = Profile(
    {-190: -108, -120: -112, -60: -112, 0: -106, 30: -96, 60: -76, 90: -56, 115: -44, 140: -38}
)
BODY_BACK = Profile({-190: 117, -120: 121, -50: 123, 0: 124, 40: 122, 80: 116, 110: 107, 140: 95})
VERTEBRA_PITCH_MM = 21.5


def cage(points: Points) -> Field:
    """The inner surface of the rib cage, spine left out."""
    depth = points.y - points.once(CAGE_MIDDLE)
    return squircle(points.x, depth, points.once(CAGE_WIDTH), points.once(CAGE_DEPTH), CAGE_POWER)


def cage_contour(angle: float, z: float, out_mm: float) -> tuple[float, float]:
    """The cage's x and y at an angle from the posterior midline, ``out_mm`` outside."""
    width, depth = CAGE_WIDTH.value(z) + out_mm, CAGE_DEPTH.value(z) + out_mm
    sine, cosine = np.sin(angle), np.cos(angle)
    x = width * np.sign(sine) * np.abs(sine) ** (2 / CAGE_POWER)
    y = depth * np.sign(cosine) * np.abs(cosine) ** (2 / CAGE_POWER)
    return float(x), float(y) + CAGE_MIDDLE.value(z)


def spine_y(points: Points) -> Field:
    """Where the middle of the vertebral bodies runs."""
    return points.once(CAGE_MIDDLE) + points.once(CAGE_DEPTH) - np.float32(21)


def spine_at(z: float) -> float:
    """`spine_y` at one height."""
    return CAGE_MIDDLE.value(z) + CAGE_DEPTH.value(z) - 21.0


def front_at(z: float) -> float:
    """Where the cage's front wall is in the midline, as y."""
    return CAGE_MIDDLE.value(z) - CAGE_DEPTH.value(z)


def body(points: Points) -> Field:
    """The skin."""
    front, back = points.once(BODY_FRONT), points.once(BODY_BACK)
    across = squircle(
        points.x, points.y - (front + back) / 2, points.once(BODY_WIDTH), (back - front) / 2, 2.7
    )
    furrow = 5 * np.exp(-np.square(points.x / 16)) * (points.y > 20)
    return across + furrow.astype(np.float32)


def diaphragm_height(points: Points, build: Build) -> Field:
    """The diaphragm's upper surface as z: higher on the right, with deep sulci at the back."""
    right = _dome(points, -62.0, build.right_dome)
    left = _dome(points, 64.0, build.left_dome)
    return -union(-right, -left, 12.0)


def under_diaphragm(points: Points, build: Build) -> Field:
    """Negative below the diaphragm."""
    return points.z - diaphragm_height(points, build)


def _dome(points: Points, middle_x: float, top: float) -> Field:
    """Broad on top, and steeper to the side and to the back than to the middle and the front."""
    aside = (points.x - np.float32(middle_x)) * np.float32(np.sign(middle_x))
    across = np.where(aside > 0, aside / 72, aside / 104)
    deep = points.y + 14
    deep = np.where(deep > 0, deep / 98, deep / 104)
    reach = across * across + deep * deep
    back = np.maximum(deep, 0)
    height = np.float32(top) - 38 * reach * np.sqrt(reach) - 16 * back * back
    return single(height)
