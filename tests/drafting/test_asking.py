"""A question is answered from the draft's sentences, or it is said that nobody looked."""

import pytest

from medmm.drafting.asking import answer
from medmm.nouns import Code, Draft, Evidence, Finding, Measurement, Region, Statement, WriterInfo

SERIES = "2.25.1"


def statement(number: int, text: str, state: str, *evidence: Evidence) -> Statement:
    return Statement(f"s{number}", "Findings", text, state, evidence)  # type: ignore[arg-type]


DRAFT = Draft(
    study_uid="2.25.2",
    writer=WriterInfo("composer", "composer", "1"),
    statements=(
        statement(1, "The right lung measures 2.31 L.", "measured", Evidence("measurement", "m1")),
        statement(2, "The left lung measures 2.01 L.", "measured", Evidence("measurement", "m2")),
        statement(
            3,
            "A demonstrator method marks a possible nodule in the left lung, 14 × 10 mm.",
            "supported",
            Evidence("finding", "f1"),
        ),
        statement(
            4, "The pleura and the heart were not assessed.", "recorded", Evidence("platform", "x")
        ),
    ),
    findings=(
        Finding("f1", Code("SCT", "427359005", "Nodule of lung"), "uncertain", "ct_nodule",
                regions=("r3",)),
    ),
    measurements=(
        Measurement("m1", "volume", 2310.0, "mL", "", "ct_lungs", region="r1"),
        Measurement("m2", "volume", 2010.0, "mL", "", "ct_lungs", region="r2"),
    ),
    regions=tuple(
        Region(name, label, "mask", SERIES)
        for name, label in (("r1", "right lung"), ("r2", "left lung"), ("r3", "lung nodule"))
    ),
)  # fmt: skip


def test_a_question_about_a_size_is_answered_with_the_measured_sentences() -> None:
    told = answer("How large are the lungs?", DRAFT)
    assert "2.31 L" in told.text
    assert "2.01 L" in told.text
    assert {region.id for region in told.regions} >= {"r1", "r2"}
    assert {item.ref for item in told.evidence} >= {"m1", "m2"}


def test_an_answer_is_as_weak_as_its_weakest_sentence() -> None:
    assert answer("How large are the lungs?", DRAFT).state == "supported"


def test_a_question_about_a_finding_brings_its_sentence_and_its_place() -> None:
    told = answer("Are there any nodules?", DRAFT)
    assert told.text == DRAFT.statements[2].text
    assert [region.id for region in told.regions] == ["r3"]


@pytest.mark.parametrize(
    "question",
    [
        "Is there an effusion?",
        "Any pneumothorax?",
        "Is the heart enlarged?",
        "Fracture?",
        "What is the weather?",
        "???",
    ],
)
def test_what_nobody_looked_at_was_not_assessed(question: str) -> None:
    told = answer(question, DRAFT)
    assert told.state == "recorded"
    assert "not assessed" in told.text
    assert told.evidence
