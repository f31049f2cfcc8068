"""An edited file laid over the document it was made from: what became of each statement.

What was left alone keeps id, state, evidence and checks. What a person wrote rests on that person:
its state is ``written``, its evidence is of kind ``clinician``, and what it rested on before stays
as ``former:REF``, a pointer that no reader takes for the evidence of the new words. Ids are
never used twice in a report, so that a sentence can be followed over all versions.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from medmm.nouns.evidence import SECTIONS
from medmm.records.edit_files import LONGEST, UNREADABLE, EditFile, Line, one_line, refused

Document = dict[str, Any]

FORMER = "former:"
QUOTED = "References"
"""The section of quoted knowledge; its statements are ``reference``."""


@dataclass(frozen=True)
class Edited:
    """The next document, and the ids of the statements whose words or meaning are a person's now.

    The document lacks the checks of these; ``edits`` in it maps statement by statement, in the
    order of the report, then what was deleted: ``from`` is the section where it stood before.
    """

    document: Document
    written: tuple[str, ...]

    @property
    def changes_nothing(self) -> bool:
        """Whether every statement stands where and as it stood."""
        return all(one["kind"] == "kept" for one in self.document["edits"])


@dataclass
class _Work:
    """What is gathered line by line."""

    former: Mapping[str, tuple[str, Document]]
    author: str
    version: int
    next_id: int
    sections: dict[str, list[Document]] = field(
        default_factory=lambda: {name: [] for name in SECTIONS}
    )
    edits: dict[str, Document] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)


def used_ids(documents: Iterable[Mapping[str, Any]]) -> set[str]:
    """All ids of statements that any of these versions has or had."""
    return {
        one["id"]
        for document in documents
        for section in document["sections"]
        for one in section["statements"]
    }


def edited(
    document: Mapping[str, Any], file: EditFile, *, author: str, used: Iterable[str]
) -> Edited:
    """The version after ``document`` as ``file`` says; ``used`` are ids of all versions.

    Raises:
        InputError: a line names no statement of the document or one twice, has no section, or its
            text is empty, over-long or partly unreadable.
    """
    former = {
        one["id"]: (section["name"], one)
        for section in document["sections"]
        for one in section["statements"]
    }
    work = _Work(former, author, document["version"] + 1, _next_id({*used, *former}))
    section: str | None = None
    for line in file.lines:
        section = _place(line, section, work)
        _take(line, section, work)
    return Edited(_document(document, work), tuple(work.written))


def _next_id(used: set[str]) -> int:
    numbers = (re.fullmatch(r"s([0-9]{1,18})", one) for one in used)
    return 1 + max((int(one[1]) for one in numbers if one), default=0)


def _place(line: Line, current: str | None, work: _Work) -> str:
    """The section of a line: the one above it, else its own before, else that of the last line."""
    if line.section is not None:
        return line.section
    if line.id is not None:
        return work.former[line.id][0] if line.id in work.former else current or ""
    if current is None:
        raise refused(line.number, "stands in no section", "Put a line '# Findings' above it.")
    return current


def _take(line: Line, section: str, work: _Work) -> None:
    if line.id is None:
        _take_new(line, section, work)
        return
    if line.id not in work.former:
        raise refused(
            line.number,
            f"names a statement {line.id[:40]!r} that the version does not have",
            "A new statement has no id in front.",
        )
    if line.id in work.lines:
        raise refused(
            line.number,
            f"names {line.id} again",
            f"It stands in line {work.lines[line.id]} already; a new statement has no id.",
        )
    work.lines[line.id] = line.number
    before, statement = work.former[line.id]
    if before != section and section == QUOTED:
        raise _into_quoted(line)
    _take_known(line, section, before, statement, work)


def _take_known(line: Line, section: str, before: str, statement: Document, work: _Work) -> None:
    same = line.text == one_line(statement["text"])
    kind = "changed" if not same else "kept" if before == section else "moved"
    # A quotation that is moved among the sentences on the patient is no quotation any more.
    unquoted = statement["state"] == "reference" and before != section
    if not same:
        _must_be_fit(line)
    if not same or unquoted:
        text = statement["text"] if same else line.text
        statement = _written(statement["id"], text, statement["evidence"], work)
    work.sections[section].append(statement)
    work.edits[statement["id"]] = _edit(statement["id"], kind, before)


def _take_new(line: Line, section: str, work: _Work) -> None:
    if section == QUOTED:
        raise _into_quoted(line)
    _must_be_fit(line)
    name = f"s{work.next_id}"
    work.next_id += 1
    work.sections[section].append(_written(name, line.text, [], work))
    work.edits[name] = _edit(name, "new", None)


def _written(name: str, text: str, evidence: list[Document], work: _Work) -> Document:
    own = {"kind": "clinician", "ref": work.author, "text": f"written in version {work.version}"}
    work.written.append(name)
    return {
        "id": name,
        "text": text,
        "state": "written",
        "evidence": [own, *(_former(one) for one in evidence)],
    }


def _former(evidence: Document) -> Document:
    reference: str = evidence["ref"]
    return {**evidence, "ref": FORMER + reference.removeprefix(FORMER)}


def _edit(name: str, kind: str, before: str | None) -> Document:
    return {"statement": name, "kind": kind, "from": before}


def _must_be_fit(line: Line) -> None:
    if not line.text:
        raise refused(line.number, "has no text", "To delete a statement, leave out its line.")
    if len(line.text) > LONGEST:
        raise refused(
            line.number,
            f"has {len(line.text)} characters of text, more than {LONGEST}",
            "Write a line per sentence.",
        )
    if UNREADABLE in line.text:
        raise refused(
            line.number,
            "holds the sign for a character that could not be read (U+FFFD)",
            "Type what belongs there.",
        )


def _into_quoted(line: Line) -> Exception:
    return refused(
        line.number,
        f"puts a statement under {QUOTED}, which holds quoted knowledge only",
        "Put it under '# Findings' or '# Impression'.",
    )


def _document(document: Mapping[str, Any], work: _Work) -> Document:
    order = [one["id"] for name in SECTIONS for one in work.sections[name]]
    gone = [name for name in work.former if name not in work.edits]
    deleted = [_edit(name, "deleted", work.former[name][0]) for name in gone]
    left_out = {*gone, *work.written}
    return {
        **document,
        "version": work.version,
        "based_on": document["version"],
        "sections": [{"name": name, "statements": work.sections[name]} for name in SECTIONS],
        "checks": [one for one in document["checks"] if one["statement"] not in left_out],
        "edits": [work.edits[name] for name in order] + deleted,
    }
