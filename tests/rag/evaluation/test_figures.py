"""Figures of rankings against values worked out by hand."""

import math

import pytest

from rag.evaluation.figures import hit, mean_figure, ndcg, recall, reciprocal_rank


def test_ndcg_of_the_best_order_is_one_and_of_no_answer_nothing() -> None:
    assert ndcg(["a", "b", "c"], {"a": 2, "b": 1}, 10) == pytest.approx(1.0)
    assert ndcg(["x", "y"], {"a": 1}, 10) == 0.0
    assert ndcg(["a"], {}, 10) == 0.0


def test_ndcg_discounts_by_rank_and_weighs_by_grade() -> None:
    gained = 1 / math.log2(2) + 2 / math.log2(4)
    ideal = 2 / math.log2(2) + 1 / math.log2(3)
    assert ndcg(["b", "x", "a"], {"a": 2, "b": 1}, 10) == pytest.approx(gained / ideal)


def test_ndcg_sees_only_the_first_k() -> None:
    assert ndcg(["x", "a"], {"a": 1}, 1) == 0.0
    many = {str(number): 1 for number in range(20)}
    assert ndcg([str(number) for number in range(10)], many, 10) == pytest.approx(1.0)


def test_recall_hit_and_reciprocal_rank() -> None:
    ranking, grades = ["x", "a", "y", "b"], {"a": 1, "b": 1, "c": 1}
    assert recall(ranking, grades, 4) == pytest.approx(2 / 3)
    assert recall(ranking, grades, 2) == pytest.approx(1 / 3)
    assert reciprocal_rank(ranking, grades, 10) == 0.5
    assert reciprocal_rank(ranking, grades, 1) == 0.0
    assert (hit(ranking, grades, 1), hit(ranking, grades, 2)) == (0.0, 1.0)


def test_an_interval_holds_the_mean_and_narrows_with_more_questions() -> None:
    few, many = mean_figure([0.0, 1.0] * 10), mean_figure([0.0, 1.0] * 1000)
    assert few.low < 0.5 < few.high
    assert many.high - many.low < few.high - few.low
    assert (few.value, few.n) == (0.5, 20)
    assert mean_figure([0.0, 1.0] * 10) == few


def test_no_question_has_no_figure() -> None:
    assert mean_figure([]).n == 0
