"""A sentence into clauses and chunks, within which words bear on each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from medmm.drafting.checks.reading.phrases import PhraseTable
from medmm.drafting.checks.reading.tokens import Token, data

STOPS = {";", "!", "•"}
EDGES = {",", "(", ")", "[", "]", "–"}
ABBREVIATIONS = {
    "dr", "mr", "mrs", "ms", "prof", "st", "lt", "rt", "bilat", "vol", "approx", "ca", "cf", "vs",
    "no", "e", "g", "i", "resp", "incl", "max", "min", "fig", "l", "r", "neg", "pos", "w", "yr",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clause:
    """Tokens ``[start, end)`` and the places where its chunks begin."""

    start: int
    end: int
    chunks: tuple[int, ...]

    def chunk(self, place: int) -> tuple[int, int]:
        """The chunk ``[start, end)`` that holds a token."""
        starts = [*self.chunks, self.end]
        for first, after in pairwise(starts):
            if first <= place < after:
                return first, after
        return self.start, self.end


def clauses(tokens: Sequence[Token]) -> tuple[Clause, ...]:
    """Clauses in order; the words that part them belong to the one they open."""
    starts = {0}
    for place, token in enumerate(tokens):
        if token.text in STOPS or (token.text == "." and _full_stop(tokens, place)):
            starts.add(place + 1)
    starts.update(match.start for match in _breaks().find(tokens))
    bounds = [*sorted(start for start in starts if start < len(tokens)), len(tokens)]
    return tuple(
        Clause(first, after, _chunks(tokens, first, after)) for first, after in pairwise(bounds)
    )


def clause_of(parts: Sequence[Clause], place: int) -> Clause:
    """The clause that holds a token."""
    return next(part for part in parts if part.start <= place < part.end)


def _full_stop(tokens: Sequence[Token], place: int) -> bool:
    if place + 1 == len(tokens) or place == 0:
        return True
    before, after = tokens[place - 1], tokens[place + 1]
    if after.start == tokens[place].end:
        return False
    if before.low in ABBREVIATIONS:
        return before.low in ("no", "l", "r", "min", "max") and after.text[:1].isupper()
    return True


def _chunks(tokens: Sequence[Token], start: int, end: int) -> tuple[int, ...]:
    starts = [start]
    starts.extend(place + 1 for place in range(start, end - 1) if tokens[place].text in EDGES)
    return tuple(starts)


@cache
def _breaks() -> PhraseTable:
    return PhraseTable({"break": data("cues")["breaks"]["words"]})
