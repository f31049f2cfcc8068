"""What a user writes on the page: kept unfinished, checked as it is typed, made a version.

It comes as `Written` and becomes the file to edit here, so that the page's edits take the way of
everybody's (`medmm.assembly.report_life.edit`).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from medmm import ownership
from medmm.assembly import report_life
from medmm.assembly.acting import allowed, report_thing
from medmm.assembly.homes import OpenHome
from medmm.assembly.rechecking import rechecker
from medmm.assembly.reviewing_documents import STEPS, report_document, shown, unfinished_document
from medmm.errors import InputError
from medmm.nouns import ReportVersion
from medmm.nouns.characters import visible
from medmm.nouns.evidence import SECTIONS
from medmm.records import reading, reports
from medmm.records.edit_files import one_line, parsed
from medmm.records.edit_mapping import edited, used_ids
from medmm.records.edits import statements_of
from medmm.records.reading import Typed

ownership.check_packages()
Document = dict[str, Any]
_LINE = re.compile(r"Line ([0-9]+) of the file")


@dataclass(frozen=True)
class Written:
    """A statement as it stands on the page: ``id`` of the version's own, else ``key``.

    ``text`` is None where the version's words were left; ``section`` is needed for a new one.
    """

    id: str | None
    key: str
    section: str
    text: str | None


def save(
    opened: OpenHome, number: int, based_on: int, statements: Sequence[Written], reason: str = ""
) -> Document:
    """Make a version of what stands on the page, which is then nobody's unfinished text any more.

    Raises:
        AccessError: who acts may not.
        NotFoundError: no such report or version.
        ConflictError: somebody else's version came first.
        InputError: a statement cannot be taken, nothing was changed, or the report is past editing.
        UsageError: the reason cannot be shown.
    """
    allowed(opened, "edit", report_thing(opened, number))
    version = reports.load_report(opened.database, number, based_on).last
    text, owners = file_of(version, statements)
    try:
        made = report_life.edit(
            opened, number, text.encode("utf-8", "replace"), based_on=based_on, reason=reason
        )
    except InputError as error:
        raise _told(error, owners) from error
    forget(opened, number, based_on)
    return {**shown(made), "report": report_document(opened, number)}


def recheck(
    opened: OpenHome, number: int, based_on: int, statements: Sequence[Written]
) -> list[Document]:
    """What the checks say of words that are on the page only; nothing is recorded.

    Raises:
        AccessError: who acts may not edit.
        NotFoundError: no such report or version.
        InputError: a statement cannot be taken.
    """
    allowed(opened, "edit", report_thing(opened, number))
    report = reports.load_report(opened.database, number, based_on)
    text, owners = file_of(report.last, statements)
    try:
        made = edited(
            report.last.document,
            parsed(text),
            author=opened.by.actor.name,
            used=used_ids(version.document for version in report.versions),
        )
    except InputError as error:
        raise _told(error, owners) from error
    written = [one for one in statements_of(made.document) if one.id in set(made.written)]
    document = reports.shown(opened.home, made.document)
    said = (rechecker(opened, report.study_id)(written, document) or []) if written else []
    # Both the file and the edits stand in the order of the report.
    new = [one["statement"] for one in made.document["edits"] if one["kind"] == "new"]
    known = used_ids([report.last.document])
    keys = dict(zip(new, (one for one in owners if one and one not in known), strict=True))
    told = ({**asdict(one), "statement": keys.get(one.statement, one.statement)} for one in said)
    return [shown(one) for one in told]


def keep(opened: OpenHome, number: int, based_on: int, typed: Typed) -> Document:
    """Keep who acts' own unfinished text; an addendum's for a signed report.

    Raises:
        AccessError: who acts may not write here.
        NotFoundError: no such report or version.
        ConflictError: another window of the same user kept another text since.
    """
    thing = report_thing(opened, number)
    allowed(opened, "addend" if thing.status in STEPS["addend"] else "edit", thing)
    user = opened.by.actor.name
    made = reading.keep_text(opened.database, number, user, based_on, typed)
    return {"serial": made.serial, "revision": made.revision, "saved": made.saved}


def kept(opened: OpenHome, number: int, based_on: int) -> Document | None:
    """Who acts' own unfinished text over a version, with all that another window needs of it."""
    allowed(opened, "read", report_thing(opened, number))
    found = reading.texts_of(opened.database, number, opened.by.actor.name)
    return next((unfinished_document(one) for one in found if one.based_on == based_on), None)


def forget(opened: OpenHome, number: int, based_on: int, up_to: int | None = None) -> None:
    """Forget who acts' own unfinished text over a version.

    Raises:
        AccessError: who acts is no user.
    """
    if opened.by.actor.kind == "person":
        reading.drop_text(opened.database, number, opened.by.actor.name, based_on, up_to)


def give_up(opened: OpenHome, number: int, based_on: int, up_to: int) -> None:
    """Forget who acts' own unfinished text over a version, at their wish.

    Raises:
        AccessError: who acts may not see the report, or is no user.
        NotFoundError: no such report.
    """
    allowed(opened, "read", report_thing(opened, number))
    forget(opened, number, based_on, up_to)


def accept(opened: OpenHome, number: int, statements: Mapping[str, int | None]) -> None:
    """Note which statements who acts has accepted, in which version; None takes it back.

    Raises:
        AccessError: who acts may not edit.
        NotFoundError: no such report.
    """
    allowed(opened, "edit", report_thing(opened, number))
    reading.accept(opened.database, number, opened.by.actor.name, statements)


def file_of(report: ReportVersion, statements: Sequence[Written]) -> tuple[str, list[str]]:
    """The file to edit that says what stands on the page, and whose each of its lines is.

    Raises:
        InputError: a new statement cannot stand in such a file.
    """
    known = {
        one["id"]: (section["name"], one_line(one["text"]))
        for section in report.document["sections"]
        for one in section["statements"]
    }
    lines = [f"#: report {report.report_id}, version {report.number}"]
    owners = [""]
    for section in SECTIONS:
        rows = [one for one in statements if (one.section or known.get(one.id or "", ("",))[0])
                == section]  # fmt: skip
        if rows:
            lines.append(f"# {section}")
            owners.append("")
        for row in rows:
            for line, owner in _lines(row, known):
                lines.append(line)
                owners.append(owner)
    return "\n".join(lines) + "\n", owners


def _lines(row: Written, known: Mapping[str, tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """A statement's line; what follows a line break is a statement of its own."""
    text = known.get(row.id or "", ("", ""))[1] if row.text is None else row.text
    first, *more = re.split(r"\r\n|[\r\n]", text)
    if row.id is not None:
        yield f"[{row.id}] {first.strip()}", row.id
    else:
        more = [first, *more]
    for piece in filter(None, (one.strip() for one in more)):
        if piece.startswith(("[", "#")):
            raise InputError(
                f"A new statement begins with {piece[0]}: “{visible(piece[:60])}”.",
                "Begin it with a word.",
                code="bad-edit",
            )
        yield piece, row.key


def _told(error: InputError, owners: Sequence[str]) -> InputError:
    """An error of the file in words of the page: which statement, not which line."""
    found = _LINE.match(error.message)
    if found is None or not 0 < int(found[1]) <= len(owners):
        return error
    owner = owners[int(found[1]) - 1]
    name = f"Statement {owner}" if re.fullmatch(r"s[0-9]+", owner) else "A new statement"
    return InputError(
        visible(name + error.message[found.end() :]), "Mend it, then save again.", code=error.code
    )
