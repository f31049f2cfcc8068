"""Documents on their way in: what is known of one before it has a row."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medmm.errors import InputError
from medmm.home import file_sha256
from medmm.nouns import Document
from medmm.seams import DocumentReader
from rag.cards import KnowledgeCard

DOMAINS = (
    "chest-film",
    "chest-ct",
    "abdomen-ct",
    "brain-mr",
    "ultrasound",
    "pathology",
    "ecg",
    "general",
)
"""The domains that the platform knows by name; others may be added."""

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class Incoming:
    """One document read. ``source`` tells whether two are versions of one document."""

    source: str
    document: Document
    domain: str
    sha256: str
    version: str = ""
    licence: str = ""
    language: str = "en"
    origin: str = "added"
    words: tuple[str, ...] = ()
    citations: tuple[dict[str, Any], ...] = ()


def check_domain(domain: str) -> str:
    """The domain if it can be one.

    Raises:
        InputError: it is no short name in lower case.
    """
    if not _NAME.fullmatch(domain) or len(domain) > LONGEST_NAME:
        raise InputError(
            f"{domain[:60]!r} cannot be a domain.",
            f"Use one of {', '.join(DOMAINS)}, or letters a-z, digits and single hyphens.",
        )
    return domain


def from_card(card: KnowledgeCard) -> Incoming:
    """A starter card."""
    whole = "\n".join(
        (card.title, card.body, card.version, *card.findings, *(one.text for one in card.sources))
    )
    return Incoming(
        source=f"starter:{card.id}",
        document=Document(card.body, card.title, "text/markdown"),
        domain=card.domain,
        sha256=hashlib.sha256(whole.encode()).hexdigest(),
        version=card.version,
        licence=card.licence,
        origin="starter",
        words=card.findings,
        citations=tuple({"text": one.text, "doi": one.doi} for one in card.sources),
    )


def from_file(
    path: Path,
    domain: str,
    readers: Sequence[DocumentReader],
    *,
    version: str = "",
    licence: str = "",
) -> Incoming:
    """A file read by whichever reader knows it; its absolute path is what it is known by.

    Raises:
        InputError: it cannot be read, or holds nothing to quote.
    """
    from rag.reading import read_document

    digest = file_sha256(path)
    document = read_document(path, readers)
    return Incoming(
        source=str(path.absolute()),
        document=document,
        domain=check_domain(domain),
        sha256=digest,
        version=version,
        licence=licence,
    )
