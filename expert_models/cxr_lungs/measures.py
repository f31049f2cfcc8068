"""Areas of the lungs, of their zones and against each other, each with its repeatability."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ZONES = ("upper", "middle", "lower")
CUT_SHARE = 0.2
"""A lung that lies along a border with this share of its width or height is cut off."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value and the standard deviation of it over the passes of the net."""

    value: float
    off: float


@dataclass(frozen=True, slots=True)
class LungAreas:
    """One lung: its share of the film in percent, and the shares of its three zones in it."""

    of_film: Value
    zones: tuple[Value, Value, Value]


def areas(mask: NDArray[np.bool_], each: NDArray[np.bool_], floor: float = 0.05) -> LungAreas:
    """Areas of one lung from its mask ``[row, column]`` on the film, upright.

    ``each`` is ``[pass, row, column]``: the lung of every pass on the work grid. Zones are the
    thirds of the lung's height, from its highest to its lowest row.
    """
    spread = [zone_shares(one) for one in each if one.any()]
    zones = tuple(
        Value(share, max(floor, _deviation([one[place] for one in spread])))
        for place, share in enumerate(zone_shares(mask))
    )
    share = 100.0 * float(mask.mean())
    deviation = _deviation([100.0 * float(one.mean()) for one in each])
    return LungAreas(Value(share, max(floor, deviation)), (zones[0], zones[1], zones[2]))


def is_cut(mask: NDArray[np.bool_]) -> bool:
    """Whether a mask ``[row, column]`` runs along the film's border, so that a part may be missing.

    A corner that just touches it does not count.
    """
    if not mask.any():
        return False
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    tall, wide = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    along = max(mask[0].sum() / wide, mask[-1].sum() / wide)
    beside = max(mask[:, 0].sum() / tall, mask[:, -1].sum() / tall)
    return bool(max(along, beside) > CUT_SHARE)


def zone_shares(mask: NDArray[np.bool_]) -> tuple[float, float, float]:
    """What percent of a mask ``[row, column]`` lies in each third of its height, top first.

    A row that a border cuts counts with its parts.
    """
    counts = mask.sum(axis=1, dtype=np.float64)
    rows = np.flatnonzero(counts)
    if not rows.size:
        return 0.0, 0.0, 0.0
    inside = counts[rows[0] : rows[-1] + 1]
    summed = np.concatenate([[0.0], np.cumsum(inside)])
    borders = np.interp(np.array([1, 2]) * len(inside) / 3, np.arange(len(inside) + 1), summed)
    parts = np.diff([0.0, *borders, summed[-1]]) * 100.0 / summed[-1]
    return float(parts[0]), float(parts[1]), float(parts[2])


def right_share(
    right: NDArray[np.bool_],
    left: NDArray[np.bool_],
    passes: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    floor: float = 0.05,
) -> Value:
    """The right lung's area in percent of both; ``passes`` are right and left of every pass."""
    spread = [
        100.0 * float(one.sum()) / float(one.sum() + two.sum())
        for one, two in zip(*passes, strict=True)
        if one.any() and two.any()
    ]
    share = 100.0 * float(right.sum()) / float(right.sum() + left.sum())
    return Value(share, max(floor, _deviation(spread)))


def _deviation(values: list[float]) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
