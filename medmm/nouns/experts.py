"""Experts' cards, what they were given, and what they gave back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from medmm.nouns.codes import Code
from medmm.nouns.findings import Finding, Measurement
from medmm.nouns.regions import Region
from medmm.nouns.study import Series

ApplicabilityStatus: TypeAlias = Literal["applies", "doubtful", "refuses"]
CardStatus: TypeAlias = Literal["measured", "demonstrator"]


@dataclass(frozen=True, slots=True)
class Applicability:
    """Whether an expert may speak about a series; anything but "applies" has a reason."""

    status: ApplicabilityStatus
    reason: str = ""
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure of a card: what, on whom, how large, how sure, by which command."""

    what: str
    value: float
    unit: str
    data: str
    interval: tuple[float, float] | None = None
    worst: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run costs on two cores."""

    seconds: float
    megabytes: float
    on: str = ""


@dataclass(frozen=True)
class Card:
    """What an expert is, on whom it was measured, and on whom it fails.

    ``assesses`` lists the structures and questions whose presence or absence the expert can speak
    of; everything else of an examination counts as not assessed. ``weights`` maps file names to
    sha256; classical experts have none.
    """

    name: str
    version: str
    task: str
    status: CardStatus
    modalities: tuple[str, ...]
    body_parts: tuple[str, ...]
    needs: str
    outputs: tuple[str, ...]
    assesses: tuple[str, ...]
    codes: tuple[Code, ...] = ()
    training_data: str = ""
    licence: str = ""
    figures: tuple[Figure, ...] = ()
    failures: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    calibration: str = ""
    cost: Cost | None = None
    weights: Mapping[str, str] = field(default_factory=dict)
    references: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Selection:
    """Series that an expert would look at together, and whether it applies to them."""

    series: tuple[Series, ...]
    applicability: Applicability


@dataclass(frozen=True)
class RunContext:
    """What an expert may use: a scratch folder, threads, a deadline in `time.monotonic` seconds.

    ``cancelled`` is asked between steps; an expert that sees True stops by raising
    `medmm.errors.CancelledError`.
    """

    scratch: Path
    deadline: float | None = None
    threads: int = 1
    cancelled: Callable[[], bool] = lambda: False


@dataclass(frozen=True, eq=False)
class ExpertResult:
    """All that one expert says about one selection. Ids are unique within the result only."""

    expert: str
    version: str
    applicability: Applicability
    findings: tuple[Finding, ...] = ()
    regions: tuple[Region, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    weights_sha256: str = ""
    seconds: float = 0.0
    assessed: tuple[str, ...] = ()
    """Structures of the card's ``assesses`` that were really looked at in this study."""
    notes: tuple[str, ...] = ()
    """Sentences about the limits of this run ("The lungs are only partly covered.")."""
    demonstrator: bool = False
