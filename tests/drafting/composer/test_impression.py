"""The impression ranks what Findings hold and adds nothing."""

import re
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from medmm.drafting.composer import Composer
from medmm.nouns import Case, ExpertResult, Finding
from tests.drafting.builders import (
    APPLIES,
    EFFUSION,
    PNEUMOTHORAX,
    case,
    lungs_result,
    nodules_result,
    prior,
    texts,
)

sizes = st.lists(
    st.tuples(st.floats(3.0, 60.0), st.floats(0.3, 1.0)).map(lambda one: (one[0], one[0] * one[1])),
    min_size=1,
    max_size=6,
)


def impression(of: Case) -> list[str]:
    return texts(Composer().write(of), "Impression")


def test_what_is_urgent_comes_first() -> None:
    other = ExpertResult(
        "third",
        "1.0",
        APPLIES,
        findings=(
            Finding("f1", EFFUSION, "present", "third"),
            Finding("f2", PNEUMOTHORAX, "present", "third"),
        ),
    )
    assert impression(case(lungs_result(), nodules_result(), other)) == [
        "A pneumothorax.",
        "A pleural effusion.",
        (
            "A nodule in the upper third of the right lung, 16.8 × 11.6 mm, marked by a "
            "demonstrator method; to be confirmed by a reader."
        ),
    ]


def test_of_several_nodules_the_largest_is_named() -> None:
    (line,) = impression(case(lungs_result(), nodules_result((6.0, 5.0), (16.8, 11.6))))
    assert line.startswith("Nodules marked by a demonstrator method, the largest in the middle ")
    assert "third of the left lung, 16.8 × 11.6 mm" in line


def test_a_denial_is_no_impression() -> None:
    absent = ExpertResult(
        "t", "1", APPLIES, findings=(Finding("f1", EFFUSION, "absent", "t"),), assessed=("pleura",)
    )
    assert impression(case(absent)) == ["No finding is stated."]


@settings(deadline=None, max_examples=40, derandomize=True)
@given(sizes=sizes, left=st.floats(1500.0, 3000.0), compared=st.booleans())
def test_an_impression_has_no_evidence_and_no_figure_that_findings_lack(
    sizes: list[tuple[float, float]], left: float, compared: bool
) -> None:
    before = prior(left=left) if compared else None
    of = case(lungs_result(), nodules_result(*sizes), prior=before)
    statements = Composer().write(of)
    held = {e.ref for one in statements if one.section == "Findings" for e in one.evidence}
    figures = set(re.findall(r"\d+(?:\.\d+)?", " ".join(texts(statements, "Findings"))))
    concluded = [one for one in statements if one.section == "Impression"]
    assert concluded
    for one in concluded:
        assert {e.ref for e in one.evidence} <= held
        assert set(re.findall(r"\d+(?:\.\d+)?", one.text)) <= figures


def test_a_finding_is_not_concluded_more_firmly_than_it_was_found() -> None:
    unsure = Finding("f1", EFFUSION, "uncertain", "third")
    assert impression(case(ExpertResult("third", "1", APPLIES, findings=(unsure,)))) == [
        "Possible pleural effusion."
    ]
    raw = replace(unsure, presence="present", probability=0.99)
    (line,) = impression(case(ExpertResult("third", "1", APPLIES, findings=(raw,))))
    assert "uncalibrated method" in line
