"""Changes against a prior study in words."""

from dataclasses import replace

from medmm.drafting.composer import Composer
from medmm.nouns import Case, Prior
from tests.drafting.builders import case, lungs_result, nodules_result, prior, study, texts

MEASURED = (
    "The right lung and the left lung were measured; no diagnosis is drawn from the measurements."
)


def lines(of: Case, section: str = "Findings") -> list[str]:
    return texts(Composer().write(of), section)


def test_a_sure_change_has_old_value_new_value_percent_and_interval() -> None:
    of = case(lungs_result(), prior=prior(left=2410.0))
    assert (
        "The volume of the left lung has decreased from 2.41 L to 2.06 L (-14.6%) in 6 months, "
        "which is more than the uncertainty of the two measurements."
    ) in lines(of)
    assert "The volume of the left lung has decreased by 14.6% in 6 months." in lines(
        of, "Impression"
    )


def test_a_change_rests_on_both_measurements() -> None:
    of = case(lungs_result(), prior=prior(left=2410.0))
    one = next(one for one in Composer().write(of) if "has decreased" in one.text)
    assert [(e.kind, e.ref) for e in one.evidence] == [("measurement", "m4"), ("prior", "m4")]


def test_what_did_not_change_shares_one_sentence_and_is_no_impression() -> None:
    of = case(lungs_result(), prior=prior(right=2345.0, left=2058.0))
    (one,) = [line for line in lines(of) if line.startswith("Unchanged")]
    assert "the volume of the right lung (2.35 L)" in one
    assert "the volume of the left lung (2.06 L)" in one
    assert not any("increased" in line or "decreased" in line for line in lines(of))
    assert lines(of, "Impression") == [MEASURED]


def test_within_the_uncertainty_both_values_are_given_where_they_differ() -> None:
    of = case(lungs_result(), prior=prior(right=2364.0, left=2058.0))
    assert "the volume of the right lung (2.36 L before, 2.35 L now)" in " ".join(lines(of))


def test_an_unknown_uncertainty_is_no_verdict() -> None:
    known = prior(right=1000.0)
    bare = tuple(replace(one, uncertainty=None) for one in known.measurements)
    text = " ".join(lines(case(lungs_result(), prior=replace(known, measurements=bare))))
    assert (
        "because the uncertainty is not known: the volume of the right lung (1.00 L before" in text
    )
    assert "increased" not in text
    assert "Unchanged" not in text


def test_another_method_is_no_verdict() -> None:
    known = prior(right=1000.0)
    other = tuple(replace(one, expert="someone") for one in known.measurements)
    text = " ".join(lines(case(lungs_result(), prior=replace(known, measurements=other))))
    assert "measured by different methods: the volume of the right lung" in text
    assert "increased" not in text


def test_one_nodule_then_and_now_is_not_called_the_same() -> None:
    text = " ".join(lines(case(lungs_result(), nodules_result(), prior=prior(nodules=1))))
    assert "In the prior study a nodule was marked, 12.0 × 9.0 mm" in text
    assert "it was not matched with the present one" in text


def test_several_nodules_are_not_matched() -> None:
    text = " ".join(lines(case(lungs_result(), nodules_result(), prior=prior(nodules=2))))
    assert "Nodules were not matched between the two studies." in text
    assert "has increased" not in text.split("Nodules were not matched")[0].split("nodule")[0]


def test_nothing_in_common_is_said() -> None:
    empty = Prior(study(date="2025-09-10", uid="1.2.9"))
    assert "Nothing was measured in both studies, so no change can be given." in lines(
        case(lungs_result(), prior=empty)
    )
