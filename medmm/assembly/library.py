"""What a home holds, as documents: studies, reports, search."""

from typing import Any

from medmm.assembly.homes import OpenHome
from medmm.records import reports, studies

Document = dict[str, Any]


def list_studies(opened: OpenHome, query: str, limit: int) -> list[Document]:
    """Studies that match the query, newest first."""
    return [
        {
            "id": study.id,
            "study_uid": study.uid,
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


def list_reports(opened: OpenHome, limit: int, study: int | None = None) -> list[Document]:
    """Reports, newest first; only one study's if it is named."""
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


def report_document(opened: OpenHome, number: int, version: int | None = None) -> Document:
    """A version's document (the last one's if none is named).

    Raises:
        NotFoundError: no such report or version.
    """
    report = reports.load_report(opened.database, number, version)
    return {**reports.shown(opened.home, report.last.document), "status": report.status}


def search_reports(opened: OpenHome, text: str, limit: int) -> list[Document]:
    """Reports whose last version matches, best first, with a snippet each."""
    return [
        {
            "id": hit.id,
            "study_id": hit.study_id,
            "status": hit.status,
            "snippet": hit.snippet,
        }
        for hit in reports.search(opened.database, text, limit=limit)
    ]
