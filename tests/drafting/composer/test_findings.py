"""What is measured and marked becomes sentences that go no further than it does."""

from dataclasses import replace

import pytest

from medmm.drafting.composer import Composer
from medmm.nouns import Applicability, Case, Code, ExpertResult, Finding, Region, Statement
from tests.drafting.builders import (
    APPLIES,
    EFFUSION,
    NODULE,
    PNEUMOTHORAX,
    axes,
    case,
    lung,
    lungs_result,
    measured,
    nodule,
    nodules_result,
    series,
    study,
    texts,
)

KEY = "1.2.3.2"
PNEUMONIA = Code("SCT", "233604007", "Pneumonia")


def findings(of: Case) -> list[str]:
    return texts(Composer().write(of), "Findings")


def said(of: Case, word: str) -> Statement:
    (one,) = [one for one in Composer().write(of) if word in one.text and one.section == "Findings"]
    return one


def result(name: str = "third", **more: object) -> ExpertResult:
    return replace(ExpertResult(name, "1.0", APPLIES), **more)  # type: ignore[arg-type]


def test_each_lung_has_one_sentence_with_all_that_was_measured_on_it() -> None:
    one = said(case(lungs_result()), "The right lung")
    assert one.text == (
        "The right lung measures 2.35 L; its mean attenuation is -823 HU and its emphysema index "
        "3.2%."
    )
    assert one.state == "measured"
    assert [(evidence.kind, evidence.ref) for evidence in one.evidence] == [
        ("measurement", "m1"), ("measurement", "m2"), ("measurement", "m3"),
    ]  # fmt: skip


def test_right_comes_before_left_whatever_the_expert_did() -> None:
    whole = lungs_result()
    turned = replace(whole, regions=whole.regions[::-1])
    assert findings(case(turned))[0].startswith("The right lung")


def test_a_side_comes_from_the_laterality_and_not_from_the_label() -> None:
    wrong = lung("r1", label="right lung", laterality="left")
    unknown = lung("r1", label="right lung", laterality=None)
    volume = (measured("m1", "volume", 2352, "mL", "r1", 14.0),)
    assert findings(case(result(regions=(wrong,), measurements=volume)))[0] == (
        "The left lung measures 2.35 L."
    )
    assert findings(case(result(regions=(unknown,), measurements=volume)))[0] == (
        "The lung measures 2.35 L."
    )


def test_a_side_that_belongs_to_a_name_stays() -> None:
    ventricle = Region("r1", "left ventricle", "mask", KEY, KEY)
    measurements = (measured("m1", "volume", 120, "mL", "r1", 2.0),)
    assert findings(case(result(regions=(ventricle,), measurements=measurements)))[0] == (
        "The left ventricle measures 120 mL."
    )


def test_what_the_tables_do_not_know_is_said_all_the_same() -> None:
    liver = Region("r1", "liver", "mask", KEY, KEY)
    cysts = tuple(Region(f"r{n}", "liver cyst", "box", KEY, KEY) for n in (2, 3))
    own = result(
        regions=(liver, *cysts),
        measurements=(
            measured("m1", "fat fraction", 12.34, "%", "r1", 0.5),
            measured("m2", "stiffness", 3.217, "kPa", "r1"),
            measured("m3", "long axis", 23, "mm", "r2", 1.2),
            measured("m4", "body volume", 71234, "mL", None, 300.0),
        ),
        findings=(Finding("f1", Code("X", "1", "Hepatic steatosis"), "present", "third"),),
    )
    assert findings(case(own))[:5] == [
        "The fat fraction of the liver is 12.3%; its stiffness is 3.22 kPa.",
        "The long axis of the liver cyst 1 is 23 mm.",
        "The liver cyst 2 was outlined but not measured.",
        "The body volume is 71.2 L.",
        "Hepatic steatosis is marked.",
    ]


def test_one_structure_on_two_series_is_told_apart_by_series() -> None:
    own = study(series(2), series(3, start_z=400.0))
    other = lung("r2", series_uid="1.2.3.3", series_key="1.2.3.3")
    both = result(
        regions=(lung("r1"), other),
        measurements=(
            measured("m1", "volume", 2352, "mL", "r1", 14.0),
            measured("m2", "volume", 2340, "mL", "r2", 14.0),
        ),
    )
    assert findings(case(both, of=own))[:2] == [
        "The right lung on series 2 measures 2.35 L.",
        "The right lung on series 3 measures 2.34 L.",
    ]


def test_doubtful_figures_are_said_as_doubtful_apart_from_the_sure_ones() -> None:
    own = result(
        regions=(lung("r1"),),
        measurements=(
            measured("m1", "volume", 2352, "mL", "r1", 14.0),
            measured("m2", "emphysema index", 3.2, "%", "r1", 0.3, doubtful=True),
        ),
    )
    assert findings(case(own))[:2] == [
        "The right lung measures 2.35 L.",
        "The emphysema index of the right lung is 3.2%, which is doubtful.",
    ]


def test_all_figures_of_a_doubtful_region_are_doubtful() -> None:
    own = lungs_result(regions=(lung("r1", doubtful=True), lung("r2", "left")))
    first, second, *_ = findings(case(own))
    assert first.endswith("; these figures are doubtful.")
    assert "doubtful" not in second


def test_a_nodule_has_side_third_slice_axes_and_volume() -> None:
    one = said(case(lungs_result(), nodules_result()), "marks a nodule")
    assert one.text == (
        "A demonstrator method marks a nodule in the upper third of the right lung (slice 45), "
        "16.8 × 11.6 mm, volume 1.4 mL."
    )
    assert [evidence.ref for evidence in one.evidence] == ["f11", "m13", "m11", "m12"]


@pytest.mark.parametrize(
    ("index", "third"),
    [(12, "lower"), (22, "lower"), (24, "middle"), (35, "middle"), (37, "upper"), (49, "upper")],
)
def test_the_third_is_that_of_the_lungs_own_height(index: int, third: str) -> None:
    own = nodules_result(regions=(nodule("r11", "right", index),))
    assert f"in the {third} third of the right lung (slice {index + 1})" in " ".join(
        findings(case(lungs_result(), own))
    )


def test_without_the_lungs_outline_only_the_side_is_said() -> None:
    assert "marks a nodule in the right lung (slice 45)" in findings(case(nodules_result()))[0]


def test_without_a_side_no_side_is_said() -> None:
    own = nodules_result(regions=(nodule("r11", laterality=None),))
    text = said(case(lungs_result(), own), "marks a nodule").text
    assert "right" not in text
    assert "left" not in text
    assert "on slice 45" in text


def test_many_marks_share_a_sentence_after_the_first_six_and_none_is_lost() -> None:
    sizes = [(16.8, 11.6), (9.1, 7.0), (8.2, 6.3), (6.4, 5.1), (5.3, 4.2)]
    sizes += [(5.2, 4.1), (5.1, 4.4), (4.8, 3.9)]
    lines = findings(case(lungs_result(), nodules_result(*sizes)))
    marks = [line for line in lines if line.startswith("A demonstrator method")]
    assert len(marks) == 7
    assert all("mm" in line for line in marks)
    for long, short in sizes:
        assert f"{long} × {short} mm" in " ".join(marks)


def test_the_demonstrators_caveat_is_said_once() -> None:
    lines = findings(case(lungs_result(), nodules_result((16.8, 11.6), (9.1, 7.0))))
    assert sum("demonstrator without clinical figures" in line for line in lines) == 1


def test_a_calibrated_probability_has_a_word_and_an_uncalibrated_one_has_none() -> None:
    calibrated = Finding("f1", PNEUMONIA, "present", "cxr", 0.78, calibrated=True)
    lines = findings(case(result("cxr", findings=(calibrated,))))
    assert lines[0] == "Pneumonia is probable (probability 78%)."
    raw = replace(calibrated, calibrated=False)
    lines = findings(case(result("cxr", findings=(raw,))))
    assert lines[0] == "An uncalibrated method marks pneumonia."
    assert not any("78" in line for line in lines)


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (1.0, "very likely"), (0.9, "very likely"), (0.89, "probable"), (0.625, "probable"),
        (0.5, "possible"), (0.375, "possible"), (0.2, "less likely"), (0.05, "unlikely"),
        (0.0, "unlikely"),
    ],
)  # fmt: skip
def test_the_certainty_scale(probability: float, words: str) -> None:
    one = Finding("f1", PNEUMONIA, "present", "cxr", probability, calibrated=True)
    assert findings(case(result("cxr", findings=(one,))))[0].startswith(f"Pneumonia is {words} (")


def test_uncertain_is_possible() -> None:
    one = Finding("f1", EFFUSION, "uncertain", "third")
    assert findings(case(result(findings=(one,))))[0] == "Pleural effusion is possible."


def test_a_negative_needs_an_expert_that_says_absent() -> None:
    absent = Finding("f1", PNEUMOTHORAX, "absent", "third")
    assert findings(case(result(findings=(absent,))))[0] == "No pneumothorax."
    for of in (case(lungs_result()), case(lungs_result(), nodules_result()), case()):
        assert not any(line.startswith("No ") for line in findings(of))


def test_a_negative_of_a_limited_look_is_limited() -> None:
    absent = Finding("f1", PNEUMOTHORAX, "absent", "third")
    partial = result(findings=(absent,), notes=("The apices are cut off.",))
    assert findings(case(partial))[0] == "No pneumothorax, as far as it could be assessed."
    doubtful = result(findings=(absent,), applicability=Applicability("doubtful", "Few slices."))
    assert "as far as it could be assessed" in findings(case(doubtful))[0]


def test_a_demonstrators_negative_is_its_own() -> None:
    absent = Finding("f1", NODULE, "absent", "ct_nodule", demonstrator=True)
    assert findings(case(result(findings=(absent,))))[0] == (
        "A demonstrator method marks no lung nodule."
    )


def test_a_doubtful_mark_says_so() -> None:
    own = nodules_result(regions=(nodule("r11", doubtful=True),))
    assert said(case(own), "marks a nodule").text.endswith("; this mark is doubtful.")


def test_one_finding_with_several_places_has_a_sentence_for_each() -> None:
    one = Finding("f1", NODULE, "present", "x", regions=("r1", "r2"), demonstrator=True)
    own = result(
        findings=(one,),
        regions=(nodule("r1"), nodule("r2", "left", 20)),
        measurements=axes(1, "r1", 9.0, 7.0) + axes(4, "r2", 6.0, 5.0),
    )
    marks = [line for line in findings(case(own)) if "marks" in line]
    assert ["right lung" in marks[0], "9.0 × 7.0" in marks[0]] == [True, True]
    assert ["left lung" in marks[1], "6.0 × 5.0" in marks[1]] == [True, True]
