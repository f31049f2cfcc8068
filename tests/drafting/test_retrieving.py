"""What a draft asks the knowledge: what was found, and nothing that was looked for in vain."""

from dataclasses import replace

from medmm.drafting.retrieving import queries
from tests.drafting.builders import nodules_result, study


def test_a_finding_is_asked_about_with_its_code_and_size() -> None:
    asked = queries([nodules_result()], study())
    assert [one.text for one in asked] == [
        "Pulmonary nodule of 17 mm",
        "Pulmonary nodule of 17 mm: follow-up and management",
    ]
    assert all(one.codes for one in asked)


def test_what_was_looked_for_and_not_found_is_not_asked_about() -> None:
    result = nodules_result()
    absent = replace(
        result, findings=tuple(replace(one, presence="absent") for one in result.findings)
    )
    assert queries([absent], study()) == []


def test_the_same_question_is_asked_once() -> None:
    assert len(queries([nodules_result(), nodules_result()], study())) == 2


def test_no_result_asks_nothing() -> None:
    assert queries([], study()) == []
