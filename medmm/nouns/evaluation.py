"""The evaluation side: samples, predictions and scores."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from medmm.nouns.evidence import Evidence, StatementState
from medmm.nouns.passages import Passage
from medmm.nouns.regions import Region


@dataclass(frozen=True)
class Question:
    """A question about a study or a region of it."""

    text: str
    series: int | None = None
    region: Region | None = None


@dataclass(frozen=True)
class Answer:
    """An answer with its state and evidence, like any statement.

    ``retrieved`` is what the knowledge has on the question; it is beside the answer, not in it.
    """

    text: str
    state: StatementState
    evidence: tuple[Evidence, ...] = ()
    regions: tuple[Region, ...] = ()
    retrieved: tuple[Passage, ...] = ()


@dataclass(frozen=True)
class Sample:
    """One item of a test set."""

    id: str
    question: str
    gold: str
    image: str | None = None
    choices: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Prediction:
    """A model's answer to one sample."""

    id: str
    text: str
    confidence: float | None = None


@dataclass(frozen=True)
class Score:
    """One protocol's figure in percent with its interval and number of samples."""

    protocol: str
    value: float
    interval: tuple[float, float] | None
    n: int
