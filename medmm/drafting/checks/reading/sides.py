"""Which side of the patient the words of a sentence name."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from medmm.drafting.checks.reading import lexicon
from medmm.drafting.checks.reading.clauses import Clause
from medmm.drafting.checks.reading.tokens import Token, data

Side = Literal["left", "right"]
Sides = frozenset[str]
BOTH: Sides = frozenset(("left", "right"))
NONE: Sides = frozenset()
# "Left and right", "right greater than left": both sides.
CLOSE = 3


@dataclass(frozen=True, slots=True)
class SideWord:
    """A word that names a side, at a token."""

    sides: Sides
    place: int


def side_words(tokens: Sequence[Token], taken: Sequence[tuple[int, int]] = ()) -> list[SideWord]:
    """All side words; those inside ``taken`` token spans (names such as "left atrium") are none."""
    table = lexicon.table("sides", "left", "right", "both", "same", "other")
    found: list[SideWord] = []
    for match in table.find(tokens):
        sides = _named(match.keys, found)
        if sides and not _misread(tokens, match.start, match.end):
            found.append(SideWord(sides, match.start))
    for place, token in enumerate(tokens):
        letter = data("sides")["letters"].get(token.text)
        if letter and not (place and tokens[place - 1].kind == "number"):
            found.append(SideWord(frozenset((letter,)), place))
    kept = [one for one in found if not any(first <= one.place < end for first, end in taken)]
    return sorted(kept, key=lambda one: one.place)


def sides_near(
    words: Sequence[SideWord],
    clause: Clause,
    start: int,
    end: int,
    taken: Sequence[int] | None = None,
) -> Sides:
    """The side of the term in tokens ``[start, end)``: of its chunk, else of its clause.

    Of several side words in a chunk the nearest counts; "left and right" counts as both.
    Where the chunk names none, chunks that hold none of the terms at ``taken`` may; with
    ``taken`` None no other chunk is asked.
    """
    first, after = clause.chunk(start)
    own = [word for word in words if first <= word.place < after]
    if own:
        return _nearest(own, start, end)
    if taken is None:
        return NONE
    held = {clause.chunk(place) for place in taken if clause.start <= place < clause.end}
    free = [word for word in words if clause.start <= word.place < clause.end]
    chunks = {clause.chunk(word.place) for word in free} - held
    others = {
        _nearest([word for word in free if low <= word.place < high], start, end)
        for low, high in chunks
    }
    return next(iter(others)) if len(others) == 1 else NONE


def _named(keys: frozenset[str], before: Sequence[SideWord]) -> Sides:
    """The sides of a word; "ipsilateral" and "contralateral" look back to the last one."""
    if "both" in keys:
        return BOTH
    if not keys & {"same", "other"}:
        return keys
    last = before[-1].sides if before else NONE
    return last if "same" in keys or len(last) != 1 else BOTH - last


def _nearest(words: Sequence[SideWord], start: int, end: int) -> Sides:
    paired = [(one, two) for one, two in pairwise(words) if two.place - one.place <= CLOSE]
    for one, two in paired:
        if one.sides != two.sides:
            return one.sides | two.sides
    nearest = min(words, key=lambda word: _distance(word.place, start, end))
    return nearest.sides


def _distance(place: int, start: int, end: int) -> float:
    if start <= place < end:
        return 0
    # A side word before its noun binds closer than one behind it.
    return start - place if place < start else (place - end + 1) * 1.5


def _misread(tokens: Sequence[Token], start: int, end: int) -> bool:
    table = data("sides")
    before = tokens[start - 1].low if start else ""
    after = tokens[end].low if end < len(tokens) else ""
    return before in table["not_after"] or after in table["not_before"]
