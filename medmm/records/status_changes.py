"""Changes of a report's status, each a row with author, time and reason, in one transaction."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from medmm.database import Database, hold
from medmm.errors import NotFoundError
from medmm.nouns.draft import ReportStatus
from medmm.records.audit import Also
from medmm.records.statuses import move, person, reason_given
from medmm.records.tables import ReportRow, StatusRow


@dataclass(frozen=True)
class StatusChange:
    """One change; ``number`` counts from 1 within the report, ``time`` is ISO 8601 in UTC."""

    number: int
    status: str
    author: str
    time: str
    reason: str


def hand_on(
    database: Database,
    report_id: int,
    *,
    author: str,
    reason: str = "",
    also: Also | None = None,
) -> ReportStatus:
    """A reporter hands a draft on: it becomes ``preliminary``.

    ``also`` is done last in the same transaction: recording the event.

    Raises:
        NotFoundError: there is no such report.
        InputError: it is past a draft.
        UsageError: the author is no person.
    """
    with database.write() as session:
        status = change_status(session, report_id, "preliminary", author=author, reason=reason)
        if also is not None:
            also(session)
    return status


def cancel_report(
    database: Database,
    report_id: int,
    *,
    author: str,
    reason: str,
    also: Also | None = None,
) -> ReportStatus:
    """A person gives up a report that was never signed; it stays readable and is found.

    ``also`` is done last in the same transaction: recording the event.

    Raises:
        NotFoundError: there is no such report.
        InputError: it is signed, or cancelled already.
        UsageError: the author is no person, or there is no reason.
    """
    why = reason_given(reason, needed=True)
    with database.write() as session:
        status = change_status(session, report_id, "cancelled", author=author, reason=why)
        if also is not None:
            also(session)
    return status


def change_status(
    session: Session, report_id: int, wanted: str, *, author: str, reason: str = ""
) -> ReportStatus:
    """Record a step to ``wanted`` in the caller's write transaction, alone on this report.

    Raises:
        NotFoundError: there is no such report.
        InputError: the step is not legal.
        UsageError: the author is no person, or the reason cannot be shown.
    """
    name, why = person(author), reason_given(reason)
    row = held_report(session, report_id)
    row.status = status = move(row.status, wanted)
    last = session.scalar(
        select(func.max(StatusRow.number)).where(StatusRow.report_id == report_id)
    )
    session.add(
        StatusRow(
            report_id=report_id,
            number=(last or 0) + 1,
            status=status,
            author=name,
            time=datetime.now(UTC),
            reason=why,
        )
    )
    session.flush()
    return status


def held_report(session: Session, report_id: int) -> ReportRow:
    """A report's row as it is now, with nobody else changing the report until the commit.

    Raises:
        NotFoundError: there is no such report.
    """
    hold(session, f"report {report_id}")
    row = session.get(ReportRow, report_id)
    if row is None:
        raise NotFoundError(
            f"There is no report {report_id} in this home.", "`medmm reports list` lists them."
        )
    return row


def status_changes(database: Database, report_id: int) -> list[StatusChange]:
    """All changes of a report's status, oldest first; none while it is the machine's draft."""
    wanted = select(StatusRow).where(StatusRow.report_id == report_id).order_by(StatusRow.number)
    with database.read() as session:
        return [
            StatusChange(row.number, row.status, row.author, row.time.isoformat(), row.reason)
            for row in session.scalars(wanted)
        ]
