"""Areas and zones of a film recomputed from a region's stored mask."""

import math

import numpy as np

from medmm.nouns import Mask, Series, Upright

# Whole pixels give a share to rounding; a zone's border may cut the row that it runs through.
SHARE_PERCENT = 0.05
AREA_SHARE = 0.002
ZONE_ROWS = 1.5
ZONES = {"upper_zone_share": 0, "middle_zone_share": 1, "lower_zone_share": 2}


def of_film(mask: Mask, measure: str, series: Series) -> tuple[float, float] | None:
    """A measure of a flat mask and its tolerance: mm2 or percent; None where it cannot be had."""
    if mask.array.ndim != 2 or not mask.count:
        return None
    if measure == "area_fraction":
        return 100.0 * mask.count / math.prod(mask.shape), SHARE_PERCENT
    if measure == "area" and series.spacing_mm is not None:
        area = mask.count * math.prod(series.spacing_mm[-2:])
        return area, AREA_SHARE * area
    if measure in ZONES:
        return _zone(mask, ZONES[measure], Upright.of(series.view.patient_orientation))
    return None


def _zone(mask: Mask, zone: int, upright: Upright | None) -> tuple[float, float] | None:
    """The share of the upper, middle or lower third of the upright mask's height."""
    if upright is None:
        return None
    rows = upright.turned(mask.array).sum(axis=1)
    third = (np.arange(len(rows)) + 0.5) * 3 / len(rows)
    inside = (third >= zone) & (third < zone + 1)
    share = 100.0 * float(rows[inside].sum()) / mask.count
    return share, 100.0 * ZONE_ROWS * float(rows.max()) / mask.count
