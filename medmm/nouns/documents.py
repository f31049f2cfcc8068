"""Drafts as the JSON document that the contract fixes, and back into the nouns that others need."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from medmm.nouns.draft import Draft
from medmm.nouns.evidence import SECTIONS, Statement
from medmm.nouns.findings import Finding, Measurement, Uncertainty
from medmm.nouns.passages import Passage
from medmm.nouns.regions import Region
from medmm.nouns.study import Dropped, Series

Document = dict[str, Any]


def draft_document(draft: Draft) -> Document:
    """The draft as the contract's ``draft --json`` document."""
    return {
        "report_id": draft.report_id,
        "version": draft.version,
        "study_uid": draft.study_uid,
        "status": draft.status,
        "sections": _sections(draft.statements),
        "findings": [_finding(finding) for finding in draft.findings],
        "measurements": [_measurement(measurement) for measurement in draft.measurements],
        "regions": [_region(region) for region in draft.regions],
        "experts": [
            {
                "name": run.name,
                "version": run.version,
                "status": run.status,
                "applicability": run.applicability,
                "score": run.score,
                "reason": run.reason,
                "seconds": round(run.seconds, 3),
                "series": list(run.series),
                "demonstrator": run.demonstrator,
                "weights_sha256": run.weights_sha256,
            }
            for run in draft.experts
        ],
        "retrieved": [_passage(passage) for passage in draft.retrieved],
        "writer": {
            "kind": draft.writer.kind,
            "name": draft.writer.name,
            "version": draft.writer.version,
        },
        "checks": [
            {
                "statement": check.statement,
                "check": check.check,
                "result": check.result,
                "reason": check.reason,
            }
            for check in draft.checks
        ],
        "warnings": list(draft.warnings),
        "seconds": {name: round(seconds, 3) for name, seconds in draft.seconds.items()},
    }


def canonical_bytes(document: Mapping[str, Any]) -> bytes:
    """The one byte form of a document: sorted keys, no spaces, UTF-8, no NaN (as in RFC 8785)."""
    text = json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode("utf-8")


def document_sha256(document: Mapping[str, Any]) -> str:
    """Hash of the canonical bytes, in hex."""
    return hashlib.sha256(canonical_bytes(document)).hexdigest()


def statement_lines(document: Mapping[str, Any]) -> str:
    """A line per statement, ``[id] text``, under its section's ``# name``: what an edit reads."""
    lines: list[str] = []
    for section in document["sections"]:
        if section["statements"]:
            lines.append(f"# {section['name']}")
            lines += [f"[{item['id']}] {item['text']}" for item in section["statements"]]
    return "\n".join(lines)


def measurements_of(document: Mapping[str, Any]) -> tuple[Measurement, ...]:
    """The measurements that a stored document holds."""
    return tuple(
        Measurement(
            id=item["id"],
            name=item["name"],
            value=item["value"],
            unit=item["unit"],
            method=item.get("method", ""),
            expert=item["expert"],
            uncertainty=(
                Uncertainty(item["uncertainty"]["kind"], item["uncertainty"]["value"])
                if item["uncertainty"]
                else None
            ),
            region=item["region"],
            doubtful=item["doubtful"],
        )
        for item in document["measurements"]
    )


def _sections(statements: tuple[Statement, ...]) -> list[Document]:
    return [
        {
            "name": section,
            "statements": [
                _statement(statement) for statement in statements if statement.section == section
            ],
        }
        for section in SECTIONS
    ]


def _statement(statement: Statement) -> Document:
    return {
        "id": statement.id,
        "text": statement.text,
        "state": statement.state,
        "evidence": [
            {"kind": evidence.kind, "ref": evidence.ref, "text": evidence.text}
            for evidence in statement.evidence
        ],
    }


def _finding(finding: Finding) -> Document:
    return {
        "id": finding.id,
        "concept": {
            "scheme": finding.concept.scheme,
            "code": finding.concept.code,
            "meaning": finding.concept.meaning,
        },
        "presence": finding.presence,
        "probability": finding.probability,
        "calibrated": finding.calibrated,
        "source": finding.source,
        "regions": list(finding.regions),
        "measurements": list(finding.measurements),
        "demonstrator": finding.demonstrator,
    }


def _measurement(measurement: Measurement) -> Document:
    uncertainty = measurement.uncertainty
    return {
        "id": measurement.id,
        "name": measurement.name,
        "value": measurement.value,
        "unit": measurement.unit,
        "uncertainty": (
            {"kind": uncertainty.kind, "value": uncertainty.value} if uncertainty else None
        ),
        "method": measurement.method,
        "expert": measurement.expert,
        "region": measurement.region,
        "doubtful": measurement.doubtful,
    }


def _region(region: Region) -> Document:
    return {
        "id": region.id,
        "label": region.label,
        "code": (
            {
                "scheme": region.code.scheme,
                "code": region.code.code,
                "meaning": region.code.meaning,
            }
            if region.code
            else None
        ),
        "kind": region.kind,
        "series_uid": region.series_uid,
        "series_key": region.series_key,
        "laterality": region.laterality,
        "slice": region.slice,
        "box": list(region.box) if region.box else None,
        "mask": region.mask_path,
        "confidence": region.confidence,
        "doubtful": region.doubtful,
    }


def _passage(passage: Passage) -> Document:
    return {
        "passage": passage.id,
        "document": passage.document,
        "version": passage.version,
        "domain": passage.domain,
        "licence": passage.licence,
        "place": passage.place,
        "score": passage.score,
        "kept": passage.kept,
        "why": passage.why,
        "text": passage.text,
    }


def series_document(series: Series, output: str | None = None) -> Document:
    """One series as ``convert --json`` and ``ingest --json`` give it."""
    return {
        "series_uid": series.uid,
        "series_key": series.key,
        "study_uid": series.origin.study_uid,
        "modality": series.modality,
        "body_part": series.body_part,
        "description": series.description,
        "kind": series.kind,
        "verdict": series.verdict.status,
        "reasons": [
            {"code": reason.code, "text": reason.text, "tag": reason.tag}
            for reason in series.verdict.reasons
        ],
        "dropped": [dropped_document(dropped) for dropped in series.verdict.dropped],
        "shape": list(series.shape),
        "spacing_mm": list(series.spacing_mm) if series.spacing_mm else None,
        "affine_lps": [list(row) for row in series.affine_lps] if series.affine_lps else None,
        "max_deviation_mm": series.verdict.max_deviation_mm,
        "units": series.units,
        "files": len(series.files),
        "output": output,
    }


def dropped_document(dropped: Dropped) -> Document:
    """A file that was left out, and why."""
    return {"file": dropped.file, "reason": dropped.reason}
