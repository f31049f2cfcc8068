"""How sure a figure is: intervals by patient, for films of one patient are no separate evidence."""

from collections.abc import Callable, Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

Statistic = Callable[[NDArray[np.float64]], float]
ROUNDS = 2000


def by_patient(
    values: Sequence[float],
    patients: Sequence[Hashable],
    statistic: Statistic,
    *,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[float, float]:
    """Percentile bootstrap interval: whole patients are drawn with replacement."""
    groups: dict[Hashable, list[float]] = {}
    for value, patient in zip(values, patients, strict=True):
        groups.setdefault(patient, []).append(value)
    held = [np.asarray(group) for group in groups.values()]
    draw = np.random.default_rng(seed)
    drawn = [
        statistic(
            np.concatenate([held[place] for place in draw.integers(len(held), size=len(held))])
        )
        for _ in range(ROUNDS)
    ]
    tail = (1 - level) / 2
    low, high = np.quantile(drawn, (tail, 1 - tail))
    return float(low), float(high)


def wilson(hits: int, count: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's interval of a share (JASA 1927;22:209-212)."""
    if not count:
        return 0.0, 1.0
    share = hits / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = (
        z
        / (1 + z * z / count)
        * float(np.sqrt(share * (1 - share) / count + z * z / (4 * count * count)))
    )
    return max(0.0, middle - half), min(1.0, middle + half)


def mean(values: NDArray[np.float64]) -> float:
    """The mean."""
    return float(values.mean())


def fifth(values: NDArray[np.float64]) -> float:
    """The 5th percentile."""
    return float(np.quantile(values, 0.05))
