"""Erasing a patient on request: a tombstone in the audit chain stays, and nothing else in the home.

In one transaction the patient's rows go and the event comes; what is outside the database (files,
free pages) is listed before the commit and removed after it, by the next who opens the home if
need be. A right to erasure (GDPR article 17) that a hospital grants, not one that medmm decides on.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from medmm.database import Database, hold
from medmm.errors import MedmmError, NotFoundError, UsageError
from medmm.home import WRITING, Home
from medmm.records.erasing.copies import Copies, copies, traces
from medmm.records.erasing.files import (
    Work,
    drop_list,
    is_erased,
    listed,
    put_list,
    read_list,
    remove_files,
)
from medmm.records.erasing.rows import Belongings, belongings, delete_rows, hold_rows
from medmm.records.erasing.scrubbing import scrub
from medmm.records.erasing.tombstones import Erased
from medmm.records.erasing.triggers import lifted
from medmm.records.signing_tables import AddendumRow, SignatureRow
from medmm.records.tables import FileRow, PatientRow, StudyRow

LOCK = "erasing"
AGAIN = "Open the home again once that is mended; `medmm db check` tells until it is done."
_CODE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,38}[A-Za-z0-9._-])?")
_WORD = re.compile(r"[a-z0-9]{3,}")


@dataclass(frozen=True)
class Outcome:
    """What went, and sentences on what is still there: to be finished, to be looked at."""

    erased: Erased
    unfinished: tuple[str, ...]
    look_at: tuple[str, ...]


def _silent(_: str) -> None:
    """Progress that nobody asked for."""


def reason_code(given: str) -> str:
    """A reason as a code that can say nothing of a patient.

    Raises:
        UsageError: it is empty, over-long, or has other characters than a code has.
    """
    if _CODE.fullmatch(given) is None:
        raise UsageError(
            "The reason is no short code.",
            "Give at most 40 letters without accents, digits, spaces and . _ - as in GDPR-17.",
        )
    return given


def patient_of_study(database: Database, study_id: int) -> int:
    """The number of the patient whose study this is.

    Raises:
        NotFoundError: there is no such study.
    """
    with database.read() as session:
        found = session.get(StudyRow, study_id)
    if found is None:
        raise NotFoundError(f"There is no study {study_id} in this home.")
    return found.patient_id


def extent(database: Database, patient: int) -> Erased:
    """What would go with a patient now.

    Raises:
        NotFoundError: there is no such patient.
    """
    with database.read() as session:
        _person(session, patient)
        return _extent(session, belongings(session, patient))[0]


def erase_patient(
    database: Database,
    home: Home,
    patient: int,
    *,
    reason: str,
    also: Callable[[Session, Erased], object],
    progress: Callable[[str], None] = _silent,
) -> Outcome:
    """Erase a patient: rows, words in the index, files, copies, and what the database would keep.

    ``also`` is done last in the transaction: recording the event. Who writes something of this
    patient at the same time comes before, and it is erased, too, or finds no patient any more.

    Raises:
        NotFoundError: there is no such patient.
        UsageError: the reason is no code, or names the patient.
        HomeError: the database or the disk cannot be used now; nothing was erased.
    """
    reason_code(reason)
    progress("waiting for another erasing")
    with home.lock(LOCK):
        # Before the transaction, as it may read much, and others wait for us from there on.
        with database.read() as session:
            _person(session, patient)
            wanted = traces(session, patient)
        found = copies(home, wanted)
        try:
            with database.write() as session:
                found = found.with_more(_new_copies(session, home, patient, wanted))
                erased = _delete(session, home, patient, reason, found, progress)
                also(session, erased)
                progress("recorded")
        except BaseException:
            # If the commit came through all the same, the list is worked off.
            with suppress(MedmmError):
                _finish(database, home, progress)
            raise
        progress("committed")
        look_at = tuple(f"{home.path / name} names the patient." for name in found.told)
        return Outcome(erased, tuple(_finish(database, home, progress)), look_at)


def finish(database: Database, home: Home) -> list[str]:
    """Finish what a killed process left of an erasing; what cannot be done, a sentence each.

    While somebody erases, or writes files, it is left to them or to the next.
    """
    if not listed(home):
        return []
    with home.try_lock(LOCK) as free:
        return _finish(database, home, _silent, wait=False) if free else []


def unfinished(home: Home) -> list[str]:
    """Each erasing that is not finished, for `db check`."""
    return [
        f"{path} is there: an erased patient's files, or what the database keeps of deleted rows, "
        f"may be there still. {AGAIN}"
        for path in listed(home)
    ]


def _finish(
    database: Database, home: Home, progress: Callable[[str], None], *, wait: bool = True
) -> list[str]:
    """Work off the lists, with `LOCK` held."""
    problems: list[str] = []
    committed, cleared = False, []
    for path in listed(home):
        try:
            work = read_list(path)
            with database.read() as session:
                erased = is_erased(session, work)
            committed = committed or erased
            if not erased:
                drop_list(home, work.patient)
            elif _files_removed(database, home, work, progress, wait=wait):
                cleared.append(work.patient)
            else:
                problems.append(f"Others are writing files, so {path} waits. {AGAIN}")
        except MedmmError as error:
            problems.append(str(error))
    return problems + (_rewritten(database, home, cleared, progress) if committed else [])


def _rewritten(
    database: Database, home: Home, cleared: list[int], progress: Callable[[str], None]
) -> list[str]:
    """Rewrite the database, and drop the lists of which nothing is left then."""
    progress("rewriting the database")
    left = [f"{one} {AGAIN}" for one in scrub(database)]
    if left:
        return left
    progress("rewritten")
    try:
        for patient in cleared:
            drop_list(home, patient)
    except MedmmError as error:
        return [str(error)]
    return []


def _files_removed(
    database: Database, home: Home, work: Work, progress: Callable[[str], None], *, wait: bool
) -> bool:
    """Whether the listed files are gone; with ``wait`` until nobody writes files."""
    if not wait:
        with home.try_lock(WRITING) as free:
            if free:
                _remove(database, home, work)
            return free
    progress("waiting for who is writing files")
    with home.lock(WRITING):
        progress("removing files")
        _remove(database, home, work)
    progress("files removed")
    return True


def _remove(database: Database, home: Home, work: Work) -> None:
    with database.read() as session:
        remove_files(session, home, work)


def _delete(
    session: Session,
    home: Home,
    patient: int,
    reason: str,
    copied: Copies,
    progress: Callable[[str], None],
) -> Erased:
    """Delete within the transaction, and list what is to be removed after it; what goes."""
    # As who stores a study does: one of this patient comes before or after.
    hold(session, "studies")
    _must_not_name(reason, session, _person(session, patient))
    found = _held(session, patient)
    erased, files = _extent(session, found)
    with lifted(session, found.tables):
        delete_rows(session, found)
    progress("deleted")
    put_list(home, Work(patient, (*files, *copied.gone)))
    progress("listed")
    return erased


def _new_copies(session: Session, home: Home, patient: int, wanted: list[bytes]) -> Copies:
    """Copies of what came to the patient since they were looked for."""
    hold(session, "studies")
    _person(session, patient)
    new = set(traces(session, patient)) - set(wanted)
    return copies(home, sorted(new)) if new else Copies()


def _held(session: Session, patient: int) -> Belongings:
    """The patient's rows, with nobody adding to them or changing them until the commit."""
    for name in ("patients", "studies"):
        hold_rows(session, name, belongings(session, patient))
    # By number, as two who hold several do not meet each other then.
    for report in belongings(session, patient).numbers("reports"):
        hold(session, f"report {report}")
    # Who only adds what refers to a report, as an unfinished text, does not hold the report.
    for name in belongings(session, patient).parents:
        hold_rows(session, name, belongings(session, patient))
    return belongings(session, patient)


def _person(session: Session, patient: int) -> PatientRow:
    person = session.get(PatientRow, patient)
    if person is None:
        raise NotFoundError(
            f"There is no such patient in this home: {patient}.",
            "`medmm studies` gives each study's patient by number.",
        )
    return person


def _must_not_name(reason: str, session: Session, person: PatientRow) -> None:
    """Refuse a reason that would leave in the chain what is to be erased."""
    wanted = select(StudyRow.accession, StudyRow.uid).where(StudyRow.patient_id == person.id)
    told = [person.name, person.patient_id, person.birth_date]
    told += [text for row in session.execute(wanted) for text in row]
    words = {word for text in told for word in _WORD.findall(text.casefold())}
    if words & set(_WORD.findall(reason.casefold())):
        raise UsageError(
            "The reason names the patient, and it would stay in the audit trail.",
            "Give a code that says nothing of the patient, as in GDPR-17.",
        )


def _extent(session: Session, found: Belongings) -> tuple[Erased, list[str]]:
    """What goes, and the kept files that no other row names."""
    [patient], reports = found.numbers("patients"), found.numbers("reports")
    files = _own_files(session, found)
    erased = Erased(
        patient=patient,
        studies=tuple(found.numbers("studies")),
        series=len(found.numbers("series")),
        reports=tuple(reports),
        versions=len(found.numbers("report_versions")),
        files=len(files),
        bytes=sum(files.values()),
        signed=_signed(session, reports),
    )
    return erased, list(files)


def _own_files(session: Session, found: Belongings) -> dict[str, int]:
    """Size by path in the home of each file that the patient's rows name and no other row does."""
    wanted = select(FileRow.id, FileRow.folder, FileRow.name, FileRow.size)
    mine = {
        row.id: row
        for condition in found.conditions("files")
        for row in session.execute(wanted.where(condition))
    }
    own: dict[str, int] = {}
    for _, folder, name, size in mine.values():
        naming = select(FileRow.id).where(FileRow.folder == folder, FileRow.name == name)
        if set(session.scalars(naming)) <= set(mine):
            own[f"{folder}/{name}"] = size
    return own


def _signed(session: Session, reports: list[int]) -> dict[int, tuple[str, ...]]:
    signed: dict[int, tuple[str, ...]] = {}
    for report in reports:
        hashes = [
            one
            for row in (SignatureRow, AddendumRow)
            for one in session.scalars(select(row.bound_sha256).where(row.report_id == report))
        ]
        if hashes:
            signed[report] = tuple(hashes)
    return signed
