"""A report after its draft, as documents: edited, compared, handed on, cancelled, told."""

import logging
from collections import Counter
from typing import Any

from medmm.assembly.acting import allowed, happened, noted, report_thing
from medmm.assembly.homes import OpenHome
from medmm.assembly.rechecking import rechecker
from medmm.assembly.report_signing import addendum_document, signature_document
from medmm.nouns import ReportVersion
from medmm.records import edits, reports, status_changes
from medmm.records.differences import Difference, differences
from medmm.records.edit_files import edit_text

__all__ = ["edit_text"]

Document = dict[str, Any]
log = logging.getLogger("medmm.reports")


def edit(
    opened: OpenHome,
    number: int,
    data: bytes,
    *,
    author: str | None = None,
    based_on: int | None = None,
    reason: str = "",
) -> Document:
    """Record an edited file as the next version; what became of each statement.

    ``author`` is for who acts by command, where nobody has signed in; a user writes as the user.

    Raises:
        AccessError: who acts may not.
        NotFoundError: no such report or version.
        ConflictError: somebody else's version came first.
        InputError: the file cannot be taken, changes nothing, or the report is past editing.
        UsageError: the author is no person.
    """
    thing = report_thing(opened, number)
    allowed(opened, "edit", thing)
    study_id = reports.load_report(opened.database, number).study_id
    with noted(opened, "edit", thing) as also:
        version = edits.edit_report(
            opened.database,
            opened.home,
            number,
            data,
            author=_author(opened, author),
            based_on=based_on,
            reason=reason,
            recheck=rechecker(opened, study_id),
            also=also,
        )
    log.info("edited report=%d version=%d", number, version)
    report = reports.load_report(opened.database, number, version)
    made = report.last.document
    written = {one["statement"] for one in made["edits"] if one["kind"] in ("changed", "new")}
    return {
        "report_id": number,
        "version": version,
        "based_on": made["based_on"],
        "status": report.status,
        "edits": made["edits"],
        "checks": [one for one in made["checks"] if one["statement"] in written],
    }


def compare(opened: OpenHome, number: int, before: int, after: int) -> list[Difference]:
    """What became of each statement from one version to another, either may be the earlier.

    Raises:
        AccessError: who acts may not.
        NotFoundError: no such report or version.
    """
    thing = report_thing(opened, number)
    allowed(opened, "read", thing)
    documents = [
        reports.load_report(opened.database, number, version).last.document
        for version in (before, after)
    ]
    happened(opened, "read", thing, before=before, after=after)
    return differences(*documents)


def hand_on(
    opened: OpenHome, number: int, *, author: str | None = None, reason: str = ""
) -> Document:
    """A reporter hands a draft on as preliminary; ``author`` as in `edit`.

    Raises:
        AccessError: who acts may not.
        NotFoundError: no such report.
        InputError: it is past a draft.
        UsageError: the author is no person.
    """
    thing = report_thing(opened, number)
    allowed(opened, "hand_on", thing)
    with noted(opened, "hand_on", thing) as also:
        status = status_changes.hand_on(
            opened.database, number, author=_author(opened, author), reason=reason, also=also
        )
    return _moved(number, status)


def cancel(opened: OpenHome, number: int, *, author: str | None = None, reason: str) -> Document:
    """A person gives up a report that was never signed; ``author`` as in `edit`.

    Raises:
        AccessError: who acts may not.
        NotFoundError: no such report.
        InputError: it is signed, or cancelled already.
        UsageError: the author is no person, or there is no reason.
    """
    thing = report_thing(opened, number)
    allowed(opened, "cancel", thing)
    with noted(opened, "cancel", thing) as also:
        status = status_changes.cancel_report(
            opened.database, number, author=_author(opened, author), reason=reason, also=also
        )
    return _moved(number, status)


def history(opened: OpenHome, number: int) -> Document:
    """All versions, all changes of the status, signatures and addenda, oldest first.

    Raises:
        AccessError: who acts may not.
        NotFoundError: no such report.
    """
    thing = report_thing(opened, number)
    allowed(opened, "read", thing)
    document = history_document(opened, number)
    happened(opened, "read", thing, code="history")
    return document


def history_document(opened: OpenHome, number: int) -> Document:
    """As `history`, for who has asked for the right and recorded the reading already.

    Raises:
        NotFoundError: no such report.
    """
    report = reports.load_report(opened.database, number)
    changes = status_changes.status_changes(opened.database, number)
    return {
        "report_id": number,
        "study_id": report.study_id,
        "study_uid": report.study_uid,
        "status": report.status,
        "versions": [_version(version) for version in report.versions],
        "statuses": [
            {
                "number": one.number,
                "status": one.status,
                "author": one.author,
                "time": one.time,
                "reason": one.reason,
            }
            for one in changes
        ],
        "signatures": [signature_document(one) for one in report.signatures],
        "addenda": [addendum_document(one) for one in report.addenda],
    }


def _author(opened: OpenHome, named: str | None) -> str:
    """Who writes: the user who signed in, else who is named by command."""
    actor = opened.by.actor
    return actor.name if actor.kind == "person" or named is None else named


def _moved(number: int, status: str) -> Document:
    log.info("moved report=%d status=%s", number, status)
    return {"report_id": number, "status": status}


def _version(version: ReportVersion) -> Document:
    kinds = Counter(one["kind"] for one in version.document.get("edits", ()))
    return {
        "version": version.number,
        "author": version.author,
        "created": version.created,
        "reason": version.reason,
        "status": version.document["status"],
        "sha256": version.sha256,
        "edits": dict(sorted(kinds.items())),
    }
