"""The worklist: studies with the state of their newest report, found and filtered, in pages."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from medmm import ownership
from medmm.assembly import critical, library
from medmm.assembly.acting import allowed, happened
from medmm.assembly.homes import OpenHome
from medmm.nouns.characters import visible
from medmm.records import jobs, worklist_rows
from medmm.records.access import Action
from medmm.records.report_flags import METHODS, Acknowledged
from medmm.records.statuses import STATUSES
from medmm.records.worklist_rows import Line, ReportLine, Wanted

ownership.check_packages()
Document = dict[str, Any]
PAGE = 50
SNIPPETS = 12
STATES = ("none", "drafting", *STATUSES)
AGES: Mapping[str, tuple[timedelta | None, timedelta | None]] = {
    "1d": (timedelta(days=1), None),
    "3d": (timedelta(days=3), None),
    "7d": (timedelta(days=7), None),
    "30d": (timedelta(days=30), None),
    "older": (None, timedelta(days=30)),
}
"""Ages to filter by: at most so old, at least so old."""


@dataclass(frozen=True)
class Filters:
    """What somebody asks the list for; what is empty or unknown does not count."""

    query: str = ""
    status: str = ""
    modality: str = ""
    age: str = ""
    mine: bool = False
    flagged: bool = False
    before: int | None = None


def page(opened: OpenHome, asked: Filters, now: datetime) -> Document:
    """A page of the list, and sentences of reports that have the words of a query.

    ``studies`` are at most `PAGE`; ``next`` is the ``before`` of the next page or None; ``count``
    is how many studies match in all; ``found`` are reports with a snippet. ``now`` is a moment.

    Raises:
        AccessError: who acts may not list or search.
    """
    looking = bool(asked.query.strip())
    action: Action = "search" if looking else "list"
    allowed(opened, action)
    wanted = _wanted(opened, asked, now)
    if asked.flagged:
        critical.count_flags(opened)
    lines, count, kinds = _read(opened, wanted, asked.before)
    happened(opened, action, code="studies", count=len(lines))
    found: list[Document] = []
    if looking and asked.before is None:
        found = _found(opened, asked.query)
    return {
        "studies": [_study(line, now) for line in lines[:PAGE]],
        "next": lines[PAGE - 1].id if len(lines) > PAGE else None,
        "count": count,
        "found": found,
        "modalities": kinds,
        "states": STATES,
        "ages": tuple(AGES),
        "methods": METHODS,
    }


def shown_name(name: str) -> str:
    """A person's name for people: ``DOE^JANE`` as "DOE, JANE"; other scripts in brackets.

    The parts are those of PS3.5, 6.2.1: family, given, middle, prefix, suffix, and up to three
    groups for scripts, parted by ``=``. What cannot be seen is shown as its number.
    """
    groups = [_one_name(group) for group in visible(name).split("=")]
    there = list(dict.fromkeys(group for group in groups if group))
    if not there:
        return ""
    return there[0] + (f" ({', '.join(there[1:])})" if there[1:] else "")


def age_of(date: str, created: datetime, now: datetime) -> str:
    """How old a study is: "3 h", "2 d", "5 mo", "4 y"; by its own date, else by when it came in.

    A study's time has no zone: it is its device's, taken as this machine's.
    """
    began = _began(date, created)
    if began is None:
        return ""
    minutes = (now - began).total_seconds() / 60
    if len(date) == len("2024-05-06") or date == "":
        minutes = max(minutes, 0)
    if minutes < 0:
        return "in the future"
    for size, unit in ((60, "min"), (24, "h"), (30, "d"), (12, "mo")):
        if minutes < size:
            return f"{int(minutes)} {unit}"
        minutes /= size
    return f"{int(minutes * 360 / 365.25)} y"


def _wanted(opened: OpenHome, asked: Filters, now: datetime) -> Wanted:
    at_most, at_least = AGES.get(asked.age, (None, None))
    return Wanted(
        words=asked.query,
        status=asked.status if asked.status in STATES else "",
        modality=asked.modality,
        person=opened.by.actor.name if asked.mine else "",
        since=_local(now - at_most) if at_most else "",
        until=_local(now - at_least) if at_least else "",
        flagged=asked.flagged,
    )


def _read(
    opened: OpenHome, wanted: Wanted, before: int | None
) -> tuple[list[Line], int, list[str]]:
    """One more line than a page has, how many there are, and the modalities to filter by."""
    with opened.database.read() as session:
        lines = worklist_rows.page(session, wanted, before, PAGE + 1)
        count = worklist_rows.count(session, wanted)
        kinds = worklist_rows.modalities(session)
    reports = [line.report.id for line in lines if line.report is not None]
    if reports and critical.count_flags(opened, reports):
        with opened.database.read() as session:
            lines = worklist_rows.page(session, wanted, before, PAGE + 1)
    return lines, count, kinds


def _found(opened: OpenHome, query: str) -> list[Document]:
    """Reports that have the words, with whose they are."""
    hits = library.search_reports(opened, query, SNIPPETS)
    with opened.database.read() as session:
        names = worklist_rows.names(session, [hit["study_id"] for hit in hits])
    return [
        hit
        | {
            "snippet": visible(hit["snippet"]),
            "patient_name": shown_name(names.get(hit["study_id"], "")),
        }
        for hit in hits
    ]


def _study(line: Line, now: datetime) -> Document:
    drafting = line.job is not None and line.job.kind == "draft" and line.job.status in jobs.ACTIVE
    report = line.report
    status = "drafting" if drafting else report.status if report else "none"
    return {
        "id": line.id,
        "patient_name": shown_name(line.patient_name),
        "patient_id": visible(line.patient_id),
        "sex": visible(line.sex),
        "patient_age": visible(line.age),
        "date": visible(line.date[:16].replace("T", " ")),
        "age": age_of(line.date, line.created, now),
        "description": visible(line.description),
        "modalities": [visible(one) for one in sorted(line.modalities) if one],
        "series": sum(line.modalities.values()),
        "refused": line.refused,
        "status": status,
        "report": _report(report) if report else None,
        "job": _job(line) if line.job else None,
    }


def _report(report: ReportLine) -> Document:
    table = critical.rules()
    return {
        "id": report.id,
        "status": report.status,
        "version": report.version,
        "person": visible(report.person),
        "changed": report.changed.isoformat(timespec="seconds"),
        "contradicted": report.contradicted,
        "warnings": report.warnings,
        "critical": [
            {
                "rule": key,
                "name": table[key].name,
                "level": table[key].level,
                "source": table[key].source,
                "text": visible(text),
                "acknowledged": _noted(noted) if noted else None,
            }
            for key, text, noted in report.critical
            if key in table
        ],
    }


def _noted(noted: Acknowledged) -> Document:
    return {
        "author": visible(noted.author),
        "time": noted.time.isoformat(timespec="seconds"),
        "told": visible(noted.told),
        "method": noted.method,
    }


def _job(line: Line) -> Document:
    assert line.job is not None  # noqa: S101  # the caller asked
    return {
        "id": line.job.id,
        "kind": line.job.kind,
        "status": line.job.status,
        "progress": visible(line.job.progress),
        "error": visible(line.job.error),
        "owner": visible(line.job.owner),
    }


def _one_name(group: str) -> str:
    parts = [" ".join(part.split()) for part in (group.split("^") + [""] * 5)[:5]]
    family, given, middle, prefix, suffix = parts
    rest = " ".join(part for part in (prefix, given, middle, suffix) if part)
    return unicodedata.normalize("NFC", ", ".join(part for part in (family, rest) if part))


def _began(date: str, created: datetime) -> datetime | None:
    if not date:
        return created
    try:
        return datetime.fromisoformat(date).astimezone()
    except (ValueError, OverflowError, OSError):
        return None


def _local(moment: datetime) -> str:
    """A moment as this machine's wall clock has it, as studies have their times."""
    return moment.astimezone().replace(tzinfo=None).isoformat(timespec="seconds")
