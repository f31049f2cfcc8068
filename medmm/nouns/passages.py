"""Queries to the knowledge, and the passages that answer them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked up: words (never a patient's), the domains to search, how many at most."""

    text: str
    domains: tuple[str, ...] = ()
    limit: int = 5


@dataclass(frozen=True, slots=True)
class Passage:
    """A quoted piece of a document, and whether the cut kept it."""

    id: str
    text: str
    document: str
    version: str
    domain: str
    licence: str
    score: float
    kept: bool
    why: str
