"""Intervals are by patient, and known cases come out as the textbooks have them."""

import numpy as np
import pytest

from expert_models.training.intervals import by_patient, fifth, mean, wilson


def test_wilsons_interval_has_the_textbook_values():
    assert wilson(8, 10) == pytest.approx((0.490, 0.943), abs=0.001)
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(5, 5)[1] == pytest.approx(1.0)


def test_films_of_one_patient_count_as_one_piece_of_evidence():
    draw = np.random.default_rng(0)
    person = draw.normal(0.95, 0.02, 20)
    values = np.repeat(person, 10)
    alone = by_patient(list(values), list(range(200)), mean)
    together = by_patient(list(values), list(np.repeat(np.arange(20), 10)), mean)
    assert together[1] - together[0] > 2 * (alone[1] - alone[0])


def test_an_interval_holds_the_figure_itself():
    values = list(np.random.default_rng(1).uniform(0.9, 1.0, 60))
    for statistic in (mean, fifth):
        low, high = by_patient(values, list(range(60)), statistic)
        assert low <= statistic(np.asarray(values)) <= high
