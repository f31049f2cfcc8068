"""Which parts of the body a study shows, and on which side it was taken."""

from dataclasses import dataclass
from functools import cache

from medmm.drafting.checks.known_sides import header_sides
from medmm.drafting.checks.reading.characters import plain
from medmm.drafting.checks.reading.phrases import PhraseTable
from medmm.drafting.checks.reading.sides import NONE, Sides
from medmm.drafting.checks.reading.tokens import data, tokenise
from medmm.nouns import Series, Study

PROJECTIONS = {"DX", "CR", "RF", "XA", "RG", "DR", "MG", "PX"}


@dataclass(frozen=True, slots=True)
class Coverage:
    """``covers`` are parts of the body as in the lexicon; empty means that nobody knows.

    ``side`` is the header's side of a study of one limb or breast.
    """

    covers: frozenset[str]
    names: tuple[str, ...]
    side: Sides


def coverage_of(study: Study) -> Coverage:
    """What the usable series show together, by body part, else by what their texts name."""
    covers: set[str] = set()
    names: list[str] = []
    paired: list[bool] = []
    for series in study.usable or study.series:
        for key in _parts(series, study):
            entry = data("coverage")[key]
            film = series.modality in PROJECTIONS
            covers.update(entry["film"] if film and "film" in entry else entry["covers"])
            names.append(key.replace("_", " "))
            paired.append(entry.get("paired", False))
    side = header_sides(study) if paired and all(paired) else NONE
    return Coverage(frozenset(covers), tuple(dict.fromkeys(names)), side)


def _parts(series: Series, study: Study) -> list[str]:
    for text in (series.body_part, f"{series.description} {study.description}"):
        tokens = tokenise(plain(text[:200]))
        found = sorted({key for match in _words().find(tokens) for key in match.keys})
        if found:
            return found
    return []


@cache
def _words() -> PhraseTable:
    return PhraseTable({key: entry["words"] for key, entry in data("coverage").items()})
