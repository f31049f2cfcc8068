"""Starter cards of knowledge: Markdown files with a small TOML header, written for this project."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from medmm.errors import InputError

FENCE = "+++"
DOMAINS = (
    "chest-film",
    "chest-ct",
    "abdomen-ct",
    "brain-mr",
    "ultrasound",
    "general",
)
KINDS = ("appearance", "differential", "pitfalls", "follow-up", "method")
LICENCE = "CC0-1.0"


@dataclass(frozen=True, slots=True)
class Source:
    """One guideline or paper, named in full; ``doi`` is empty where it has none."""

    text: str
    doi: str = ""


@dataclass(frozen=True, slots=True)
class KnowledgeCard:
    """One card: what it is about, in whose words its facts can be checked, and its text.

    ``findings`` are the words of findings that it belongs to, most usual first; ``body`` is
    Markdown under second-level headings.
    """

    id: str
    title: str
    domain: str
    kinds: tuple[str, ...]
    findings: tuple[str, ...]
    version: str
    licence: str
    sources: tuple[Source, ...]
    body: str


def starter_cards() -> Iterator[KnowledgeCard]:
    """All cards that ship, by domain and name."""
    root = files("rag") / "knowledge"
    for domain in sorted(DOMAINS):
        folder = root / domain
        if folder.is_dir():
            for file in sorted(folder.iterdir(), key=lambda one: one.name):
                if file.name.endswith(".md"):
                    yield read_card(file, domain)


def read_card(file: Traversable, domain: str) -> KnowledgeCard:
    """One card in its domain's folder.

    Raises:
        InputError: the header is missing, is no TOML, or lacks something; or the body is empty.
    """
    text = file.read_text(encoding="utf-8")
    parts = text.split(f"{FENCE}\n", 2)
    if len(parts) != 3 or parts[0].strip():
        raise InputError(f"{file.name} has no header between two lines {FENCE}.")
    try:
        table = tomllib.loads(parts[1])
        card = KnowledgeCard(
            id=f"{domain}/{file.name.removesuffix('.md')}",
            title=str(table["title"]),
            domain=domain,
            kinds=tuple(str(kind) for kind in table["kinds"]),
            findings=tuple(str(word) for word in table["findings"]),
            version=str(table["version"]),
            licence=str(table["licence"]),
            sources=tuple(Source(**source) for source in table["sources"]),
            body=parts[2].strip(),
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise InputError(f"The header of {file.name} cannot be used: {error}.") from error
    if not card.body:
        raise InputError(f"{file.name} has no text.")
    return card
