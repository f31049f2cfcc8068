"""What a sentence says about change over time."""

from collections.abc import Iterator
from dataclasses import dataclass

from medmm.drafting.checks.reading import lexicon
from medmm.drafting.checks.reading.clauses import Clause
from medmm.drafting.checks.reading.phrases import Match
from medmm.drafting.checks.reading.sentence import Reading

DIRECTIONS = ("up", "down", "gone", "same", "new", "again")
AHEAD = 3


@dataclass(frozen=True, slots=True)
class Change:
    """A direction (up, down, gone, same, new, again, or compared without one) at a clause.

    ``denied`` marks "no new ...": it says that something did not happen.
    """

    direction: str
    clause: Clause
    place: int
    denied: bool = False


def changes(reading: Reading) -> list[Change]:
    """All words of change in a sentence, without plans and without change in space."""
    return [
        change
        for clause in reading.clauses
        for change in _of_clause(reading, clause)
        if not _planned(reading, clause, change)
    ]


def _planned(reading: Reading, clause: Clause, change: Change) -> bool:
    """Whether the change is what a plan is to find out ("to look for progression")."""
    first, after = clause.chunk(change.place)
    plans = [
        cue
        for cue in reading.scope.cues
        if "recommend" in cue.keys and clause.start <= cue.start < clause.end
    ]
    return any(first <= cue.start < after or cue.start <= change.place for cue in plans)


def _of_clause(reading: Reading, clause: Clause) -> Iterator[Change]:
    tokens = reading.tokens[clause.start : clause.end]
    table = lexicon.table("comparison", *DIRECTIONS)
    found = [_moved(match, clause.start) for match in table.find(tokens)]
    past = any(
        not _beside(reading, clause, _moved(match, clause.start))
        for match in lexicon.table("comparison", "past").find(tokens)
    )
    for match in found:
        key = _direction(match)
        if _spatial(reading, clause, match, key):
            continue
        denied = key in ("new", "up", "down", "gone") and _denied(reading, clause, match)
        if denied and key in ("up", "down"):
            yield Change("same", clause, match.start)
        else:
            yield Change(key, clause, match.start, denied)
    for key, direction in (("comparatives_up", "up"), ("comparatives_down", "down")):
        for match in lexicon.table("comparison", key).find(tokens):
            if past and not any(one.start == match.start + clause.start for one in found):
                yield Change(direction, clause, match.start + clause.start)
    if not found:
        for match in lexicon.table("comparison", "compare").find(tokens):
            if not _beside(reading, clause, _moved(match, clause.start)):
                yield Change("compared", clause, match.start + clause.start)


def _direction(match: Match) -> str:
    order = ("same", "new", "again", "gone", "up", "down")
    return next(key for key in order if key in match.keys)


def _spatial(reading: Reading, clause: Clause, match: Match, key: str) -> bool:
    """Whether the word qualifies something that is no change over time ("increased density")."""
    following = reading.tokens[match.end : min(match.end + AHEAD, clause.end)]
    words = lexicon.table("comparison", "spatial")
    return key in ("up", "down", "same") and bool(words.find(following))


def _beside(reading: Reading, clause: Clause, match: Match) -> bool:
    """Whether what follows is another place, not another time ("compared with the left lung")."""
    following = range(match.end, min(match.end + AHEAD, clause.end))
    named = {word.place for word in reading.side_words} | {one.start for one in reading.places}
    study = lexicon.table("comparison", "study").find(reading.tokens[match.end : clause.end])
    return any(place in named for place in following) and not study


def _denied(reading: Reading, clause: Clause, match: Match) -> bool:
    before = reading.tokens[max(clause.start, match.start - 2) : match.start]
    return any(token.low in ("no", "not", "without", "nor") for token in before)


def _moved(match: Match, by: int) -> Match:
    return Match(match.keys, match.start + by, match.end + by)
