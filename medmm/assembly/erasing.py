"""Erasing a patient with rights asked and the tombstone recorded, as documents."""

import logging
from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from medmm.assembly.acting import allowed, event_of
from medmm.assembly.homes import OpenHome
from medmm.records import erasing, studies
from medmm.records.access import Thing
from medmm.records.audit import record, sealing
from medmm.records.erasing.tombstones import Erased, details

Document = dict[str, Any]
log = logging.getLogger("medmm.erasing")
BEYOND = (
    "Backups that were made before: erase the patient again after restoring one, or remove them.",
    "Files that were exported, printed or sent, and the DICOM source, which can send them again.",
    "Compressed files in cache, quarantine, runs and logs, and documents added as knowledge.",
    "Blocks of the disk that were freed, and its snapshots.",
)
BEYOND_POSTGRES = "The write-ahead log, its archive, base backups and logs of the database server."


def _silent(_: str) -> None:
    """Progress that nobody asked for."""


def patient_number(opened: OpenHome, study: str) -> int:
    """The patient of a study that is named by number or UID.

    Raises:
        NotFoundError: the home has no such study.
    """
    number = studies.find_study(opened.database, study)
    return erasing.patient_of_study(opened.database, number)


def extent(opened: OpenHome, patient: int) -> Document:
    """What would go with a patient now.

    Raises:
        AccessError: who acts may not.
        NotFoundError: there is no such patient.
    """
    allowed(opened, "erase", Thing("patient", patient))
    return {**_document(erasing.extent(opened.database, patient)), "beyond": _beyond(opened)}


def erase(
    opened: OpenHome, patient: int, *, reason: str, progress: Callable[[str], None] = _silent
) -> Document:
    """Erase a patient; what went, and what is left to be done or lies beyond the home.

    Raises:
        AccessError: who acts may not.
        NotFoundError: there is no such patient.
        UsageError: the reason is no code, or names the patient.
        HomeError: the database or the disk cannot be used now; nothing was erased.
    """
    thing = Thing("patient", patient)
    allowed(opened, "erase", thing)

    def note(session: Session, erased: Erased) -> None:
        for detail in details(erased, reason):
            record(session, event_of(opened, "erase", thing, detail=detail))

    with sealing(opened.database, opened.home):
        made = erasing.erase_patient(
            opened.database, opened.home, patient, reason=reason, also=note, progress=progress
        )
    log.info("erased patient=%d reports=%d", patient, len(made.erased.reports))
    return {
        **_document(made.erased),
        "unfinished": list(made.unfinished),
        "look_at": list(made.look_at),
        "beyond": _beyond(opened),
    }


def check_reason(reason: str) -> None:
    """Refuse what is no code before anything is asked.

    Raises:
        UsageError: it is none.
    """
    erasing.reason_code(reason)


def _document(erased: Erased) -> Document:
    return {
        "patient": erased.patient,
        "studies": list(erased.studies),
        "series": erased.series,
        "reports": list(erased.reports),
        "signed": sorted(erased.signed),
        "versions": erased.versions,
        "files": erased.files,
        "bytes": erased.bytes,
    }


def _beyond(opened: OpenHome) -> list[str]:
    """What no command of this home can reach."""
    if opened.database.dialect == "postgresql":
        return [*BEYOND, BEYOND_POSTGRES]
    return list(BEYOND)
