"""A person's edit becomes the next version of a report; of two at once exactly one does."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from medmm.database import Database
from medmm.errors import ConflictError, InputError, NotFoundError
from medmm.home import Home
from medmm.nouns import Check, Evidence, Report, Statement
from medmm.records.audit import Also
from medmm.records.content import KeptFile
from medmm.records.edit_files import EditFile, decoded, parsed
from medmm.records.edit_mapping import Edited, edited, used_ids
from medmm.records.reports import add_version, load_report, shown
from medmm.records.status_changes import held_report
from medmm.records.statuses import EDITABLE, person, reason_given
from medmm.records.tables import FileRow, VersionRow

Recheck: TypeAlias = Callable[[Sequence[Statement], Mapping[str, Any]], Sequence[Check] | None]
"""From the statements that a person wrote and the next document (paths of masks absolute) to what
the checks say of these statements; None where that cannot be told."""

NOT_CHECKED = "Edited, not checked again."


def edit_report(
    database: Database,
    home: Home,
    report_id: int,
    text: str | bytes,
    *,
    author: str,
    based_on: int | None = None,
    reason: str = "",
    recheck: Recheck | None = None,
    also: Also | None = None,
) -> int:
    """Record an edited file as the next version of a report; the version's number.

    ``based_on`` is the version that was edited (default: what the file's first line names, else
    the last). The version is written in one transaction, alone on the report: a later edit of the
    same version is refused, whichever process it comes from. Nothing is changed by what is
    refused. ``also`` is done last in the same transaction: recording the event.

    Raises:
        NotFoundError: there is no such report or version.
        ConflictError: the report has a later version than the one that was edited.
        InputError: the report's status allows no edit, a line of the file cannot be taken, the
            file is of another report, or it changes nothing.
        UsageError: the author is no person, or the reason cannot be shown.
        StorageError: the disk is full, read-only or failing.
    """
    name, why = person(author), reason_given(reason)
    report = load_report(database, report_id)
    file = parsed(decoded(text) if isinstance(text, bytes) else text)
    if based_on is None:
        based_on = file.version or report.last.number
    _must_fit(report, file, based_on)
    made = edited(
        report.last.document,
        file,
        author=name,
        used=used_ids(version.document for version in report.versions),
    )
    if made.changes_nothing and _order(made.document) == _order(report.last.document):
        raise InputError(
            f"The file changes nothing in version {based_on} of report {report_id}.",
            "Nothing was recorded.",
            code="nothing-changed",
        )
    document = _checked(home, made, recheck)
    with database.write() as session:
        row = held_report(session, report_id)
        _must_be_editable(report_id, row.status)
        _must_be_last(report_id, based_on, _last_number(session, report_id))
        add_version(
            session,
            {**document, "status": row.status},
            _files_of(session, report_id, based_on),
            author=name,
            created=datetime.now(UTC),
            reason=why,
        )
        if also is not None:
            also(session)
    return based_on + 1


def statements_of(document: Mapping[str, Any]) -> tuple[Statement, ...]:
    """The statements that a stored document holds, in order."""
    return tuple(
        Statement(
            id=one["id"],
            section=section["name"],
            text=one["text"],
            state=one["state"],
            evidence=tuple(
                Evidence(item["kind"], item["ref"], item["text"]) for item in one["evidence"]
            ),
        )
        for section in document["sections"]
        for one in section["statements"]
    )


def _must_fit(report: Report, file: EditFile, based_on: int) -> None:
    """Refuse before any work what the transaction would refuse, too."""
    if file.report_id not in (None, report.id):
        raise InputError(
            f"The file was made from report {file.report_id}, not from report {report.id}.",
            "Edit that one, or take out the file's first line.",
            code="other-report",
        )
    _must_be_editable(report.id, report.status)
    _must_be_last(report.id, based_on, report.last.number)


def _must_be_editable(report_id: int, status: str) -> None:
    if status in EDITABLE:
        return
    mend = "Draft the study again." if status == "cancelled" else "Add an addendum to it."
    raise InputError(
        f"Report {report_id} is {status} and cannot be edited.", mend, code="not-editable"
    )


def _must_be_last(report_id: int, based_on: int, last: int) -> None:
    if not 1 <= based_on <= last:
        raise NotFoundError(
            f"Report {report_id} has no version {based_on}.", f"Its versions are 1 to {last}."
        )
    if based_on != last:
        raise ConflictError(
            f"Version {based_on} of report {report_id} was edited, but somebody else's version "
            f"{last} came first.",
            f"Your file is as it was and nothing was recorded: look at `medmm reports show "
            f"{report_id} --version {last}` and `medmm reports diff {report_id} {based_on} "
            f"{last}`, then edit version {last}.",
            based_on=based_on,
            last=last,
        )


def _order(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (section["name"], one["id"])
        for section in document["sections"]
        for one in section["statements"]
    ]


def _checked(home: Home, made: Edited, recheck: Recheck | None) -> dict[str, Any]:
    """The document with a line of checks for what was written: said again, or not known."""
    document = made.document
    written = [one for one in statements_of(document) if one.id in set(made.written)]
    said = recheck(written, shown(home, document)) if recheck and written else None
    if said is None:
        said = [Check(one.id, "edit", "cannot tell", NOT_CHECKED) for one in written]
    lines = [
        {
            "statement": one.statement,
            "check": one.check,
            "result": one.result,
            "reason": one.reason,
        }
        for one in said
    ]
    return {**document, "checks": [*document["checks"], *lines]}


def _last_number(session: Session, report_id: int) -> int:
    wanted = select(func.max(VersionRow.number)).where(VersionRow.report_id == report_id)
    return session.scalar(wanted) or 0


def _files_of(session: Session, report_id: int, number: int) -> list[KeptFile]:
    """The files that a version rests on; the one after it rests on the same."""
    rows = session.scalars(
        select(FileRow)
        .join(VersionRow, FileRow.version_id == VersionRow.id)
        .where(VersionRow.report_id == report_id, VersionRow.number == number)
    )
    return [KeptFile(row.folder, row.name, row.size) for row in rows]
