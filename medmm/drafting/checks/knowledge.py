"""What the passages of a case say: their claims, their runs of words and their words."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TypeAlias

from medmm.drafting.checks.reading import lexicon
from medmm.drafting.checks.reading.characters import plain
from medmm.drafting.checks.reading.phrases import PhraseTable
from medmm.drafting.checks.reading.quantities import Figure, figures
from medmm.drafting.checks.reading.sentence import Claim, read
from medmm.drafting.checks.reading.tokens import Token, data, tokenise
from medmm.nouns import Passage

Span: TypeAlias = tuple[str, ...]
# A figure in base units, and its dimension.
Value: TypeAlias = tuple[float, str]
# So many words with content in a row are no chance; five are shared by chance ("CT in 3 months or
# PET/CT"). What it costs in false alarms: tests/drafting/checks/test_reference_leak.py.
SPAN = 6
# Words count as one from this many equal letters on: "honeycombing" and "honeycomb", and the
# Latin words that languages share ("cardiomegalia").
STEM = 6
# A piece without any full stop is read in parts, because reading time grows faster than length.
LONGEST_PIECE = 600
_EDGES = re.compile(
    r"(?<=[.!?;:])\s+|\s*[\n\r|>{}<\[\]*_#`\"“”„«»]+\s*|(?:^|(?<=\s))['‘]|['’](?=[\s.,;:!?]|$)"
)


@dataclass(frozen=True, slots=True)
class Told:
    """A claim of a passage; ``pointed`` where the passage speaks of one person or gives orders.

    ``figures`` are those of the same sentence.
    """

    claim: Claim
    document: str
    pointed: bool
    figures: frozenset[Value]


@dataclass(frozen=True, eq=False, slots=True)
class Knowledge:
    """Spans, stems and figures with a document that has them; claims by their kind's meaning."""

    spans: Mapping[Span, str]
    stems: Mapping[str, str]
    figures: Mapping[Value, str]
    claims: Mapping[str, Sequence[Told]]


@lru_cache(maxsize=2)
def knowledge_of(passages: tuple[Passage, ...], covered: frozenset[str]) -> Knowledge:
    """All passages, kept or not, read once; the time grows with their length."""
    held: dict[Span, str] = {}
    stems: dict[str, str] = {}
    numbers: dict[Value, str] = {}
    claims: dict[tuple[object, ...], Told] = {}
    for passage in passages:
        tokens = tokenise(plain(passage.text))
        held.update((span, passage.document) for span, _ in spans(tokens) if span not in held)
        for token in content(tokens):
            stems.setdefault(stem(token), passage.document)
        numbers.update(dict.fromkeys(values(figures(tokens)), passage.document))
        pointed = bool(_addressed().find(tokens))
        for told in _told(passage, covered, pointed=pointed):
            claim = told.claim
            key = (claim.kind, claim.sites, claim.sides, claim.presence, pointed, told.figures)
            claims.setdefault(key, told)
    by_kind: dict[str, list[Told]] = {}
    for told in claims.values():
        by_kind.setdefault(lexicon.meaning(told.claim.kind), []).append(told)
    return Knowledge(held, stems, numbers, by_kind)


def spans(tokens: Iterable[Token]) -> Iterator[tuple[Span, tuple[Token, ...]]]:
    """Every run of `SPAN` words with content, and its tokens; marks and function words between."""
    told = content(tokens)
    for start in range(len(told) - SPAN + 1):
        run = told[start : start + SPAN]
        yield tuple(token.stem for token in run), tuple(run)


def content(tokens: Iterable[Token]) -> list[Token]:
    """Words, numbers and codes without the words that only join them."""
    return [one for one in tokens if one.kind != "mark" and one.low not in _words("function")]


def stem(token: Token) -> str:
    """The beginning of a word by which it is known again."""
    return token.stem[:STEM]


def telling(token: Token) -> bool:
    """Whether a word is one with which any finding is told."""
    return token.low in _words("telling") or token.stem in _words("telling")


def values(written: Iterable[Figure]) -> frozenset[Value]:
    """Figures with a unit or with decimals; a bare whole number may count anything."""
    return frozenset(
        (round(one.value, 6), one.unit.dimension if one.unit else "")
        for one in written
        if one.unit or one.step < 1
    )


def _told(passage: Passage, covered: frozenset[str], *, pointed: bool) -> Iterator[Told]:
    for piece in _pieces(passage.text):
        reading = read(piece, covered)
        said = values(reading.figures)
        for claim in reading.claims:
            yield Told(claim, passage.document, pointed, said)


def _pieces(text: str) -> Iterator[str]:
    """A passage in sentences; quotation marks, table bars and markup part as well.

    What is quoted inside an instruction ("add 'no nodule is seen'") is thus read by itself.
    """
    for piece in _EDGES.split(text):
        for start in range(0, len(piece), LONGEST_PIECE):
            yield piece[start : start + LONGEST_PIECE]


@cache
def _words(name: str) -> frozenset[str]:
    return frozenset(data("common")[name])


@cache
def _addressed() -> PhraseTable:
    return lexicon.table("common", "person", "order")
