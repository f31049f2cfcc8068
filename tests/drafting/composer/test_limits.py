"""What a draft cannot say is said once, plainly."""

from dataclasses import replace

import pytest

from medmm.drafting.composer import Composer
from medmm.nouns import Applicability, Case, ExpertResult
from tests.drafting.builders import (
    APPLIES,
    case,
    lungs_result,
    measured,
    nodules_result,
    not_run,
    series,
    study,
    texts,
)


def findings(of: Case) -> list[str]:
    return texts(Composer().write(of), "Findings")


def test_what_was_not_assessed_is_one_sentence_of_the_template_less_what_was() -> None:
    lines = findings(case(lungs_result(), nodules_result()))
    said = [line for line in lines if "not assessed" in line]
    assert said == [
        (
            "Lung opacities, the airways, the pleura, the mediastinum, the lymph nodes, the heart, "
            "the great vessels, the chest wall, the bones and the upper abdomen were not assessed."
        ),
    ]


def test_one_lung_that_was_not_assessed_is_named() -> None:
    right = lungs_result(
        regions=lungs_result().regions[:1],
        measurements=lungs_result().measurements[:3],
        assessed=("right lung",),
    )
    (said,) = [line for line in findings(case(right)) if "not assessed" in line]
    assert said.startswith("The left lung, lung nodules,")


def test_a_study_to_which_nothing_applies_is_still_described() -> None:
    reason = "It is MR, not CT."
    runs = (not_run("ct_lungs", reason), not_run("ct_nodule", reason))
    statements = Composer().write(Case(study(series(modality="MR", body_part="BRAIN")), (), runs))
    assert texts(statements, "Technique")[0].startswith("MRI of the brain: 60 axial slices")
    assert texts(statements, "Findings") == [
        "Nothing in this study was assessed.",
        "ct_lungs and ct_nodule did not run: it is MR, not CT.",
    ]
    assert texts(statements, "Impression") == [
        "No conclusion is drawn, because nothing was assessed."
    ]
    assert {one.state for one in statements} == {"recorded"}


def test_an_unknown_examination_says_what_alone_was_assessed() -> None:
    lines = findings(case(lungs_result(), of=study(series(body_part="KNEE"))))
    assert "Only the left lung and the right lung were assessed." in lines


def test_experts_that_failed_are_said_apart_from_those_that_refused() -> None:
    of = replace(
        case(lungs_result()),
        runs=(not_run("a", "It is a head."), not_run("b", "It broke.", "failed")),
    )
    lines = findings(of)
    assert "a did not run: it is a head." in lines
    assert "b failed and gave no result: it broke." in lines


def test_notes_and_doubts_of_experts_are_said_once() -> None:
    note = "The lungs are only partly covered."
    partial = lungs_result(notes=(note,), applicability=Applicability("doubtful", note))
    lines = findings(case(partial, nodules_result(notes=(note,))))
    assert lines.count(note) == 1


def test_a_note_is_data_and_cannot_break_the_text() -> None:
    note = "the lungs\u202e are\ncut\x00 off"
    lines = findings(case(lungs_result(notes=(note,))))
    assert "The lungs are cut off." in lines


def test_what_was_looked_at_and_not_reported_is_said() -> None:
    quiet = ExpertResult("ct_nodule", "1.0", APPLIES, assessed=("lung nodule",))
    lines = findings(case(lungs_result(), quiet))
    assert "The lung nodule was looked at and nothing was reported." in lines
    assert not any("Lung nodules" in line for line in lines)


@pytest.mark.parametrize("assessed", ["heart size", "emphysema"])
def test_what_was_answered_in_other_words_is_not_called_silent(assessed: str) -> None:
    own = lungs_result(assessed=("right lung", "left lung", assessed))
    if assessed == "heart size":
        own = replace(own, measurements=(measured("m1", "cardiothoracic ratio", 46, "%"),))
    assert not any("nothing was reported" in line for line in findings(case(own)))
