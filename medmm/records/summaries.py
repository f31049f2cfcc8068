"""Studies as a list shows them, a few queries for the whole list."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from medmm.nouns import Patient
from medmm.records.tables import PatientRow, ReportRow, SeriesRow, StudyRow


@dataclass(frozen=True)
class StudySummary:
    """One line of a list of studies; ``created`` is when it was first stored (ISO 8601, UTC).

    ``patient_number`` counts the home's patients, as `medmm erase` takes it.
    """

    id: int
    uid: str
    patient: Patient
    date: str
    description: str
    modalities: tuple[str, ...]
    body_parts: tuple[str, ...]
    series_count: int
    report_ids: tuple[int, ...]
    created: str
    patient_number: int


def summaries(session: Session, rows: Sequence[StudyRow]) -> list[StudySummary]:
    """One summary for each row, in order."""
    studies = [row.id for row in rows]
    people = {
        person.id: person
        for person in session.scalars(
            select(PatientRow).where(PatientRow.id.in_({row.patient_id for row in rows}))
        )
    }
    series = _series(session, studies)
    reports = _reports(session, studies)
    return [
        StudySummary(
            id=row.id,
            uid=row.uid,
            patient=patient_of(people[row.patient_id], row),
            date=row.date,
            description=row.description,
            modalities=_distinct([modality for modality, _ in series[row.id]]),
            body_parts=_distinct([part for _, part in series[row.id]]),
            series_count=len(series[row.id]),
            report_ids=tuple(reports[row.id]),
            created=row.created.isoformat(),
            patient_number=row.patient_id,
        )
        for row in rows
    ]


def patient_of(person: PatientRow, study: StudyRow) -> Patient:
    """The patient as this study knows them (age is the study's)."""
    return Patient(
        id=person.patient_id,
        name=person.name,
        sex=person.sex,
        birth_date=person.birth_date,
        age=study.patient_age,
        name_bytes=study.name_bytes,
        character_set=study.character_set,
    )


def _series(session: Session, studies: list[int]) -> dict[int, list[tuple[str, str]]]:
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for study, modality, part in session.execute(
        select(SeriesRow.study_id, SeriesRow.modality, SeriesRow.body_part)
        .where(SeriesRow.study_id.in_(studies), SeriesRow.superseded.is_(None))
        .order_by(SeriesRow.id)
    ):
        found[study].append((modality, part))
    return found


def _reports(session: Session, studies: list[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for study, report in session.execute(
        select(ReportRow.study_id, ReportRow.id)
        .where(ReportRow.study_id.in_(studies))
        .order_by(ReportRow.id)
    ):
        found[study].append(report)
    return found


def _distinct(texts: list[str]) -> tuple[str, ...]:
    return tuple(text for text in dict.fromkeys(texts) if text)
