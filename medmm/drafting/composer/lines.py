"""A statement before it has its number."""

from dataclasses import dataclass

from medmm.nouns import Evidence
from medmm.nouns.evidence import Section, StatementState


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence with its section, proposed state and evidence."""

    section: Section
    text: str
    state: StatementState
    evidence: tuple[Evidence, ...]
