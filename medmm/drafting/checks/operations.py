"""Which organs earlier operations took out, by what order and history say."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from medmm.drafting.checks.reading.characters import plain
from medmm.drafting.checks.reading.clauses import clause_of, clauses
from medmm.drafting.checks.reading.phrases import PhraseTable
from medmm.drafting.checks.reading.sides import NONE, Sides, side_words, sides_near
from medmm.drafting.checks.reading.tokens import data, tokenise


@dataclass(frozen=True, slots=True)
class Removal:
    """An organ that is gone; no side means both sides, or an organ that is there once."""

    organ: str
    sides: Sides
    operation: str


def removals(texts: Iterable[str]) -> tuple[Removal, ...]:
    """Removed organs; partial, planned and denied operations take nothing out."""
    found = [removal for text in texts for removal in _removals(text)]
    return tuple(dict.fromkeys(found))


def _removals(text: str) -> list[Removal]:
    tokens = tokenise(plain(text[:4000]))
    parts = clauses(tokens)
    words = side_words(tokens)
    found: list[Removal] = []
    for match in _operations().find(tokens):
        clause = clause_of(parts, match.start)
        first, after = clause.chunk(match.start)
        if _stopped().find(tokens[first:after]):
            continue
        for key in sorted(match.keys):
            entry = data("operations")["operations"][key]
            own = entry.get("side")
            sides = frozenset((own,)) if own else sides_near(words, clause, match.start, match.end)
            name = " ".join(token.text for token in tokens[match.start : match.end])
            found.extend(Removal(organ, sides or NONE, name) for organ in entry["removes"])
    return found


@cache
def _operations() -> PhraseTable:
    table = data("operations")["operations"]
    return PhraseTable({key: entry["words"] for key, entry in table.items()})


@cache
def _stopped() -> PhraseTable:
    table = data("operations")
    return PhraseTable({"stopped": [*table["partial"], *table["negated"]]})
