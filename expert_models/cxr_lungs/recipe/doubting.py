"""Fitting the doubt: estimated Dice from features, and the border under which a lung is doubted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from expert_models.cxr_lungs.doubt import DoubtModel
from expert_models.cxr_lungs.recipe.measuring import Outcome

RIDGE = 3.0
BAD = 0.85
CAUGHT = 0.8
"""The share of bad lungs that the border is set to catch on the films it is fitted on.

Films as they are alone set it: spoiled ones fail worse, and a border that catches those lets
through what goes wrong on real films.
"""


def fit(outcomes: Sequence[Outcome]) -> DoubtModel:
    """A ridge regression of log(1 - Dice), each lung one row; spoiled films take part.

    Rows are weighed so that bad lungs, which are few, count as much as all good ones.
    """
    features = np.concatenate([one.features for one in outcomes])
    truth = np.concatenate([one.dice for one in outcomes])
    means, scales = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-6)
    place = np.clip((features - means) / scales, -4, 4)
    rows = np.column_stack([place, np.ones(len(place))])
    wanted = np.log(np.clip(1 - truth, 0.005, 1.0))
    bad = truth < BAD
    weigh = np.where(bad, (~bad).sum() / max(1, 2 * bad.sum()), 1.0)
    weights = _monotone(rows, wanted, weigh)
    model = DoubtModel(_plain(means), _plain(scales), _plain(weights), 0.0)
    return replace(
        model, doubted_below=_border(model, [one for one in outcomes if not one.spoiled])
    )


def _plain(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _monotone(
    rows: NDArray[np.float64], wanted: NDArray[np.float64], weigh: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Weights that are not negative: no sign of trouble may ever make a lung look surer."""
    from scipy.optimize import lsq_linear

    count = rows.shape[1]
    ridge = np.sqrt(RIDGE) * np.eye(count)[:-1]
    root = np.sqrt(weigh)
    low = np.array([0.0] * (count - 1) + [-np.inf])
    solved = lsq_linear(
        np.vstack([rows * root[:, None], ridge]),
        np.concatenate([wanted * root, np.zeros(count - 1)]),
        bounds=(low, np.inf),
    )
    return np.asarray(solved.x, dtype=np.float64)


def _border(model: DoubtModel, real: Sequence[Outcome]) -> float:
    bad = [
        model.dice(row)
        for one in real
        for row, dice in zip(one.features, one.dice, strict=True)
        if dice < BAD
    ]
    return float(np.quantile(bad, CAUGHT)) if bad else BAD


@dataclass(frozen=True, slots=True)
class Curve:
    """Lungs from the surest on: ``coverage`` taken so far, ``risk`` their mean 1 - Dice, worst."""

    coverage: tuple[float, ...]
    risk: tuple[float, ...]
    worst: tuple[float, ...]

    @property
    def surest_half(self) -> float:
        """The lowest Dice among the half that it is surest of."""
        return self.worst[(len(self.worst) + 1) // 2 - 1]


def risk_coverage(guesses: Sequence[float], truth: Sequence[float]) -> Curve:
    """The curve over lungs, surest first."""
    order = np.argsort(-np.asarray(guesses), kind="stable")
    real = np.asarray(truth)[order]
    count = np.arange(1, len(real) + 1)
    return Curve(
        tuple((count / len(real)).tolist()),
        tuple((np.cumsum(1 - real) / count).tolist()),
        tuple(np.minimum.accumulate(real).tolist()),
    )
