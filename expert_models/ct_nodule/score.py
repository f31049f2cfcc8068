"""How much a traced candidate looks like a nodule: a stated product, not a probability."""

import numpy as np

from expert_models.ct_nodule.outline import Outline
from expert_models.ct_nodule.partial import Size

REPORTED_FROM = 0.4
_FULL_CONTRAST_HU = 700.0
_FULL_ROUNDNESS = 0.6
_FULL_FILLING = 0.9
_FULL_SIZE_MM = 8.0
_LARGEST_MM = 32.0
_SMALLEST_MM = 3.5


def bound(outline: Outline) -> float:
    """What the score cannot exceed, before the size is measured."""
    return float(np.prod(np.clip(_apart_from_size(outline), 0.0, 1.0)))


def of(outline: Outline, size: Size) -> float:
    """Contrast x isolation squared x compactness x roundness x filling squared x size, each 0 to 1.

    With d the diameter of the ball of the same volume: contrast is (inside - around) / 700 HU;
    isolation is the share of the shell around it (inside the lungs) that is aerated lung;
    compactness is d / long axis; roundness is short / long axis / 0.6; filling is its area in that
    slice, vessels on it included, over 0.9 of the ellipse around it; size is d / 8 mm.
    Below 3.5 mm and above 32 mm of long axis the score is 0: smaller ones are not told from
    vessels, larger ones are masses and hila.
    """
    long_mm, short_mm = size.axes.long_mm, size.axes.short_mm
    if not _SMALLEST_MM <= long_mm <= _LARGEST_MM or size.volume_ml <= 0:
        return 0.0
    ball_mm = float(np.cbrt(6000 * size.volume_ml / np.pi))
    factors = (
        *_apart_from_size(outline),
        ball_mm / long_mm,
        short_mm / long_mm / _FULL_ROUNDNESS,
        size.axes.filling / _FULL_FILLING,
        size.axes.filling / _FULL_FILLING,
        ball_mm / _FULL_SIZE_MM,
    )
    return float(np.prod(np.clip(factors, 0.0, 1.0)))


def _apart_from_size(outline: Outline) -> tuple[float, float, float]:
    contrast = (outline.inside_hu - outline.around_hu) / _FULL_CONTRAST_HU
    return contrast, outline.isolation, outline.isolation
