"""The difference of two versions leads from one to the other, statement by statement."""

import time
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from medmm.nouns.evidence import SECTIONS
from medmm.records.differences import (
    MOST_TOKENS,
    Run,
    difference_text,
    differences,
    word_runs,
)

Document = dict[str, Any]


def document(**sections: list[tuple[str, str]]) -> Document:
    return {
        "sections": [
            {
                "name": name,
                "statements": [{"id": one, "text": text} for one, text in sections.get(name, [])],
            }
            for name in SECTIONS
        ]
    }


def joined(runs: tuple[Run, ...], without: str) -> str:
    return "".join(run.text for run in runs if run.kind != without)


texts = st.text(max_size=60) | st.lists(
    st.sampled_from(["right", "left", "lung", "8.4", "8.5", "mm", ".", ",", "  "]), max_size=20
).map(" ".join)
ids = [f"s{number}" for number in range(8)]


@st.composite
def documents(draw: st.DrawFn) -> Document:
    held: dict[str, list[tuple[str, str]]] = {name: [] for name in SECTIONS}
    for one in draw(st.permutations(ids))[: draw(st.integers(0, len(ids)))]:
        held[draw(st.sampled_from(SECTIONS))].append((one, draw(texts)))
    return document(**held)


def flat(given: Document) -> list[tuple[str, str, str]]:
    return [
        (section["name"], one["id"], one["text"])
        for section in given["sections"]
        for one in section["statements"]
    ]


@given(texts, texts)
def test_the_runs_of_words_give_both_texts(before: str, after: str) -> None:
    runs = word_runs(before, after)
    assert joined(runs, "inserted") == before
    assert joined(runs, "deleted") == after
    assert all(run.text for run in runs)
    if before == after:
        assert {run.kind for run in runs} <= {"kept"}


@given(documents(), documents())
@settings(deadline=None)
def test_applying_the_difference_gives_the_later_version_and_undoing_it_the_earlier(
    before: Document, after: Document
) -> None:
    told = differences(before, after)
    applied = [(one.section, one.after, joined(one.runs, "deleted")) for one in told if one.after]
    assert applied == flat(after)
    undone = [
        (one.moved_from or one.section, one.before, joined(one.runs, "inserted"))
        for one in told
        if one.before
    ]
    assert sorted(undone) == sorted(flat(before))
    difference_text(told)


@given(documents())
def test_a_version_has_no_difference_from_itself(given: Document) -> None:
    assert {one.kind for one in differences(given, given)} <= {"kept"}


BEFORE = document(
    Findings=[
        ("s1", "The right lung measures 2.31 L."),
        ("s2", "There is a solid nodule of 8.4 mm in the right lower lobe."),
        ("s3", "No effusion."),
    ],
    Impression=[("s4", "A nodule.")],
)
AFTER = document(
    Findings=[
        ("s1", "The left lung measures 2.35 L."),
        ("s4", "A nodule."),
        ("s6", "There is a solid nodule of 9 mm in the right lower lobe."),
    ],
    Impression=[("s5", "Follow up.")],
)


def test_a_terminal_shows_words_between_brackets() -> None:
    assert difference_text(differences(BEFORE, AFTER)).splitlines() == [
        "# Findings",
        "~ [s1] The [-right-]{+left+} lung measures [-2.31-]{+2.35+} L.",
        "> [s4] (from Impression) A nodule.",
        "~ [s2 > s6] There is a solid nodule of [-8.4-]{+9+} mm in the right lower lobe.",
        "- [s3] [-No effusion.-]",
        "# Impression",
        "+ [s5] {+Follow up.+}",
    ]


def test_the_same_as_json() -> None:
    first = differences(BEFORE, AFTER)[0].document
    assert first == {
        "kind": "changed",
        "section": "Findings",
        "before": "s1",
        "after": "s1",
        "moved_from": None,
        "runs": [
            {"kind": "kept", "text": "The "},
            {"kind": "deleted", "text": "right"},
            {"kind": "inserted", "text": "left"},
            {"kind": "kept", "text": " lung measures "},
            {"kind": "deleted", "text": "2.31"},
            {"kind": "inserted", "text": "2.35"},
            {"kind": "kept", "text": " L."},
        ],
    }


def test_a_terminal_is_not_redrawn_by_a_text() -> None:
    told = difference_text(
        differences(document(), document(Findings=[("s1", "one\u202etwo\nthree\x1b[2J")]))
    )
    assert told.splitlines() == ["# Findings", "+ [s1] {+one\ufffdtwo three\ufffd[2J+}"]


def test_long_texts_and_many_statements_are_bounded_in_time() -> None:
    long = "a b " * MOST_TOKENS
    started = time.process_time()
    assert [run.kind for run in word_runs(long, long + "c")] == ["deleted", "inserted"]
    many = document(Findings=[(f"s{one}", f"A nodule of {one} mm.") for one in range(500)])
    other = document(Findings=[(f"t{one}", f"A nodule of {one} mm.") for one in range(500)])
    assert [one.kind for one in differences(many, other)].count("new") == 500
    assert time.process_time() - started < 5
