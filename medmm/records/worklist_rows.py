"""The worklist's lines: a fixed number of queries for a page, however many studies there are.

Pages go by the study's number (``before``), not by an offset: what comes in meanwhile moves
nothing, and the last page costs what the first does.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased, defer

from medmm.database import storable
from medmm.records import jobs
from medmm.records.job_tables import CriticalRow, FlagRow, JobRow
from medmm.records.jobs import Job
from medmm.records.report_flags import Acknowledged, acknowledgements, open_critical
from medmm.records.statuses import EDITABLE
from medmm.records.tables import (
    PatientRow,
    ReportRow,
    SeriesRow,
    StatusRow,
    StudyRow,
    VersionRow,
)
from medmm.records.words import fold

Row = TypeVarTuple("Row")


@dataclass(frozen=True)
class Wanted:
    """What is looked for; whatever is empty does not count.

    ``words`` are looked for as `medmm.records.studies.list_studies` does. ``status`` is a report's,
    or "none", or "drafting". ``person`` wrote, handed on, signed or asked for something of it.
    ``since`` and ``until`` are moments of the study in the local time of its device, ISO 8601.
    """

    words: str = ""
    status: str = ""
    modality: str = ""
    person: str = ""
    since: str = ""
    until: str = ""
    flagged: bool = False


@dataclass(frozen=True)
class ReportLine:
    """The newest report of a study. ``person`` is who last had a hand in it, empty: a machine."""

    id: int
    status: str
    version: int
    person: str
    changed: datetime
    contradicted: int
    warnings: int
    critical: tuple[tuple[str, str, Acknowledged | None], ...]


@dataclass(frozen=True)
class Line:
    """One study of the list; ``modalities`` counts its series by modality."""

    id: int
    patient_name: str
    patient_id: str
    sex: str
    age: str
    date: str
    description: str
    created: datetime
    modalities: Counter[str]
    refused: int
    report: ReportLine | None
    job: Job | None


@dataclass
class _Reports:
    """What is known of the reports of a page, by report."""

    versions: dict[int, VersionRow]
    people: dict[int, tuple[datetime, str]]
    flags: dict[int, FlagRow]
    critical: dict[int, list[CriticalRow]]
    noted: dict[int, dict[str, Acknowledged]] = field(default_factory=dict)


def page(session: Session, wanted: Wanted, before: int | None, limit: int) -> list[Line]:
    """Studies that match, newest first, those with a smaller number than ``before``."""
    query = _matching(select(StudyRow, ReportRow, VersionRow), wanted)
    if before is not None:
        query = query.where(StudyRow.id < before)
    # A document may have hundreds of kilobytes, and none of it is in a line.
    query = query.options(defer(VersionRow.document))
    found = session.execute(query.order_by(StudyRow.id.desc()).limit(limit)).all()
    studies = [study.id for study, _, _ in found]
    people = {
        one.id: one
        for one in session.scalars(
            select(PatientRow).where(PatientRow.id.in_({study.patient_id for study, _, _ in found}))
        )
    }
    kinds, refused = _series(session, studies)
    newest = jobs.latest_of(session, studies)
    reports = _reports(session, [version for _, _, version in found if version is not None])
    return [
        Line(
            id=study.id,
            patient_name=people[study.patient_id].name,
            patient_id=people[study.patient_id].patient_id,
            sex=people[study.patient_id].sex,
            age=study.patient_age,
            date=study.date,
            description=study.description,
            created=study.created,
            modalities=kinds.get(study.id, Counter()),
            refused=refused[study.id],
            report=_report(report, reports) if report is not None else None,
            job=newest.get(study.id),
        )
        for study, report, _ in found
    ]


def count(session: Session, wanted: Wanted) -> int:
    """How many studies match."""
    return session.scalar(_matching(select(func.count(StudyRow.id)), wanted)) or 0


def modalities(session: Session) -> list[str]:
    """All modalities that studies of the home have."""
    found = session.scalars(
        select(SeriesRow.modality).where(SeriesRow.superseded.is_(None)).distinct()
    )
    return sorted(one for one in found if one)


def names(session: Session, studies: Sequence[int]) -> dict[int, str]:
    """The patient's name of each study, as it is kept."""
    wanted = select(StudyRow.id, PatientRow.name).join(PatientRow)
    found = session.execute(wanted.where(StudyRow.id.in_(studies)))
    return {study: name for study, name in found}  # noqa: C416  # a row is no pair to mypy


def _matching(query: Select[*Row], wanted: Wanted) -> Select[*Row]:
    other, later = aliased(ReportRow), aliased(VersionRow)
    newest = (
        select(func.max(other.id))
        .where(other.study_id == StudyRow.id)
        .correlate(StudyRow)
        .scalar_subquery()
    )
    last = (
        select(func.max(later.number))
        .where(later.report_id == ReportRow.id)
        .correlate(ReportRow)
        .scalar_subquery()
    )
    return (
        query.select_from(StudyRow)
        .outerjoin(ReportRow, ReportRow.id == newest)
        .outerjoin(
            VersionRow, and_(VersionRow.report_id == ReportRow.id, VersionRow.number == last)
        )
        .where(*_conditions(wanted))
    )


def _conditions(wanted: Wanted) -> Iterable[ColumnElement[bool]]:
    for word in fold(storable(wanted.words)).split():
        yield StudyRow.search_text.contains(word, autoescape=True)
    if wanted.status == "none":
        yield ReportRow.id.is_(None)
    elif wanted.status == "drafting":
        yield exists().where(
            JobRow.study_id == StudyRow.id, JobRow.kind == "draft", JobRow.status.in_(jobs.ACTIVE)
        )
    elif wanted.status:
        yield ReportRow.status == wanted.status
    if wanted.modality:
        yield exists().where(
            SeriesRow.study_id == StudyRow.id,
            SeriesRow.superseded.is_(None),
            SeriesRow.modality == wanted.modality,
        )
    if wanted.person:
        yield _mine(wanted.person)
    yield from _ages(wanted)
    if wanted.flagged:
        yield _flagged()


def _ages(wanted: Wanted) -> Iterable[ColumnElement[bool]]:
    """By the study's own time; one that has none counts by when it came in."""
    bare = StudyRow.date == ""
    if wanted.since:
        came = StudyRow.created >= _moment(wanted.since)
        # A date without a time is of that day, whenever in it.
        day = StudyRow.date == wanted.since[:10]
        yield or_(StudyRow.date >= wanted.since, day, and_(bare, came))
    if wanted.until:
        came = StudyRow.created < _moment(wanted.until)
        yield or_(and_(~bare, StudyRow.date < wanted.until), and_(bare, came))


def _moment(local: str) -> datetime:
    return datetime.fromisoformat(local).astimezone(UTC)


def _mine(name: str) -> ColumnElement[bool]:
    wrote, stepped = aliased(VersionRow), aliased(StatusRow)
    return or_(
        exists().where(wrote.report_id == ReportRow.id, wrote.author == name),
        exists().where(stepped.report_id == ReportRow.id, stepped.author == name),
        exists().where(JobRow.study_id == StudyRow.id, JobRow.owner == name),
    )


def _flagged() -> ColumnElement[bool]:
    """A critical finding is open until it is acknowledged; the rest until the report is signed."""
    counted = exists().where(
        FlagRow.version_id == VersionRow.id,
        or_(FlagRow.contradicted > 0, FlagRow.warnings > 0),
    )
    unsigned = ReportRow.status.in_(sorted(EDITABLE))
    return or_(and_(unsigned, counted), and_(ReportRow.status != "cancelled", open_critical()))


def _series(
    session: Session, studies: Sequence[int]
) -> tuple[dict[int, Counter[str]], Counter[int]]:
    kinds: dict[int, Counter[str]] = {}
    refused: Counter[int] = Counter()
    wanted = select(SeriesRow.study_id, SeriesRow.modality, SeriesRow.status, func.count()).where(
        SeriesRow.study_id.in_(studies), SeriesRow.superseded.is_(None)
    )
    grouped = wanted.group_by(SeriesRow.study_id, SeriesRow.modality, SeriesRow.status)
    for study, modality, status, number in session.execute(grouped.order_by(SeriesRow.modality)):
        kinds.setdefault(study, Counter())[modality] += number
        if status == "refused":
            refused[study] += number
    return kinds, refused


def _reports(session: Session, versions: Sequence[VersionRow]) -> _Reports:
    numbers = [one.id for one in versions]
    reports = [one.report_id for one in versions]
    critical: dict[int, list[CriticalRow]] = {}
    for row in session.scalars(select(CriticalRow).where(CriticalRow.version_id.in_(numbers))):
        critical.setdefault(row.version_id, []).append(row)
    return _Reports(
        versions={one.report_id: one for one in versions},
        people=_people(session, reports),
        flags={
            row.version_id: row
            for row in session.scalars(select(FlagRow).where(FlagRow.version_id.in_(numbers)))
        },
        critical=critical,
        noted=acknowledgements(session, reports),
    )


def _people(session: Session, reports: Sequence[int]) -> dict[int, tuple[datetime, str]]:
    """The last person of each report: who wrote in it, or changed its status, whatever is later."""
    edits = (
        select(VersionRow.report_id, func.max(VersionRow.number).label("number"))
        # Version 1 is the machine's.
        .where(VersionRow.report_id.in_(reports), VersionRow.number > 1)
        .group_by(VersionRow.report_id)
        .subquery()
    )
    steps = (
        select(StatusRow.report_id, func.max(StatusRow.number).label("number"))
        .where(StatusRow.report_id.in_(reports))
        .group_by(StatusRow.report_id)
        .subquery()
    )
    found: dict[int, tuple[datetime, str]] = {}
    wanted = (
        select(VersionRow.report_id, VersionRow.created, VersionRow.author).join(
            edits,
            and_(edits.c.report_id == VersionRow.report_id, edits.c.number == VersionRow.number),
        ),
        select(StatusRow.report_id, StatusRow.time, StatusRow.author).join(
            steps,
            and_(steps.c.report_id == StatusRow.report_id, steps.c.number == StatusRow.number),
        ),
    )
    for one in wanted:
        for report, time, author in session.execute(one):
            if report not in found or found[report][0] <= time:
                found[report] = (time, author)
    return found


def _report(report: ReportRow, known: _Reports) -> ReportLine:
    version = known.versions[report.id]
    flags = known.flags.get(version.id)
    unsigned = report.status in EDITABLE
    noted = known.noted.get(report.id, {})
    time, person = known.people.get(report.id, (version.created, ""))
    return ReportLine(
        id=report.id,
        status=report.status,
        version=version.number,
        person=person,
        changed=max(time, version.created),
        contradicted=flags.contradicted if flags and unsigned else 0,
        warnings=flags.warnings if flags and unsigned else 0,
        critical=tuple(
            (row.rule, row.text, noted.get(row.rule))
            for row in known.critical.get(version.id, [])
            if report.status != "cancelled"
        ),
    )
