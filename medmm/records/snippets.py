"""The sentence of a report that answers a search best, with the words that were looked for."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from medmm.records.words import Term, starts, word_tokens, words


@dataclass(frozen=True)
class Snippet:
    """A sentence in composed Unicode (NFC); ``marks`` are ``(start, end)`` of the words found."""

    text: str
    marks: tuple[tuple[int, int], ...]


def best_snippet(sentences: Iterable[str], wanted: Sequence[Term]) -> Snippet:
    """The first sentence with the most of the terms in it."""
    best, best_count = Snippet("", ()), 0
    for sentence in sentences:
        snippet, count = _marked(sentence, wanted)
        if count > best_count:
            best, best_count = snippet, count
    return best


def _marked(sentence: str, wanted: Sequence[Term]) -> tuple[Snippet, int]:
    """The sentence with its marks, and how many terms it has."""
    text = unicodedata.normalize("NFC", sentence)
    spans: list[tuple[int, int]] = []
    sequence: list[str] = []
    for match in words(text):
        for token in word_tokens(match.group()):
            sequence.append(token)
            spans.append(match.span())
    marks: set[tuple[int, int]] = set()
    count = 0
    for term in wanted:
        places = list(starts(term, sequence))
        count += bool(places)
        marks.update(span for at in places for span in spans[at : at + len(term.tokens)])
    return Snippet(text, tuple(sorted(marks))), count
