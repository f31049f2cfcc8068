"""Reports as the records give them, made without a database."""

from dataclasses import replace
from typing import Any

from medmm.nouns import (
    Check,
    Draft,
    ExpertRun,
    Passage,
    Region,
    Report,
    ReportVersion,
    Statement,
    Study,
)
from medmm.nouns.documents import document_sha256, draft_document
from medmm.nouns.draft import ReportStatus
from tests.records.builders import draft, study

CREATED = "2024-05-06T09:10:11.123456+00:00"


def full_draft(**fields: Any) -> Draft:
    """A draft with everything that a report can rest on."""
    made = draft(
        experts=(
            ExpertRun("ct_lungs", "1.2", "ran", "applies", seconds=1.0, weights_sha256="ab" * 32),
            ExpertRun("cxr_lungs", "1.0", "refused", "refuses", "It is CT."),
        ),
        retrieved=(
            Passage(
                "p1", "A nodule below 6 mm.", "Nodules", "1", "chest-ct", "CC0", 0.4, True, "kept"
            ),
        ),
        checks=(Check("s2", "number", "pass"),),
        regions=(Region("r1", "right lung", "mask", "1.2.3.1", laterality="right"),),
        warnings=("The knowledge is small.",),
    )
    impression = Statement("s5", "Impression", "A nodule in the right lower lobe.", "supported")
    return replace(made, statements=(*made.statements, impression), **fields)


def report_of(
    given: Draft | None = None,
    status: ReportStatus = "draft",
    *,
    examined: Study | None = None,
    authors: tuple[str, ...] = ("medmm",),
    reason: str = "",
    **fields: Any,
) -> Report:
    """A report of one version per author; the last one gives the reason."""
    made = replace(given or full_draft(), report_id=7)
    versions = []
    for number, author in enumerate(authors, start=1):
        document = draft_document(replace(made, version=number))
        try:
            digest = document_sha256(document)
        except UnicodeEncodeError:  # a lone surrogate, which no database would have taken
            digest = "0" * 64
        told = reason if number == len(authors) else ""
        versions.append(ReportVersion(7, number, document, digest, author, CREATED, told))
    return Report(
        7, 1, made.study_uid, status, CREATED, tuple(versions), examined or study(), **fields
    )
