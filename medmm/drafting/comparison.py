"""Measurements of now against those of a prior study: what changed, and whether that is sure.

A change counts only beyond the combined uncertainty of both measurements, each taken as a 95 %
half-width and added in quadrature (JCGM 100:2008, 5.1.2): a "resolution" is a half-width already, a
"repeatability" is a standard deviation and counts 1.96 times.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from medmm.drafting import figures
from medmm.nouns import Measurement, Prior, Region, Uncertainty

IntervalUnit: TypeAlias = Literal["day", "week", "month", "year"]
Obstacle: TypeAlias = Literal["doubtful", "method", "uncertainty"]
Key: TypeAlias = tuple[str, str, str]

NORMAL_95 = 1.96
DAYS_PER_MONTH = 30.4375
DAYS_PER_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class Change:
    """One quantity then and now, in the unit of both.

    ``combined`` is the 95 % half-width of the difference, None where one of the two has no
    uncertainty. ``percent`` is None on a scale without a true zero.
    """

    now: Measurement
    before: Measurement
    difference: float
    percent: float | None
    combined: float | None

    @property
    def obstacle(self) -> Obstacle | None:
        """Why nobody can tell whether this is a change, the gravest first."""
        if self.now.doubtful or self.before.doubtful:
            return "doubtful"
        if _method(self.now) != _method(self.before):
            return "method"
        return "uncertainty" if self.combined is None else None

    @property
    def beyond(self) -> bool | None:
        """Whether the difference is more than the combined uncertainty; None: nobody can tell."""
        if self.obstacle or self.combined is None:
            return None
        return abs(self.difference) > self.combined


def change(now: Measurement, before: Measurement) -> Change:
    """The change between two measurements of one quantity in one unit."""
    difference = now.value - before.value
    combined = _combined(now.uncertainty, before.uncertainty)
    percent = None
    if now.unit in figures.RATIO_UNITS and before.value > 0:
        percent = 100.0 * difference / before.value
    return Change(now, before, difference, percent, combined)


def percent_shown(one: Change) -> figures.Shown | None:
    """The size of a change in percent of the earlier value, rounded by the changes' uncertainty."""
    if one.percent is None:
        return None
    spread = 100.0 * one.combined / one.before.value if one.combined is not None else None
    return figures.shown(abs(one.percent), "%", spread)


def changes(
    measurements: Iterable[Measurement], regions: Mapping[str, Region], prior: Prior
) -> tuple[Change, ...]:
    """Changes of everything that is there exactly once on both sides.

    Quantities are matched by the region's label, the measurement's name and its unit. What is there
    several times (nodules) is not matched: which is which would be a guess.
    """
    now = _unique(measurements, {key: region.label for key, region in regions.items()})
    before = _unique(prior.measurements, prior.labels)
    return tuple(change(now[key], before[key]) for key in now if key in before)


def days_between(earlier: str, later: str) -> int | None:
    """Days from one ISO 8601 date to another; None where one of them is not known."""
    try:
        return (date.fromisoformat(later[:10]) - date.fromisoformat(earlier[:10])).days
    except ValueError:
        return None


def interval(days: int) -> tuple[int, IntervalUnit]:
    """Days as people say them: up to 13 days, 8 weeks, 23 months, then years; rounded."""
    if days < 14:
        return days, "day"
    if days < 60:
        return round(days / 7), "week"
    if days < 2 * DAYS_PER_YEAR:
        return round(days / DAYS_PER_MONTH), "month"
    return round(days / DAYS_PER_YEAR), "year"


def _unique(
    measurements: Iterable[Measurement], labels: Mapping[str, str]
) -> dict[Key, Measurement]:
    keyed = [
        ((labels.get(one.region or "", ""), one.name, one.unit), one)
        for one in measurements
        if one.region is None or one.region in labels
    ]
    counts = Counter(key for key, _ in keyed)
    return {key: one for key, one in keyed if counts[key] == 1}


def _method(measurement: Measurement) -> tuple[str, str]:
    return measurement.expert, measurement.method


def _half_width(uncertainty: Uncertainty) -> float:
    return uncertainty.value * (NORMAL_95 if uncertainty.kind == "repeatability" else 1.0)


def _combined(now: Uncertainty | None, before: Uncertainty | None) -> float | None:
    if now is None or before is None:
        return None
    return math.hypot(_half_width(now), _half_width(before))
