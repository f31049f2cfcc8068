"""Studies in the home: saved once however often they are read, listed, found, and loaded again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from medmm.database import Database, hold, storable
from medmm.errors import InputError, NotFoundError
from medmm.home import WRITING, Home
from medmm.nouns import Origin, Patient, Reason, Series, Study, Verdict
from medmm.records import patients
from medmm.records.content import Kept, KeptFile, keep_content
from medmm.records.revisions import Offered, Outcome, judge
from medmm.records.series import series_of, series_row
from medmm.records.summaries import StudySummary, patient_of, summaries
from medmm.records.tables import FileRow, PatientRow, SeriesRow, StudyRow
from medmm.records.words import fold


@dataclass(frozen=True)
class SavedSeries:
    """What became of one series; ``id`` is the row that counts now, ``reason`` tells a conflict."""

    id: int
    uid: str
    key: str
    outcome: Outcome
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True)
class Saved:
    """What became of a study: its number, its series in the order given, what to tell the user."""

    study_id: int
    new: bool
    series: tuple[SavedSeries, ...]
    warnings: tuple[str, ...] = ()


def save_study(
    database: Database,
    home: Home,
    study: Study,
    *,
    also: Callable[[Session, Saved], object] | None = None,
) -> Saved:
    """Keep a study: its pixels on the disk first, then all of its rows in one transaction.

    The same files again give the same numbers and change nothing. A series whose content turns out
    unreadable is kept as refused, with the reason. ``also`` is done last in the same transaction
    with what became of the study: recording the event.

    Raises:
        StorageError: the disk is full, read-only or failing; nothing of this study was changed.
    """
    now = datetime.now(UTC)
    # Erasing another patient must not remove a file that was found on the disk just now.
    with home.lock(WRITING, shared=True):
        kept = [_keep(home, series) for series in study.series]
        with database.write() as session:
            hold(session, "studies")
            row, new, warning = _study_row(session, study, now)
            saved = tuple(
                _save_series(session, home, row, series, content, now) for series, content in kept
            )
            session.flush()
            row.search_text = _search_text(session, row)
            told = Saved(row.id, new, saved, (warning,) if warning else ())
            if also is not None:
                also(session, told)
    return told


def load_study(database: Database, home: Home, study_id: int) -> Study:
    """A study of the home; its series load their content from the pixel store when asked.

    Raises:
        NotFoundError: there is none of this number.
    """
    with database.read() as session:
        row = session.get(StudyRow, study_id)
        if row is None:
            raise _no_study(str(study_id))
        patient = patient_of(session.get_one(PatientRow, row.patient_id), row)
        origin = Origin(row.uid, patient, row.date, row.description, row.accession)
        series = [series_of(home, one, origin) for one in _current(session, study_id)]
    return Study(
        uid=row.uid,
        patient=patient,
        series=tuple(series),
        date=row.date,
        description=row.description,
        id=row.id,
    )


def find_study(database: Database, name: str) -> int:
    """The number of the study that a user names by number or by StudyInstanceUID.

    Raises:
        NotFoundError: there is none.
        InputError: two patients' studies share the UID.
    """
    name = name.strip()
    with database.read() as session:
        number = int(name) if name.isascii() and name.isdigit() and len(name) <= 9 else 0
        if session.get(StudyRow, number) is not None:
            return number
        found = session.scalars(select(StudyRow.id).where(StudyRow.uid == name)).all()
    if not found:
        raise _no_study(name)
    if len(found) > 1:
        numbers = ", ".join(str(number) for number in found)
        raise InputError(
            "Studies of several patients share this StudyInstanceUID.",
            f"Name one by its number: {numbers}.",
            code="several-studies",
        )
    return found[0]


def list_studies(database: Database, query: str = "", limit: int = 100) -> list[StudySummary]:
    """Studies, newest first, in which every word of ``query`` stands.

    Looked through: patient's name and id, StudyInstanceUID, accession number, date, description,
    and the series' modalities, body parts and descriptions; case and accents do not count.
    """
    wanted = select(StudyRow).order_by(StudyRow.id.desc()).limit(limit)
    for word in fold(storable(query)).split():
        wanted = wanted.where(StudyRow.search_text.contains(word, autoescape=True))
    with database.read() as session:
        return summaries(session, session.scalars(wanted).all())


def studies_of_patient(database: Database, study_id: int) -> list[StudySummary]:
    """The other studies of the same patient, as far as that is sure, newest by date first."""
    own = select(StudyRow.patient_id).where(StudyRow.id == study_id).scalar_subquery()
    wanted = (
        select(StudyRow)
        .where(StudyRow.patient_id == own, StudyRow.id != study_id)
        .order_by(StudyRow.date.desc(), StudyRow.id.desc())
    )
    with database.read() as session:
        return summaries(session, session.scalars(wanted).all())


def _no_study(name: str) -> NotFoundError:
    return NotFoundError(f"There is no study {name!r} in this home.", "`medmm studies` lists them.")


def _keep(home: Home, series: Series) -> tuple[Series, Kept | None]:
    """Put a series' content on the disk; one that was not loaded before is not held in memory."""
    if not series.usable:
        return series, None
    try:
        content = series.content if "content" in vars(series) else series.load()
        return series, keep_content(home, content)
    except InputError as error:
        reason = Reason(error.code, str(error), error.tag)
        verdict = replace(
            series.verdict, status="refused", reasons=(*series.verdict.reasons, reason)
        )
        return replace(series, verdict=verdict), None


def _study_row(session: Session, study: Study, now: datetime) -> tuple[StudyRow, bool, str]:
    """The study's row, whether it was added, and a sentence to tell."""
    patient = _storable(study.patient)
    same_uid = select(StudyRow, PatientRow).join(PatientRow).where(StudyRow.uid == study.uid)
    for row, person in session.execute(same_uid.order_by(StudyRow.id)):
        if not patients.contradicts(person, patient):
            return row, False, ""
    first = study.series[0] if study.series else None
    issuer = storable(first.header.get("IssuerOfPatientID", "")) if first else ""
    person, warning = patients.find_or_add(session, patient, issuer, now)
    row = StudyRow(
        uid=study.uid,
        patient_id=person.id,
        patient_age=patient.age,
        name_bytes=patient.name_bytes,
        character_set=patient.character_set,
        date=study.date,
        description=study.description,
        accession=first.origin.accession if first else "",
        search_text="",
        created=now,
    )
    session.add(row)
    session.flush()
    return row, True, warning


def _storable(patient: Patient) -> Patient:
    return replace(
        patient,
        id=storable(patient.id),
        name=storable(patient.name),
        sex=storable(patient.sex),
        birth_date=storable(patient.birth_date),
        age=storable(patient.age),
        character_set=storable(patient.character_set),
    )


def _save_series(
    session: Session,
    home: Home,
    study: StudyRow,
    series: Series,
    kept: Kept | None,
    now: datetime,
) -> SavedSeries:
    current = session.scalars(
        select(SeriesRow).where(
            SeriesRow.study_id == study.id,
            SeriesRow.uid == series.uid,
            SeriesRow.key == series.key,
            SeriesRow.superseded.is_(None),
        )
    ).one_or_none()
    offered = Offered(series.verdict, series.sop_uids, kept.meta if kept else None)
    judged = judge(current, offered, home.pixels)
    told = partial(
        SavedSeries,
        uid=series.uid,
        key=series.key,
        outcome=judged.outcome,
        verdict=series.verdict,
        reason=judged.reason,
    )
    if current is not None and judged.outcome in {"known", "conflict"}:
        return told(id=current.id)
    if current is not None:
        current.superseded = now
        session.flush()
    row = series_row(study.id, series, kept.meta if kept else None, now)
    if current is not None:
        row.revision = current.revision + 1
    session.add(row)
    session.flush()
    session.add_all(_file_row(file, row.id) for file in (kept.files if kept else ()))
    return told(id=row.id)


def _file_row(file: KeptFile, series_id: int) -> FileRow:
    return FileRow(folder=file.folder, name=file.name, size=file.size, series_id=series_id)


def _current(session: Session, study_id: int) -> Sequence[SeriesRow]:
    wanted = select(SeriesRow).where(SeriesRow.study_id == study_id, SeriesRow.superseded.is_(None))
    unnumbered = SeriesRow.number.is_(None)
    return session.scalars(
        wanted.order_by(unnumbered, SeriesRow.number, SeriesRow.uid, SeriesRow.key)
    ).all()


def _search_text(session: Session, study: StudyRow) -> str:
    patient = session.get_one(PatientRow, study.patient_id)
    told = [patient.name, patient.name.replace("^", " "), patient.patient_id, study.uid]
    told += [study.accession, study.date, study.description]
    for series in _current(session, study.id):
        told += [series.modality, series.body_part, series.description]
    return fold(" ".join(dict.fromkeys(part for part in told if part)))
