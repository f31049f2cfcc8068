"""What a home holds, as documents: studies, reports, search; who looked is recorded."""

from typing import Any

from medmm.assembly.acting import allowed, happened, report_thing
from medmm.assembly.homes import OpenHome
from medmm.nouns import Study
from medmm.nouns.documents import series_document
from medmm.records import erasing, reports, studies
from medmm.records.access import Thing

Document = dict[str, Any]


def list_studies(opened: OpenHome, query: str, limit: int) -> list[Document]:
    """Studies that match the query, newest first.

    Raises:
        AccessError: who acts may not.
    """
    allowed(opened, "search" if query else "list")
    found = [
        {
            "id": study.id,
            "study_uid": study.uid,
            "patient_number": study.patient_number,
            "patient_id": study.patient.id,
            "patient_name": study.patient.name,
            "date": study.date,
            "description": study.description,
            "modalities": list(study.modalities),
            "series": study.series_count,
            "reports": list(study.report_ids),
        }
        for study in studies.list_studies(opened.database, query, limit=limit)
    ]
    # Not the query, nor its hash: a name is found again from its hash by trying names.
    happened(opened, "search" if query else "list", code="studies", count=len(found))
    return found


def study_document(opened: OpenHome, text: str) -> Document:
    """A study by number or UID: patient, series with their verdicts, reports.

    Raises:
        AccessError: who acts may not.
        NotFoundError: the home has no such study.
    """
    study = read_study(opened, text)
    return {
        "id": study.id,
        "study_uid": study.uid,
        "patient": {
            "number": erasing.patient_of_study(opened.database, study.id or 0),
            "id": study.patient.id,
            "name": study.patient.name,
            "sex": study.patient.sex,
            "birth_date": study.patient.birth_date,
            "age": study.patient.age,
            # As the file has it, for who must show that nothing was lost in cleaning.
            "name_bytes": study.patient.name_bytes.hex(),
            "character_set": study.patient.character_set,
        },
        "date": study.date,
        "description": study.description,
        "series": [series_document(series) for series in study.series],
        "reports": _reports(opened, 1000, study.id),
    }


def read_study(opened: OpenHome, text: str) -> Study:
    """The study that a number or StudyInstanceUID names, its pixels loaded on demand.

    Raises:
        AccessError: who acts may not.
        NotFoundError: the home has no such study.
    """
    number = studies.find_study(opened.database, text)
    thing = Thing("study", number)
    allowed(opened, "read", thing)
    study = studies.load_study(opened.database, opened.home, number)
    happened(opened, "read", thing)
    return study


def list_reports(opened: OpenHome, limit: int, study: int | None = None) -> list[Document]:
    """Reports, newest first; only one study's if it is named.

    Raises:
        AccessError: who acts may not.
    """
    allowed(opened, "list")
    found = _reports(opened, limit, study)
    happened(opened, "list", code="reports", count=len(found))
    return found


def report_document(opened: OpenHome, number: int, version: int | None = None) -> Document:
    """A version's document (the last one's if none is named).

    Raises:
        AccessError: who acts may not.
        NotFoundError: no such report or version.
    """
    thing = report_thing(opened, number)
    allowed(opened, "read", thing)
    report = reports.load_report(opened.database, number, version)
    document = {**reports.shown(opened.home, report.last.document), "status": report.status}
    happened(opened, "read", thing, version=report.last.number)
    return document


def search_reports(opened: OpenHome, text: str, limit: int) -> list[Document]:
    """Reports whose last version matches, best first, with a snippet each.

    Raises:
        AccessError: who acts may not.
    """
    allowed(opened, "search")
    found = [
        {
            "id": hit.id,
            "study_id": hit.study_id,
            "status": hit.status,
            "snippet": hit.snippet,
        }
        for hit in reports.search(opened.database, text, limit=limit)
    ]
    happened(opened, "search", code="reports", count=len(found))
    return found


def _reports(opened: OpenHome, limit: int, study: int | None) -> list[Document]:
    return [
        {
            "id": report.id,
            "study_id": report.study_id,
            "study_uid": report.study_uid,
            "status": report.status,
            "version": report.version,
            "created": report.created,
        }
        for report in reports.list_reports(opened.database, study_id=study, limit=limit)
    ]
