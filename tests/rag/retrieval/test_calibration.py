"""The cut's rules hold their bound on questions that they were not chosen on."""

import math
from pathlib import Path

import numpy as np
import pytest

from medmm.errors import InputError
from rag.retrieval.calibration import (
    EVERYWHERE,
    FILE,
    GAPS,
    Labelled,
    calibrate,
    kept_labels,
    p_value,
    read_rules,
    to_toml,
)


def questions(n: int, seed: int, domain: str = "chest-ct", overlap: float = 0.12) -> list[Labelled]:
    """Right passages score 0.6 on average, others 0.45; a quarter has no right one."""
    drawn = np.random.default_rng(seed)
    made = []
    for _ in range(n):
        answerable = bool(drawn.random() < 0.75)
        labels = [answerable and place == 0 for place in range(6)]
        scores = [float(drawn.normal(0.6 if right else 0.45, overlap)) for right in labels]
        made.append(
            Labelled(
                domain,
                tuple((score, 50, right) for score, right in zip(scores, labels, strict=True)),
                answerable,
            )
        )
    return made


def risk(some: list[Labelled], rule: object) -> float:
    kept = [kept_labels(one, rule) for one in some]  # type: ignore[arg-type]
    return float(np.mean([1 - sum(one) / len(one) if one else 0.0 for one in kept]))


def test_the_bound_holds_on_new_questions_as_often_as_it_promises() -> None:
    exceeded = 0
    fresh = questions(1500, 999)
    for seed in range(20):
        chosen = calibrate(questions(60, seed), alpha=0.3, delta=0.1)["chest-ct"]
        assert chosen.bounded
        exceeded += risk(fresh, chosen.rule) > 0.3
    assert exceeded <= 4  # of 20 with delta 0.1: five or more has a chance of 4 %


@pytest.mark.parametrize("delta", [0.02, 0.1, 0.3])
def test_each_gap_spends_its_share_of_delta_and_no_more(delta: float) -> None:
    for seed in range(4):
        chosen = calibrate(questions(60, seed), alpha=0.3, delta=delta)["chest-ct"]
        assert p_value(chosen.risk, chosen.n, 0.3) <= delta / len(GAPS)


def test_a_stricter_alpha_keeps_less_and_errs_less() -> None:
    some = questions(200, 1)
    mild, strict = (calibrate(some, alpha=alpha)["chest-ct"] for alpha in (0.4, 0.15))
    assert strict.rule.minimum > mild.rule.minimum
    assert strict.risk < mild.risk
    assert strict.found < mild.found


def test_too_few_questions_are_told_and_use_the_lowest_score_of_all_domains() -> None:
    rules = calibrate([*questions(100, 1), *questions(8, 2, "ultrasound")], alpha=0.3)
    few = rules["ultrasound"]
    assert not few.bounded
    assert few.rule.minimum == rules[EVERYWHERE].rule.minimum
    assert math.isinf(few.rule.gap)
    assert "no bound holds with n=8, alpha=0.3, delta=0.1" in few.told


def test_where_no_rule_holds_only_the_strictest_score_passes() -> None:
    hopeless = questions(40, 3)
    mixed = [
        Labelled(one.domain, tuple((0.99, 50, False) for _ in one.candidates), True)
        for one in hopeless
    ]
    rules = calibrate(mixed, alpha=0.05)
    assert not rules[EVERYWHERE].bounded
    assert rules["chest-ct"].rule.minimum >= 0.95


def test_the_bound_is_printed_with_its_figures() -> None:
    chosen = calibrate(questions(60, 4), alpha=0.3, delta=0.1)["chest-ct"]
    assert "confidence 90% at most 30%" in chosen.told
    assert "n=60, alpha=0.3, delta=0.1" in chosen.told


@pytest.mark.parametrize(("alpha", "delta"), [(0, 0.1), (1, 0.1), (0.3, 0), (0.3, 1.2)])
def test_levels_that_are_no_shares_are_refused(alpha: float, delta: float) -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        calibrate(questions(30, 1), alpha=alpha, delta=delta)


def test_p_values_are_those_of_the_published_bound() -> None:
    """Hoeffding's and Bentkus's terms worked out by hand for a risk of 0 and of 0.1."""
    assert p_value(0.0, 50, 0.1) == pytest.approx(min(0.9**50, math.e * 0.9**50))
    hoeffding = math.exp(-100 * (0.1 * math.log(0.1 / 0.3) + 0.9 * math.log(0.9 / 0.7)))
    assert p_value(0.1, 100, 0.3) <= hoeffding
    assert p_value(0.3, 100, 0.3) == 1.0
    assert p_value(0.0, 0, 0.3) == 1.0


def test_rules_are_read_as_they_were_written(tmp_path: Path) -> None:
    rules = calibrate([*questions(60, 5), *questions(8, 2, "ultrasound")])
    (tmp_path / FILE).write_text(to_toml(rules, "hashed@1", "made, tuning"))
    read = read_rules(tmp_path)
    assert read.embedder == "hashed@1"
    for domain, one in rules.items():
        back = read.by_domain[domain]
        assert (back.rule, back.n, back.bounded) == (one.rule, one.n, one.bounded)
        assert back.risk == pytest.approx(one.risk, abs=1e-4)


def test_scores_of_another_embedder_are_not_judged_by_these_rules() -> None:
    rules = read_rules()
    assert rules.of(("chest-ct",), rules.embedder).bounded
    assert rules.of(("nowhere",), rules.embedder) == rules.by_domain[EVERYWHERE]
    other = rules.of(("chest-ct",), "other@1")
    assert not other.bounded
    assert other.rule.minimum >= 0.95


def test_rules_of_a_home_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("embedder = 3")
    with pytest.raises(InputError, match=r"calibration\.toml cannot be used"):
        read_rules(tmp_path)
