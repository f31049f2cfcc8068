"""What of a report calls for attention: counted once for each version, and who acknowledged it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVarTuple

from sqlalchemy import Select, delete, exists, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from medmm.database import Database, hold
from medmm.errors import InputError, NotFoundError
from medmm.records.job_tables import AcknowledgementRow, CriticalRow, FlagRow
from medmm.records.statuses import person
from medmm.records.tables import ReportRow, VersionRow

Row = TypeVarTuple("Row")
LONGEST = 200
METHODS = ("", "in person", "by phone", "by message")
"""How somebody was told (ACR practice parameter for communication of imaging findings)."""


@dataclass(frozen=True)
class Flags:
    """What a version's document holds; ``critical`` gives the words by the rule they meet."""

    contradicted: int
    warnings: int
    critical: Mapping[str, str]


@dataclass(frozen=True)
class Acknowledged:
    """Who took note of a critical finding, in which version, when; whom they told and how."""

    rule: str
    version: int
    author: str
    time: datetime
    told: str
    method: str


@dataclass(frozen=True)
class Critical:
    """A critical finding of a report's last version; ``found`` is when that was written."""

    rule: str
    text: str
    version: int
    found: datetime
    acknowledged: Acknowledged | None


def unflagged(
    database: Database, rules: str, limit: int, reports: Sequence[int] | None = None
) -> list[tuple[int, str]]:
    """Last versions that were not counted by this table of rules: number of the row, document."""
    wanted = (
        _last(select(VersionRow.id, VersionRow.document))
        .where(
            ~exists().where(FlagRow.version_id == VersionRow.id, FlagRow.rules == rules),
        )
        .order_by(VersionRow.id.desc())
        .limit(limit)
    )
    if reports is not None:
        wanted = wanted.where(VersionRow.report_id.in_(reports))
    with database.read() as session:
        return [(number, document) for number, document in session.execute(wanted)]


def keep(database: Database, rules: str, counted: Mapping[int, Flags]) -> None:
    """Keep what was counted; another process may have counted the same at the same time."""
    with database.write() as session:
        hold(session, "report-flags")
        # A version may have been erased since it was read.
        there = set(session.scalars(select(VersionRow.id).where(VersionRow.id.in_(counted))))
        session.execute(delete(CriticalRow).where(CriticalRow.version_id.in_(there)))
        session.execute(delete(FlagRow).where(FlagRow.version_id.in_(there)))
        insert = (
            postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        )
        for number in sorted(there):
            flags = counted[number]
            values = {
                "version_id": number,
                "rules": rules,
                "contradicted": flags.contradicted,
                "warnings": flags.warnings,
            }
            session.execute(insert(FlagRow).values(values).on_conflict_do_nothing())
            session.add_all(
                CriticalRow(version_id=number, rule=rule, text=text)
                for rule, text in flags.critical.items()
            )


def criticals(database: Database, report: int) -> list[Critical]:
    """The critical findings of a report's last version, as far as it was counted."""
    wanted = _last(select(CriticalRow, VersionRow.number, VersionRow.created)).where(
        CriticalRow.version_id == VersionRow.id, VersionRow.report_id == report
    )
    with database.read() as session:
        found = session.execute(wanted.order_by(CriticalRow.id)).all()
        known = acknowledgements(session, [report]).get(report, {})
    return [
        Critical(row.rule, row.text, number, created, known.get(row.rule))
        for row, number, created in found
    ]


def acknowledgements(
    session: Session, reports: Sequence[int]
) -> dict[int, dict[str, Acknowledged]]:
    """What was acknowledged of some reports: by report, by rule."""
    rows = session.scalars(
        select(AcknowledgementRow).where(AcknowledgementRow.report_id.in_(reports))
    )
    found: dict[int, dict[str, Acknowledged]] = {}
    for row in rows:
        given = Acknowledged(row.rule, row.version, row.author, row.time, row.told, row.method)
        found.setdefault(row.report_id, {})[row.rule] = given
    return found


def acknowledge(
    database: Database,
    report: int,
    rule: str,
    *,
    author: str,
    told: str = "",
    method: str = "",
    also: Callable[[Session], object],
) -> Acknowledged:
    """Record that a person took note of a critical finding; ``also`` is done last with it.

    Raises:
        NotFoundError: the report's last version has no such finding.
        InputError: somebody acknowledged it before (code "acknowledged"), the words are too long,
            or there is no such way to tell.
        UsageError: the author is no person.
    """
    name, line = person(author), " ".join(told.split())
    if len(line) > LONGEST:
        raise InputError(f"The name has {len(line)} characters.", f"Use at most {LONGEST}.")
    if method not in METHODS:
        raise InputError("There is no such way to tell.", "Choose one of the list.")
    with database.write() as session:
        hold(session, f"report {report}")
        version = session.scalar(
            _last(select(VersionRow.number))
            .join(CriticalRow, CriticalRow.version_id == VersionRow.id)
            .where(VersionRow.report_id == report, CriticalRow.rule == rule)
        )
        if version is None:
            raise NotFoundError(f"Report {report} has no such critical finding (any more).")
        before = acknowledgements(session, [report]).get(report, {}).get(rule)
        if before is not None:
            raise InputError(f"{before.author} acknowledged it before.", code="acknowledged")
        row = AcknowledgementRow(
            report_id=report,
            rule=rule,
            version=version,
            author=name,
            time=datetime.now(UTC),
            told=line,
            method=method,
        )
        session.add(row)
        session.flush()
        also(session)
    return Acknowledged(row.rule, row.version, row.author, row.time, row.told, row.method)


def open_critical() -> Any:
    """Whether a version tells a critical finding that nobody acknowledged (for a WHERE)."""
    noted = exists().where(
        AcknowledgementRow.report_id == ReportRow.id, AcknowledgementRow.rule == CriticalRow.rule
    )
    return exists().where(CriticalRow.version_id == VersionRow.id, ~noted)


def _last(wanted: Select[*Row]) -> Select[*Row]:
    """Only the last version of each report."""
    other = aliased(VersionRow)
    last = (
        select(func.max(other.number))
        .where(other.report_id == VersionRow.report_id)
        .correlate(VersionRow)
        .scalar_subquery()
    )
    return wanted.where(VersionRow.number == last)
