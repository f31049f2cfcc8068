"""What the review and history rooms show, and what they note of who looks, with rights asked."""

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import select

from medmm import ownership
from medmm.assembly import exporting, report_life
from medmm.assembly.acting import allowed, happened, report_thing
from medmm.assembly.homes import OpenHome
from medmm.assembly.reviewing_documents import (
    report_document,
    rights_of,
    shown,
    statements_document,
    study_document,
    tally,
)
from medmm.errors import NotFoundError
from medmm.nouns.evidence import SECTIONS
from medmm.records import reading, reports, studies
from medmm.records.access import Thing
from medmm.records.audit_tables import AuditRow
from medmm.records.exporters.wording import SIGNS
from medmm.records.signature_checks import verify_signatures_of

ownership.check_packages()
Document = dict[str, Any]


def desk(opened: OpenHome, study_id: int, report_id: int | None = None) -> Document:
    """A study with one of its reports (the newest that was not cancelled), and what one may do.

    Raises:
        AccessError: who acts may not see it.
        NotFoundError: no such study, or it has no such report.
    """
    allowed(opened, "read", Thing("study", study_id))
    study = studies.load_study(opened.database, opened.home, study_id)
    listed = reports.list_reports(opened.database, 1000, study_id)
    chosen = _chosen(listed, study_id, report_id)
    happened(opened, "read", Thing("study", study_id))
    made = {
        "study": study_document(study),
        "reports": [{"id": one.id, "status": one.status, "version": one.version} for one in listed],
        "user": opened.by.actor.name,
        "signs": SIGNS,
        "sections": list(SECTIONS),
    }
    report = None if chosen is None else report_document(opened, chosen)
    return {**shown(made), "report": report}


def headline(opened: OpenHome, study_id: int) -> Document:
    """Who and what was examined: what stands above a study's images and report.

    Raises:
        AccessError: who acts may not see it.
        NotFoundError: no such study.
    """
    allowed(opened, "read", Thing("study", study_id))
    return shown(study_document(studies.load_study(opened.database, opened.home, study_id)))


def version_document(opened: OpenHome, number: int, version: int) -> Document:
    """A version's statements, who made it and when.

    Raises:
        AccessError: who acts may not see it.
        NotFoundError: no such report or version.
    """
    thing = report_thing(opened, number)
    allowed(opened, "read", thing)
    found = reports.load_report(opened.database, number, version).last
    happened(opened, "read", thing, version=version)
    return statements_document(found)


def conflict(opened: OpenHome, number: int, based_on: int) -> Document:
    """Both texts that a choice is between: the version one's own is based on, and the last.

    Raises:
        AccessError: who acts may not see it.
        NotFoundError: no such report or version.
    """
    thing = report_thing(opened, number)
    allowed(opened, "read", thing)
    report = reports.load_report(opened.database, number)
    if not 1 <= based_on <= len(report.versions):
        raise NotFoundError(f"Report {number} has no version {based_on}.")
    happened(opened, "read", thing, before=based_on, after=report.last.number)
    return {
        "base": statements_document(report.versions[based_on - 1]),
        "theirs": statements_document(report.last),
        "status": report.status,
    }


def spend(
    opened: OpenHome,
    number: int,
    *,
    open_ms: int,
    active_ms: int,
    looked: Mapping[str, Iterable[tuple[int, int]]],
) -> None:
    """Add to who acts' own time with a report, and to the slices they saw.

    Raises:
        AccessError: who acts may not see it, or is no user.
        NotFoundError: no such report.
    """
    allowed(opened, "read", report_thing(opened, number))
    user = opened.by.actor.name
    reading.spend(
        opened.database, number, user, open_ms=open_ms, active_ms=active_ms, looked=looked
    )


def exported(opened: OpenHome, number: int, form: str) -> bytes:
    """A report's last version as ``form``, for who acts to take away.

    Raises:
        AccessError: who acts may not.
        NotFoundError: no such report.
        PluginError: nothing here writes that form.
        StorageError: the disk is full or failing.
    """
    # In the home, where what a killed process leaves is erased with the patient.
    with tempfile.TemporaryDirectory(dir=opened.path / "cache", prefix="export-") as folder:
        path = Path(folder) / "report"
        exporting.export_report(opened, number, form, path)
        return path.read_bytes()


def history(opened: OpenHome, number: int) -> Document:
    """A report's versions, statuses, signatures (verified now), addenda, times and exports.

    Raises:
        AccessError: who acts may not.
        NotFoundError: no such report.
    """
    told = report_life.history(opened, number)
    report = reports.load_report(opened.database, number)
    study = studies.load_study(opened.database, opened.home, report.study_id)
    return {
        **shown(told),
        "study": shown(study_document(study)),
        "problems": verify_signatures_of(opened.database, number),
        "readings": [shown(asdict(one)) for one in reading.readings_of(opened.database, number)],
        "edited": tally(report.versions[0], report.last),
        "exports": [shown(one) for one in _exports(opened, number)],
        "rights": rights_of(opened, Thing("report", number, status=report.status)),
    }


def _chosen(
    listed: Sequence[reports.ReportSummary], study_id: int, report_id: int | None
) -> int | None:
    if report_id is not None:
        if report_id not in {one.id for one in listed}:
            raise NotFoundError(f"Study {study_id} has no report {report_id}.")
        return report_id
    standing = [one.id for one in listed if one.status != "cancelled"] or [one.id for one in listed]
    return standing[0] if standing else None


def _exports(opened: OpenHome, number: int) -> Iterable[Document]:
    wanted = (
        select(AuditRow.actor, AuditRow.time, AuditRow.detail)
        .where(
            AuditRow.action == "export",
            AuditRow.thing == f"report:{number}",
            AuditRow.outcome == "ok",
        )
        .order_by(AuditRow.sequence)
    )
    with opened.database.read() as session:
        rows = session.execute(wanted).all()
    for actor, time, detail in rows:
        try:
            said = json.loads(detail)
        except ValueError:
            # A damaged event is for the chain's own check to tell.
            said = {}
        yield {
            "user": actor, "time": time, "format": said.get("format"),
            "version": said.get("version"),
        }  # fmt: skip
