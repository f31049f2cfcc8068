"""Copies of a patient's data in the home's other folders, found by what names the patient."""

import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from medmm.home import Home
from medmm.records.patients import is_placeholder
from medmm.records.tables import PatientRow, SeriesRow, StudyRow

# What may hold a copy that goes with the patient, and what a person has to look at: a training
# run's or a log's other lines may be needed, and so may the home that a restore put aside.
GOES, TOLD = ("cache", "quarantine"), ("runs", "logs", "before-restore-*", "restoring")
# Shorter ones stand by chance in any large file.
SHORTEST = 6


@dataclass(frozen=True)
class Copies:
    """Files by their path in the home: those that go, and those that a person has to look at."""

    gone: tuple[str, ...] = ()
    told: tuple[str, ...] = ()

    def with_more(self, more: "Copies") -> "Copies":
        """Both, each file once."""
        gone, told = {*self.gone, *more.gone}, {*self.told, *more.told}
        return Copies(tuple(sorted(gone)), tuple(sorted(told)))


def traces(session: Session, patient: int) -> list[bytes]:
    """What names the patient in a file: UIDs of studies and series, PatientID and name."""
    person = session.get_one(PatientRow, patient)
    studies = select(StudyRow.id).where(StudyRow.patient_id == patient)
    found = {person.name, person.name.replace("^", " ")}
    if not is_placeholder(person.patient_id):
        found.add(person.patient_id)
    found |= set(session.scalars(select(StudyRow.uid).where(StudyRow.patient_id == patient)))
    found |= set(session.scalars(select(SeriesRow.uid).where(SeriesRow.study_id.in_(studies))))
    found = {one.strip() for one in found}
    return sorted(one.encode("utf-8") for one in found if len(one) >= SHORTEST)


def copies(home: Home, wanted: Sequence[bytes]) -> Copies:
    """Files that hold any of these bytes. Compressed files are not opened."""
    gone, told = (
        tuple(str(path.relative_to(home.path)) for path in _holding(home, folders, wanted))
        for folders in (GOES, TOLD)
    )
    return Copies(gone, told)


def _holding(home: Home, folders: Sequence[str], wanted: Sequence[bytes]) -> Iterator[Path]:
    for folder in folders:
        for path in sorted(home.path.glob(f"{folder}/**/*")):
            if path.is_file() and not path.is_symlink() and _holds(path, wanted):
                yield path


def _holds(path: Path, wanted: Sequence[bytes]) -> bool:
    if any(one in str(path).encode("utf-8", "surrogateescape") for one in wanted):
        return True
    try:
        with path.open("rb") as file:
            if not path.stat().st_size:
                return False
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                return any(mapped.find(one) >= 0 for one in wanted)
    except FileNotFoundError:
        # A cache may be written anew while we look.
        return False
