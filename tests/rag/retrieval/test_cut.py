"""The cut keeps the beginning of a ranking that is good enough, and says why of every candidate."""

import math
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.retrieval.cut import Candidate, CutRule, Decision, cut

SCORES = st.floats(min_value=-1, max_value=1) | st.just(math.nan)
CANDIDATES = st.lists(st.tuples(SCORES, st.integers(0, 300)), max_size=12).map(
    lambda pairs: [Candidate(place, score, tokens) for place, (score, tokens) in enumerate(pairs)]
)
RULES = st.builds(
    CutRule,
    minimum=st.floats(-1, 1),
    distance=st.floats(0, 2),
    gap=st.floats(0, 1) | st.just(math.inf),
    most=st.integers(1, 12),
    tokens=st.integers(0, 2000),
)


def scored(*scores: float) -> list[Candidate]:
    return [Candidate(place, score) for place, score in enumerate(scores)]


def kept(decisions: list[Decision]) -> list[int]:
    return [one.candidate.id for one in decisions if one.kept]


def reasons(decisions: list[Decision]) -> list[str]:
    return [one.reason for one in decisions]


def test_nothing_to_choose_from_is_nothing_kept() -> None:
    assert cut([], CutRule(0.5)) == []


def test_none_good_enough_is_an_answer() -> None:
    assert reasons(cut(scored(0.4, 0.3), CutRule(0.5))) == ["below_min", "below_min"]


def test_one_item_is_kept_on_its_own_score_alone() -> None:
    assert kept(cut(scored(0.51), CutRule(0.5, gap=0.0))) == [0]
    assert kept(cut(scored(0.49), CutRule(0.5, gap=0.0))) == []


def test_all_equal_are_kept_up_to_the_cap_in_the_order_of_their_ids() -> None:
    decided = cut(list(reversed(scored(*[0.7] * 5))), CutRule(0.5, gap=0.01, most=3))
    assert kept(decided) == [0, 1, 2]
    assert reasons(decided) == ["kept", "kept", "kept", "cap", "cap"]


def test_negative_scores_never_pass_as_near_the_best() -> None:
    """As coded, MMed-RAG's ratio of the best to a negative score lets it through."""
    assert reasons(cut(scored(0.8, -0.2, -0.9), CutRule(0.1, distance=2.0))) == [
        "kept", "below_min", "below_min",
    ]  # fmt: skip
    assert kept(cut(scored(-0.2, -0.3), CutRule(-1.0, gap=0.01))) == [0, 1]


def test_no_number_is_never_kept_and_steps_between_no_others() -> None:
    decided = cut(scored(math.nan, 0.9, 0.88), CutRule(0.5, gap=0.05))
    assert kept(decided) == [1, 2]
    assert decided[-1].reason == "not_a_number"


def test_the_first_large_fall_ends_it_even_at_the_first_place() -> None:
    decided = cut(scored(0.9, 0.6, 0.59), CutRule(0.5, distance=1.0, gap=0.2))
    assert reasons(decided) == ["kept", "gap", "gap"]
    assert "0.90 to 0.60" in decided[1].told


def test_a_fall_after_the_cap_changes_nothing() -> None:
    rule = CutRule(0.1, distance=1.0, gap=0.2, most=2)
    assert reasons(cut(scored(0.9, 0.88, 0.5), rule)) == ["kept", "kept", "gap"]
    assert reasons(cut(scored(0.9, 0.88, 0.87), rule)) == ["kept", "kept", "cap"]


def test_what_lies_too_far_below_the_best_goes() -> None:
    assert reasons(cut(scored(0.9, 0.8, 0.55), CutRule(0.1, distance=0.3))) == [
        "kept", "kept", "distance",
    ]  # fmt: skip


def test_the_budget_of_tokens_ends_it() -> None:
    some = [Candidate(0, 0.9, 300), Candidate(1, 0.89, 400), Candidate(2, 0.88, 10)]
    assert reasons(cut(some, CutRule(0.1, tokens=600))) == ["kept", "budget", "budget"]


def test_the_same_text_is_quoted_once_and_is_no_step() -> None:
    some = [Candidate(0, 0.9, same="a"), Candidate(1, 0.9, same="a"), Candidate(2, 0.89, same="b")]
    assert reasons(cut(some, CutRule(0.1, most=2))) == ["kept", "duplicate", "kept"]


@pytest.mark.parametrize("reason", ["same_patient", "patient_claim", "instruction"])
def test_what_is_barred_is_not_kept_and_is_not_the_best_that_others_are_measured_by(
    reason: str,
) -> None:
    some = [Candidate(0, 0.99, barred=reason), Candidate(1, 0.6), Candidate(2, 0.59)]  # type: ignore[arg-type]
    decided = cut(some, CutRule(0.5, distance=0.2, gap=0.1))
    assert kept(decided) == [1, 2]
    assert decided[0].reason == reason


def test_the_order_they_are_given_in_does_not_matter() -> None:
    some = scored(0.9, 0.9, math.nan, 0.7, -0.5)
    rule = CutRule(0.2, gap=0.3)
    assert len({tuple(reasons(cut(list(order), rule))) for order in permutations(some)}) == 1


@given(CANDIDATES, RULES)
def test_what_is_kept_is_a_beginning_of_the_ranking(
    candidates: list[Candidate], rule: CutRule
) -> None:
    decided = cut(candidates, rule)
    assert sorted(one.candidate.id for one in decided) == list(range(len(candidates)))
    flags = [one.kept for one in decided if one.reason != "not_a_number"]
    assert flags == sorted(flags, reverse=True)
    assert all(one.candidate.score >= rule.minimum for one in decided if one.kept)
    assert sum(flags) <= rule.most
    assert all(one.told for one in decided)


@given(CANDIDATES, RULES, st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_milder_rule_never_drops_anything(
    candidates: list[Candidate], rule: CutRule, gap: float, distance: float, lower: float
) -> None:
    milder = CutRule(
        rule.minimum - lower, rule.distance + distance, rule.gap + gap, rule.most, rule.tokens
    )
    assert set(kept(cut(candidates, rule))) <= set(kept(cut(candidates, milder)))
