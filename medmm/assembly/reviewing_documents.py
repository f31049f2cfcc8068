"""The documents of the review and history rooms, in which every character can be seen.

A statement has ``text``, in which everything can be seen, and ``line``, the text as the file to
edit has it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from medmm import ownership
from medmm.assembly import report_signing
from medmm.assembly.acting import report_thing
from medmm.assembly.homes import OpenHome
from medmm.nouns import Report, ReportVersion, Study
from medmm.nouns.characters import as_data, visible
from medmm.records import reading, reports
from medmm.records.access import Action, Thing, can
from medmm.records.differences import differences
from medmm.records.edit_files import one_line
from medmm.records.edits import statements_of
from medmm.records.statuses import EDITABLE

ownership.check_packages()
Document = dict[str, Any]
# The statuses in which each step is legal (`medmm.records.statuses`), beside the right to take it.
STEPS: Mapping[Action, frozenset[str]] = {
    "edit": EDITABLE,
    "hand_on": frozenset({"draft"}),
    "sign": EDITABLE,
    "cancel": EDITABLE,
    "addend": frozenset({"final", "amended"}),
    "export": frozenset({"draft", "preliminary", "final", "amended", "cancelled"}),
}


def shown(value: Document) -> Document:
    """A document in which every character can be seen, also those that JSON cannot hold."""
    made: Document = as_data(value, visible)
    return made


def study_document(study: Study) -> Document:
    """Who and what was examined."""
    patient = study.patient
    return {
        "id": study.id,
        "date": study.date,
        "description": study.description,
        "patient": {
            "id": patient.id,
            "name": patient.name,
            "sex": patient.sex,
            "birth_date": patient.birth_date,
            "age": patient.age,
        },
    }


def report_document(opened: OpenHome, number: int) -> Document:
    """All that the report's side of the room shows; what the version rests on without its files."""
    report = reports.load_report(opened.database, number)
    thing = report_thing(opened, number)
    user = opened.by.actor.name
    last = report.last.document
    regions = [{**one, "mask": bool(one["mask"])} for one in last["regions"]]
    held = reading.reading_of(opened.database, number, user)
    told = shown({**last, "regions": regions, "status": report.status})
    return {
        **told,
        **statements_document(report.last),
        "id": number,
        "rights": rights_of(opened, thing),
        "signatures": [shown(report_signing.signature_document(one)) for one in report.signatures],
        "addenda": [shown(report_signing.addendum_document(one)) for one in report.addenda],
        "unfinished": [
            unfinished_document(one) for one in reading.texts_of(opened.database, number, user)
        ],
        "looked": held.looked if held else {},
        "accepted": _accepted(report, held.accepted if held else {}),
    }


def statements_document(version: ReportVersion) -> Document:
    """A version's statements, who made it and when."""
    document = version.document
    sections = [
        {
            "name": section["name"],
            "statements": [
                {**shown(one), "line": one_line(one["text"])} for one in section["statements"]
            ],
        }
        for section in document["sections"]
    ]
    return {
        "version": version.number,
        "author": visible(version.author),
        "created": version.created,
        "reason": visible(version.reason),
        "sha256": version.sha256,
        "sections": sections,
    }


def unfinished_document(one: reading.Unfinished) -> Document:
    """A user's own unfinished text."""
    return {**asdict(one), "text": json.loads(one.text)}


def rights_of(opened: OpenHome, thing: Thing) -> dict[str, bool]:
    """Which steps are legal now and are who acts' to take."""
    actor = opened.by.actor
    return {
        action: thing.status in statuses and can(actor, action, thing)
        for action, statuses in STEPS.items()
    }


def tally(before: ReportVersion, after: ReportVersion) -> Document:
    """Statements kept, changed, deleted and new from one version to another, and words."""
    counts = dict.fromkeys(("kept", "changed", "deleted", "new"), 0)
    words = {"deleted": 0, "inserted": 0}
    for one in differences(before.document, after.document):
        counts["kept" if one.kind == "moved" else one.kind] += 1
        for run in one.runs:
            if run.kind != "kept":
                words[run.kind] += len(run.text.split())
    return {**counts, "words": words}


def _accepted(report: Report, accepted: Mapping[str, int]) -> list[str]:
    """Statements whose words are still those that were accepted."""
    texts = [
        {one.id: one.text for one in statements_of(version.document)} for version in report.versions
    ]
    return [
        name
        for name, version in accepted.items()
        if 1 <= version <= len(texts)
        and name in texts[-1]
        and texts[version - 1].get(name) == texts[-1][name]
    ]
