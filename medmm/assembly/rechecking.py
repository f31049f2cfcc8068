"""The checks said again of what a person wrote, on a case that is rebuilt from what is kept.

A stored document holds findings, measurements, regions and passages; the study is in the home. It
does not hold the masks as arrays, which parts were looked at, and the prior study. So measurements
are believed as recorded (they were recomputed from their masks when they were made), and of a
report that had a prior no check fails for the prior's sake: what cannot be told is said so.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from medmm.assembly.homes import OpenHome
from medmm.drafting.checks import run_checks
from medmm.errors import MedmmError
from medmm.nouns import (
    Applicability,
    Case,
    Check,
    Code,
    ExpertResult,
    ExpertRun,
    Finding,
    Passage,
    Region,
    Statement,
)
from medmm.nouns.documents import measurements_of
from medmm.records import studies
from medmm.records.edits import Recheck, statements_of

log = logging.getLogger("medmm.drafting")

Document = Mapping[str, Any]

NO_PRIOR = "The prior study is not at hand when an edit is checked."
ON_PRIOR = frozenset({"comparison", "number"})


def rechecker(opened: OpenHome, study_id: int) -> Recheck:
    """What `medmm.records.edits.edit_report` asks for the checks of edited statements."""

    def recheck(written: Sequence[Statement], document: Document) -> list[Check] | None:
        try:
            case = case_of(opened, study_id, document)
        except MedmmError:
            log.warning("an edit was not checked again: its study cannot be loaded")
            return None
        wanted = {statement.id for statement in written}
        said = run_checks(statements_of(document), case).checks
        compared = _had_prior(document)
        return [_told(one, compared=compared) for one in said if one.statement in wanted]

    return recheck


def case_of(opened: OpenHome, study_id: int, document: Document) -> Case:
    """The case of a stored document, as far as it is kept.

    Raises:
        NotFoundError: the study is not in the home.
    """
    return Case(
        study=studies.load_study(opened.database, opened.home, study_id),
        results=tuple(_results(document)),
        runs=tuple(_run(one) for one in document["experts"]),
        passages=tuple(_passage(one) for one in document["retrieved"]),
        indication=_indication(document),
    )


def _told(check: Check, *, compared: bool) -> Check:
    if compared and check.check in ON_PRIOR and check.result == "fail":
        return replace(check, result="cannot tell", reason=NO_PRIOR)
    return check


def _had_prior(document: Document) -> bool:
    """Whether any sentence rests, or rested before its edit, on a prior study."""
    return any(
        one.kind == "prior" for statement in statements_of(document) for one in statement.evidence
    )


def _indication(document: Document) -> str | None:
    """The order's words, which the machine's sentence under Indication rests on."""
    told = [
        one.text
        for statement in statements_of(document)
        for one in statement.evidence
        if statement.section == "Indication" and one.kind == "order"
    ]
    return " ".join(told) or None


def _results(document: Document) -> list[ExpertResult]:
    """One result per expert that ran; a region is with the expert that measured or found it."""
    measurements, regions = measurements_of(document), document["regions"]
    owner = {one.region: one.expert for one in measurements if one.region}
    for finding in document["findings"]:
        owner.update(dict.fromkeys(finding["regions"], finding["source"]))
    ran = [one for one in document["experts"] if one["status"] == "ran"]
    versions = {one["name"]: one["version"] for one in ran}
    # A region that nobody measured or found says as much from whichever expert it came.
    anyone = next(iter(versions), "")
    return [
        ExpertResult(
            expert=name,
            version=version,
            applicability=Applicability("applies"),
            findings=tuple(_finding(one) for one in document["findings"] if one["source"] == name),
            regions=tuple(_region(one) for one in regions if owner.get(one["id"], anyone) == name),
            measurements=tuple(one for one in measurements if one.expert == name),
        )
        for name, version in versions.items()
    ]


def _finding(one: Document) -> Finding:
    return Finding(
        id=one["id"],
        concept=Code(**one["concept"]),
        presence=one["presence"],
        source=one["source"],
        probability=one["probability"],
        calibrated=one["calibrated"],
        regions=tuple(one["regions"]),
        measurements=tuple(one["measurements"]),
        demonstrator=one["demonstrator"],
    )


def _region(one: Document) -> Region:
    return Region(
        id=one["id"],
        label=one["label"],
        kind=one["kind"],
        series_uid=one["series_uid"],
        series_key=one["series_key"],
        code=Code(**one["code"]) if one["code"] else None,
        laterality=one["laterality"],
        slice=one["slice"],
        box=tuple(one["box"]) if one["box"] else None,
        confidence=one["confidence"],
        doubtful=one["doubtful"],
        mask_path=one["mask"],
    )


def _run(one: Document) -> ExpertRun:
    return ExpertRun(**{**one, "series": tuple(one["series"])})


def _passage(one: Document) -> Passage:
    return Passage(
        id=one["passage"],
        text=one["text"],
        document=one["document"],
        version=one["version"],
        domain=one["domain"],
        licence="",
        score=one["score"],
        kept=one["kept"],
        why=one["why"],
    )
