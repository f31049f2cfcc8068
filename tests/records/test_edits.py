"""An edited file becomes the next version statement by statement, or is refused whole."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text as sql

from medmm.cli.output import shown
from medmm.errors import InputError, NotFoundError, UsageError
from medmm.nouns import Check, Evidence, Statement
from medmm.nouns.documents import canonical_bytes, document_sha256, draft_document
from medmm.nouns.evidence import SECTIONS
from medmm.records import integrity, reports, studies
from medmm.records.edit_files import decoded, edit_text, parsed
from medmm.records.edit_mapping import Edited, edited, used_ids
from medmm.records.edits import NOT_CHECKED, edit_report, statements_of
from medmm.records.status_changes import cancel_report, hand_on
from medmm.records.tables import FileRow, ReportRow
from tests.records.builders import draft, region_with_mask, study
from tests.records.conftest import Opened

Document = dict[str, Any]

STATEMENTS = (
    Statement("s1", "Technique", "CT of the chest.", "recorded", (Evidence("header", "Modality"),)),
    Statement(
        "s2", "Findings", "The right lung measures 2.31 L.", "measured",
        (Evidence("measurement", "m1", "2.31 L"),),
    ),
    Statement("s3", "Findings", "A nodule of 8.4 mm.", "unsupported", (Evidence("vlm", "v"),)),
    Statement("s4", "Impression", "A nodule.", "unsupported", (Evidence("vlm", "v"),)),
    Statement("s5", "References", "CT at 3 months.", "reference", (Evidence("passage", "p1"),)),
)  # fmt: skip
CHECKS = tuple(Check(one.id, "text", "pass") for one in STATEMENTS)
DRAFT = replace(draft(), statements=STATEMENTS, checks=CHECKS, report_id=1)
DOCUMENT = draft_document(DRAFT)
FILE = edit_text(DOCUMENT)


def apply(file: str, document: Document = DOCUMENT, used: Sequence[str] = ()) -> Edited:
    return edited(document, parsed(file), author="Dr. Lee", used=used)


def by_id(document: Document) -> dict[str, Document]:
    return {
        one["id"]: {**one, "section": section["name"]}
        for section in document["sections"]
        for one in section["statements"]
    }


def kinds(made: Edited) -> dict[str, str]:
    return {one["statement"]: one["kind"] for one in made.document["edits"]}


def test_the_file_has_a_line_per_statement_under_its_section() -> None:
    assert FILE.splitlines() == [
        "#: report 1, version 1",
        "# Technique",
        "[s1] CT of the chest.",
        "# Findings",
        "[s2] The right lung measures 2.31 L.",
        "[s3] A nodule of 8.4 mm.",
        "# Impression",
        "[s4] A nodule.",
        "# References",
        "[s5] CT at 3 months.",
    ]
    assert (parsed(FILE).report_id, parsed(FILE).version) == (1, 1)


def test_a_changed_statement_is_a_persons_and_keeps_what_it_rested_on_as_former() -> None:
    made = apply(FILE.replace("2.31 L", "2.4 L"))
    assert made.written == ("s2",)
    assert by_id(made.document)["s2"] == {
        "id": "s2",
        "section": "Findings",
        "text": "The right lung measures 2.4 L.",
        "state": "written",
        "evidence": [
            {"kind": "clinician", "ref": "Dr. Lee", "text": "written in version 2"},
            {"kind": "measurement", "ref": "former:m1", "text": "2.31 L"},
        ],
    }
    assert kinds(made) == {"s1": "kept", "s2": "changed", "s3": "kept", "s4": "kept", "s5": "kept"}
    before, after = by_id(DOCUMENT), by_id(made.document)
    assert all(before[name] == after[name] for name in before if name != "s2")
    assert [one["statement"] for one in made.document["checks"]] == ["s1", "s3", "s4", "s5"]
    assert (made.document["version"], made.document["based_on"]) == (2, 1)
    again = edited(made.document, parsed(FILE.replace("2.31", "3")), author="Dr. Ray", used=())
    assert [one["ref"] for one in by_id(again.document)["s2"]["evidence"]] == [
        "Dr. Ray", "former:Dr. Lee", "former:m1",
    ]  # fmt: skip


def test_a_line_without_an_id_is_new_and_a_line_left_out_is_deleted() -> None:
    made = apply(FILE.replace("[s3] A nodule of 8.4 mm.", "No effusion.\n\n  The aorta is wide. "))
    assert [one["id"] for one in made.document["sections"][3]["statements"]] == ["s2", "s6", "s7"]
    assert by_id(made.document)["s7"] == {
        "id": "s7",
        "section": "Findings",
        "text": "The aorta is wide.",
        "state": "written",
        "evidence": [{"kind": "clinician", "ref": "Dr. Lee", "text": "written in version 2"}],
    }
    assert made.document["edits"][2:4] == [
        {"statement": "s6", "kind": "new", "from": None},
        {"statement": "s7", "kind": "new", "from": None},
    ]
    assert made.document["edits"][-1] == {"statement": "s3", "kind": "deleted", "from": "Findings"}
    assert "s3" not in by_id(made.document)
    assert "s3" not in {one["statement"] for one in made.document["checks"]}


def test_a_statement_under_another_section_is_moved_and_stays_what_it_is() -> None:
    lines = FILE.replace("[s3] A nodule of 8.4 mm.\n", "")
    made = apply(lines.replace("[s4]", "[s3] A nodule of 8.4 mm.\n[s4]"))
    assert {"statement": "s3", "kind": "moved", "from": "Findings"} in made.document["edits"]
    assert by_id(made.document)["s3"] == by_id(DOCUMENT)["s3"] | {"section": "Impression"}
    assert made.written == ()


def test_a_quotation_that_is_edited_or_moved_out_is_no_quotation_any_more() -> None:
    changed = apply(FILE.replace("3 months", "6 months"))
    moved = apply(FILE.replace("# References\n", ""))
    assert (kinds(changed)["s5"], kinds(moved)["s5"]) == ("changed", "moved")
    for made in (changed, moved):
        statement = by_id(made.document)["s5"]
        assert statement["state"] == "written"
        assert [one["kind"] for one in statement["evidence"]] == ["clinician", "passage"]
        assert statement["evidence"][1]["ref"] == "former:p1"
        assert made.written == ("s5",)


def test_lines_without_sections_stay_where_they_were() -> None:
    bare = "\r\n".join(line for line in FILE.splitlines() if not line.startswith("#"))
    assert set(kinds(apply(bare)).values()) == {"kept"}
    made = apply(bare.replace("[s3]", "No effusion.\r\n[s3]"))
    assert by_id(made.document)["s6"]["section"] == "Findings"


def test_an_id_is_never_used_again() -> None:
    made = apply("[s1] CT of the chest.\nNew.", used=["s5", "s41", "x99", "s007"])
    assert by_id(made.document).keys() == {"s1", "s42"}


BAD = {
    "unknown id": ("# Findings\n[s9] A nodule.", "Line 2 .*'s9'"),
    "doubled id": ("[s2] One.\n\n[s2] Two.", "Line 3 .*names s2 again.*line 1"),
    "no section": ("A nodule.\n[s2] One.", "Line 1 .*no section"),
    "unknown section": ("# Finding\n[s2] One.", "Line 1 .*is no section"),
    "deeper section": ("## Findings\n[s2] One.", "Line 1 .*is no section"),
    "section without space": ("#Findings\n[s2] One.", "Line 1 .*is no section"),
    "section twice": ("# Findings\n[s2] A.\n# Findings\n[s3] B.", "Line 3 .*Findings again"),
    "head in the middle": ("[s2] One.\n#: report 1, version 1", "Line 2 .*is no section"),
    "open bracket": ("[s2 One.", "Line 1 .*names no statement"),
    "empty text": ("[s2]", "Line 1 .*no text"),
    "blank text": ("[s2]  \t ", "Line 1 .*no text"),
    "over-long": ("[s2] " + "a" * 2001, "Line 1 .*2001 characters"),
    "over-long new": ("# Findings\n" + "a " * 1001 + "a", "Line 2 .*2003 characters"),
    "control": ("[s2] One\x07.", r"Line 1 .*place 9 .*U\+0007"),
    "tab within": ("[s2] One\ttwo.", r"Line 1 .*U\+0009"),
    "lone return": ("[s1] One.\n[s2] Two\rthree.", r"Line 2 .*U\+000D"),
    "place after spaces": (" \t[s2] One\x07.", r"Line 1 .*place 11 .*U\+0007"),
    "bidirectional": ("[s2] no \u202enodule.", r"Line 1 .*U\+202E"),
    "isolate": ("[s2] no \u2066nodule.", r"Line 1 .*U\+2066"),
    "zero width": ("[s2] no\u200bdule.", r"Line 1 .*U\+200B"),
    "joiner": ("[s2] no\u2060dule.", r"Line 1 .*U\+2060"),
    "mark of order": ("[s1] One.\n\ufeff[s2] Two.", r"Line 2 .*U\+FEFF"),
    "tag": ("[s2] One\U000e0041.", r"Line 1 .*U\+E0041"),
    "blank letter": ("[s2] One\u3164.", r"Line 1 .*U\+3164"),
    "line separator": ("[s2] One\u2028two.", r"Line 1 .*U\+2028"),
    "in a section's line": ("# Findings\u200b\n[s2] One.", r"Line 1 .*U\+200B"),
    "unreadable": ("[s2] One \ufffd.", "Line 1 .*could not be read"),
    "new quotation": ("# References\n[s5] CT at 3 months.\nSo said he.", "Line 3 .*quoted"),
    "moved to the quotations": ("# References\n[s2] The right lung.", "Line 2 .*quoted"),
    "too many lines": ("\n" * 2000 + "[s2] One.", "2001 lines"),
    "nothing": ("", "no statement"),
    "blank lines": ("\n \n\n", "no statement"),
    "sections alone": ("# Findings\n# Impression", "no statement"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_with_its_line(name: str) -> None:
    file, told = BAD[name]
    with pytest.raises(InputError, match=told) as error:
        apply(file)
    assert error.value.exit_code == 3
    assert error.value.mend


def test_bytes_that_are_no_text_are_refused_with_their_line() -> None:
    with pytest.raises(InputError, match=r"Line 3 .*no UTF-8"):
        decoded(b"[s1] One.\n\n[s2] M\xfcller.\n")
    with pytest.raises(InputError, match="bytes"):
        decoded(b" " * 4_000_001)
    assert decoded(b"\xef\xbb\xbf[s1] One.") == "[s1] One."


def test_two_thousand_lines_are_taken() -> None:
    made = apply("# Findings\n" + "A line.\n" * 1999)
    assert len(made.written) == 1999


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
held = st.lists(
    st.tuples(st.sampled_from(SECTIONS), texts, st.sampled_from(["measured", "reference"])),
    min_size=1,
    max_size=8,
)


def document_of(parts: list[tuple[str, str, str]]) -> Document:
    statements = tuple(
        Statement(f"s{number}", section, text, state, (Evidence("vlm", "v"),))  # type: ignore[arg-type]
        for number, (section, text, state) in enumerate(parts, start=1)
    )
    checks = tuple(Check(one.id, "text", "pass") for one in statements)
    return draft_document(replace(DRAFT, statements=statements, checks=checks))


@given(held)
@settings(deadline=None)
def test_a_file_that_nobody_changed_keeps_every_statement(
    parts: list[tuple[str, str, str]],
) -> None:
    document = document_of(parts)
    file = edit_text(document)
    assert shown(file) == file
    made = edited(document, parsed(decoded(file.encode())), author="Dr. Lee", used=())
    assert set(kinds(made).values()) == {"kept"}
    assert made.changes_nothing
    assert made.document["sections"] == document["sections"]
    assert made.document["checks"] == document["checks"]


visible = st.text("abc 12.5,ü(mm)", min_size=1, max_size=20).filter(lambda text: text.strip())


@given(held, st.data())
@settings(deadline=None)
def test_any_edit_is_mapped_statement_by_statement(
    parts: list[tuple[str, str, str]], data: st.DataObject
) -> None:
    document = document_of(parts)
    expected: dict[str, str] = {}
    lines = []
    for line in edit_text(document).splitlines():
        does = data.draw(st.sampled_from(["keep", "delete", "change", "add"]))
        name = line[1 : line.find("]")] if line.startswith("[") else ""
        if not name:
            lines.append(line)
            continue
        expected[name] = {"delete": "deleted", "change": "changed"}.get(does, "kept")
        if does in ("keep", "add"):
            lines.append(line)
        if does == "change":
            lines.append(f"[{name}] {data.draw(visible)} -")
        if does == "add" and "# References" not in lines:
            lines.append(f"+ {data.draw(visible)}")
    if not any(line and line[0] != "#" for line in lines):
        return
    made = edited(document, parsed("\n".join(lines)), author="Dr. Lee", used=())
    found = kinds(made)
    assert {name: kind for name, kind in found.items() if kind != "new"} == expected
    after = by_id(made.document)
    assert after.keys() == {name for name, kind in found.items() if kind != "deleted"}
    assert len(made.document["edits"]) == len(found)
    before = by_id(document)
    for name, kind in found.items():
        if kind == "kept":
            assert after[name] == before[name]
        elif kind != "deleted":
            assert after[name]["state"] == "written"
            assert after[name]["evidence"][0]["kind"] == "clinician"
    assert all(statement.id in after for statement in statements_of(made.document))


@pytest.fixture
def drafted(opened: Opened) -> Opened:
    """A home with one draft, report 1, that has a mask."""
    studies.save_study(opened.database, opened.home, study())
    region = region_with_mask(opened.home)
    given = replace(DRAFT, report_id=None, regions=(region,))
    reports.save_draft(opened.database, opened.home, 1, given)
    return opened


def edit(drafted: Opened, file: str | bytes, **more: Any) -> int:
    given = {"author": "Dr. Lee", **more}
    return edit_report(drafted.database, drafted.home, 1, file, **given)


def test_an_edit_is_the_next_version_and_the_draft_stays(drafted: Opened) -> None:
    before = reports.load_report(drafted.database, 1).last
    assert edit(drafted, FILE.replace("nodule of", "tumour of"), reason="After the round") == 2
    report = reports.load_report(drafted.database, 1)
    assert report.versions[0] == before
    last = report.last
    assert (last.number, last.author, last.reason) == (2, "Dr. Lee", "After the round")
    assert last.sha256 == document_sha256(last.document)
    assert json.loads(canonical_bytes(last.document)) == last.document
    assert (last.document["report_id"], last.document["version"]) == (1, 2)
    assert (report.status, last.document["status"]) == ("draft", "draft")
    with drafted.database.read() as session:
        rows = session.query(FileRow).where(FileRow.version_id.is_not(None)).all()
    assert len({row.version_id for row in rows}) == len(rows) == 2
    assert len({row.name for row in rows}) == 1
    assert integrity.check(drafted.database, drafted.home, hashes=True) == []


def test_search_follows_the_last_version(drafted: Opened) -> None:
    assert [hit.id for hit in reports.search(drafted.database, "nodule 8.4")] == [1]
    edit(drafted, FILE.replace("nodule", "tumour"))
    assert reports.search(drafted.database, "nodule") == []
    assert [hit.version for hit in reports.search(drafted.database, '"tumour of" 8.4')] == [2]


def test_ids_are_not_used_again_over_versions(drafted: Opened) -> None:
    edit(drafted, FILE.replace("# Impression", "First.\n# Impression"))
    edit(drafted, FILE.replace("version 1", "version 2"))
    edit(drafted, FILE.replace("version 1", "version 3").replace("# Imp", "Second.\n# Imp"))
    versions = reports.load_report(drafted.database, 1).versions
    texts = [
        {name: one["text"] for name, one in by_id(dict(version.document)).items()}
        for version in versions
    ]
    assert (texts[1]["s6"], texts[3]["s7"]) == ("First.", "Second.")
    assert "s6" not in texts[2]
    assert "s6" not in texts[3]
    assert used_ids(version.document for version in versions) == {f"s{one}" for one in range(1, 8)}


def test_written_statements_are_checked_again_and_others_keep_their_checks(
    drafted: Opened,
) -> None:
    asked = []

    def recheck(written: Sequence[Statement], document: Any) -> list[Check]:
        asked.extend(written)
        assert document["regions"][0]["mask"].startswith(str(drafted.home.path))
        return [Check(one.id, "number", "fail", "No.") for one in written]

    edit(drafted, FILE.replace("2.31", "3"), recheck=recheck)
    assert [(one.id, one.state) for one in asked] == [("s2", "written")]
    document = reports.load_report(drafted.database, 1).last.document
    assert document["regions"][0]["mask"].startswith("files/")
    said = {one["statement"]: (one["check"], one["result"]) for one in document["checks"]}
    assert said["s2"] == ("number", "fail")
    assert said["s3"] == ("text", "pass")
    second = FILE.replace("2.31", "3").replace("version 1", "version 2").replace("8.4", "9")
    edit(drafted, second, recheck=lambda *_: None)
    document = reports.load_report(drafted.database, 1).last.document
    assert [one for one in document["checks"] if one["statement"] == "s3"] == [
        {"statement": "s3", "check": "edit", "result": "cannot tell", "reason": NOT_CHECKED}
    ]


def test_order_within_a_section_is_an_edit_but_no_change_is_none(drafted: Opened) -> None:
    with pytest.raises(InputError, match="changes nothing"):
        edit(drafted, FILE)
    lines = FILE.splitlines()
    lines[4], lines[5] = lines[5], lines[4]
    assert edit(drafted, "\n".join(lines)) == 2
    document = reports.load_report(drafted.database, 1).last.document
    assert list(by_id(dict(document))) == ["s1", "s3", "s2", "s4", "s5"]
    assert {one["kind"] for one in document["edits"]} == {"kept"}


CHANGED = FILE.replace("8.4", "9")


@pytest.mark.parametrize(
    ("file", "more", "error"),
    [
        (FILE.encode() + b"\xff", {}, InputError),
        (FILE + "[s77] A nodule.", {}, InputError),
        (CHANGED.replace("report 1", "report 2"), {}, InputError),
        (CHANGED.replace("version 1", "version 7"), {}, NotFoundError),
        (CHANGED, {"based_on": 0}, NotFoundError),
        (CHANGED, {"based_on": 2}, NotFoundError),
        (CHANGED, {"author": "medmm"}, UsageError),
        (CHANGED, {"author": ""}, UsageError),
        (CHANGED, {"reason": "a\nb"}, UsageError),
    ],
)
def test_what_is_refused_changes_nothing(
    drafted: Opened, file: str | bytes, more: dict[str, Any], error: type[Exception]
) -> None:
    before = reports.load_report(drafted.database, 1)
    with pytest.raises(error):
        edit(drafted, file, **more)
    assert reports.load_report(drafted.database, 1) == before
    with pytest.raises(NotFoundError, match="report 2"):
        edit_report(drafted.database, drafted.home, 2, CHANGED, author="Dr. Lee")


def test_a_preliminary_report_is_edited_and_stays_preliminary(drafted: Opened) -> None:
    hand_on(drafted.database, 1, author="Dr. Lee")
    edit(drafted, CHANGED)
    report = reports.load_report(drafted.database, 1)
    assert (report.status, report.last.document["status"]) == ("preliminary", "preliminary")


@pytest.mark.parametrize("status", ["final", "amended", "cancelled"])
def test_a_report_that_is_closed_cannot_be_edited(drafted: Opened, status: str) -> None:
    if status == "cancelled":
        cancel_report(drafted.database, 1, author="Dr. Lee", reason="Wrong study")
    else:
        with drafted.database.write() as session:
            session.execute(sql("UPDATE reports SET status = :to"), {"to": status})
    with pytest.raises(InputError, match=f"is {status} and cannot be edited"):
        edit(drafted, CHANGED)
    assert reports.load_report(drafted.database, 1).last.number == 1


def test_a_report_that_is_closed_while_it_is_edited_stays_closed(drafted: Opened) -> None:
    def meanwhile(*_: Any) -> None:
        with drafted.database.write() as session:
            session.get_one(ReportRow, 1).status = "final"

    with pytest.raises(InputError, match="is final"):
        edit(drafted, CHANGED, recheck=meanwhile)
    assert reports.load_report(drafted.database, 1).last.number == 1
