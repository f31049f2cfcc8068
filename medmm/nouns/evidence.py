"""Statements and the evidence each one rests on."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

EvidenceKind: TypeAlias = Literal[
    "measurement",
    "finding",
    "header",
    "order",
    "prior",
    "passage",
    "vlm",
    "clinician",
    "platform",
]
StatementState: TypeAlias = Literal[
    "measured",
    "recorded",
    "supported",
    "unsupported",
    "contradicted",
    "reference",
    "written",
]
Section: TypeAlias = Literal[
    "Indication", "Technique", "Comparison", "Findings", "Impression", "References"
]

# In the order of a report. "References" holds quoted knowledge and nothing about the patient.
SECTIONS: tuple[Section, ...] = (
    "Indication",
    "Technique",
    "Comparison",
    "Findings",
    "Impression",
    "References",
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A pointer: ``ref`` is the id of the thing (a measurement's, a header keyword, ...)."""

    kind: EvidenceKind
    ref: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of a report with its state and what it rests on."""

    id: str
    section: Section
    text: str
    state: StatementState
    evidence: tuple[Evidence, ...] = ()
