"""Drafts, reports and their immutable versions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from medmm.nouns.evidence import Statement
from medmm.nouns.experts import ApplicabilityStatus
from medmm.nouns.findings import Finding, Measurement
from medmm.nouns.passages import Passage
from medmm.nouns.regions import Region
from medmm.nouns.study import Study

CheckOutcome: TypeAlias = Literal["pass", "fail", "cannot tell"]
RunStatus: TypeAlias = Literal["ran", "refused", "failed"]
ReportStatus: TypeAlias = Literal["draft", "preliminary", "final", "amended", "cancelled"]
WriterKind: TypeAlias = Literal["composer", "vlm"]


@dataclass(frozen=True, slots=True)
class Check:
    """What one check says of one statement."""

    statement: str
    check: str
    result: CheckOutcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ExpertRun:
    """Who ran, who refused and why, on which series."""

    name: str
    version: str
    status: RunStatus
    applicability: ApplicabilityStatus
    reason: str = ""
    score: float | None = None
    seconds: float = 0.0
    series: tuple[str, ...] = ()
    demonstrator: bool = False
    weights_sha256: str = ""


@dataclass(frozen=True, slots=True)
class WriterInfo:
    """Which writer wrote."""

    kind: WriterKind
    name: str
    version: str


@dataclass(frozen=True, eq=False)
class Draft:
    """A machine's report before any clinician: statements in sections with all they rest on."""

    study_uid: str
    statements: tuple[Statement, ...]
    writer: WriterInfo
    findings: tuple[Finding, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    regions: tuple[Region, ...] = ()
    experts: tuple[ExpertRun, ...] = ()
    retrieved: tuple[Passage, ...] = ()
    checks: tuple[Check, ...] = ()
    warnings: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    report_id: int | None = None
    version: int = 1
    status: ReportStatus = "draft"
    folder: object | None = field(default=None, repr=False)
    """Keeps a temporary folder with the masks alive as long as a draft without a home lives."""


@dataclass(frozen=True)
class ReportVersion:
    """One immutable version: its canonical document, who made it, when, why, and its hash."""

    report_id: int
    number: int
    document: Mapping[str, Any]
    sha256: str
    author: str
    created: str
    reason: str = ""


@dataclass(frozen=True)
class Signature:
    """Who signed which version, when (ISO 8601 in UTC), in which role and with what meaning.

    ``confirmed`` are the contradicted statements that the signer kept, each with the reason.
    ``bound_sha256`` is over all of it and the document's exact bytes.
    """

    report_id: int
    number: int
    version: int
    document_sha256: str
    signer: str
    signer_name: str
    role: str
    meaning: str
    time: str
    confirmed: Mapping[str, str]
    status: ReportStatus
    bound_sha256: str


@dataclass(frozen=True)
class Addendum:
    """A text that stands beside a signed version, signed by its author.

    ``former_sha256`` is the hash of the signature before it, the report's or an addendum's.
    """

    report_id: int
    number: int
    version: int
    text: str
    author: str
    author_name: str
    role: str
    meaning: str
    time: str
    status: ReportStatus
    former_sha256: str
    bound_sha256: str


@dataclass(frozen=True)
class Report:
    """A chain of versions under one status.

    ``study`` is the examination as the records have it, for those who write the report out; None
    where only the chain was loaded. ``signed_by`` and ``signed`` (ISO 8601) are empty until
    somebody signed.
    """

    id: int
    study_id: int
    study_uid: str
    status: ReportStatus
    created: str
    versions: tuple[ReportVersion, ...]
    study: Study | None = field(default=None, repr=False, compare=False)
    signed_by: str = ""
    signed: str = ""
    signatures: tuple[Signature, ...] = ()
    addenda: tuple[Addendum, ...] = ()

    @property
    def last(self) -> ReportVersion:
        """The version that counts now."""
        return self.versions[-1]
