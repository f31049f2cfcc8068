"""Figures of rankings, each a mean over questions with a 95 % interval by resampling them.

nDCG as Järvelin and Kekäläinen 2002 (doi:10.1145/582415.582418) with the grade as gain and log2
discount, as trec_eval's ndcg_cut; MRR counts the first answer within the first ten.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
SEED = 0

Ranking = Sequence[str]
Grades = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over ``n`` questions with its 95 % interval."""

    value: float
    low: float
    high: float
    n: int


def ndcg(ranking: Ranking, grades: Grades, k: int) -> float:
    """How near the first ``k`` are to the best order of the answers, 0 to 1."""
    gained = sum(grades.get(one, 0) * _discount(place) for place, one in enumerate(ranking[:k]))
    ideal = sorted(grades.values(), reverse=True)[:k]
    most = sum(grade * _discount(place) for place, grade in enumerate(ideal))
    return gained / most if most else 0.0


def recall(ranking: Ranking, grades: Grades, k: int) -> float:
    """The share of the answers among the first ``k``."""
    return len(set(ranking[:k]) & grades.keys()) / len(grades) if grades else 0.0


def reciprocal_rank(ranking: Ranking, grades: Grades, k: int) -> float:
    """One over the rank of the first answer within ``k``, 0 where there is none."""
    return next((1 / rank for rank, one in enumerate(ranking[:k], 1) if one in grades), 0.0)


def hit(ranking: Ranking, grades: Grades, k: int) -> float:
    """1 where an answer is among the first ``k``."""
    return float(any(one in grades for one in ranking[:k]))


MEASURES: dict[str, Callable[[Ranking, Grades], float]] = {
    "nDCG@10": lambda ranking, grades: ndcg(ranking, grades, 10),
    "recall@10": lambda ranking, grades: recall(ranking, grades, 10),
    "recall@100": lambda ranking, grades: recall(ranking, grades, 100),
    "MRR@10": lambda ranking, grades: reciprocal_rank(ranking, grades, 10),
    "hit@1": lambda ranking, grades: hit(ranking, grades, 1),
    "hit@3": lambda ranking, grades: hit(ranking, grades, 3),
    "hit@10": lambda ranking, grades: hit(ranking, grades, 10),
}


def _discount(place: int) -> float:
    return float(1 / np.log2(place + 2))


def mean_figure(values: Sequence[float]) -> Figure:
    """The mean and its percentile interval over `RESAMPLES` resamples of the questions."""
    held: NDArray[np.float64] = np.asarray(values, np.float64)
    if not len(held):
        return Figure(float("nan"), float("nan"), float("nan"), 0)
    drawn = np.random.default_rng(SEED).integers(0, len(held), (RESAMPLES, len(held)))
    low, high = np.percentile(held[drawn].mean(axis=1), (2.5, 97.5))
    return Figure(float(held.mean()), float(low), float(high), len(held))
