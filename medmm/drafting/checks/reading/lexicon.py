"""The lexicon in one piece: anatomy, findings, measures, and tables to find them with."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from medmm.drafting.checks.reading.phrases import PhraseTable
from medmm.drafting.checks.reading.tokens import data

ROOT = "anomaly"


@dataclass(frozen=True, slots=True)
class Organ:
    """A piece of anatomy and where it lies."""

    key: str
    regions: frozenset[str]
    part_of: str = ""
    sex: str = ""
    paired: bool = False
    vague: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding; ``site`` is always its place, ``default_site`` where none is named.

    Anatomy in ``beside`` may be a neighbour that is named, so that the default stays possible.
    """

    key: str
    is_a: str = ""
    site: str = ""
    default_site: str = ""
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Measure:
    """A kind of measurement: the names that experts give it, and its dimension."""

    key: str
    names: tuple[str, ...]
    dimension: str
    fraction: bool = False


VAGUE = {"bone", "soft_tissue", "chest_wall", "abdomen"}
WALLS = {"chest_wall", "abdomen"}
# Kinds that name the finding only together with its site.
BY_SITE = {"enlarged", "effusion", "stone"}


@cache
def organs() -> dict[str, Organ]:
    """Anatomy by key."""
    return {
        key: Organ(
            key,
            frozenset(entry["regions"]),
            entry.get("part_of", ""),
            entry.get("sex", ""),
            entry.get("paired", False),
            key in VAGUE,
        )
        for key, entry in data("anatomy").items()
    }


@cache
def kinds() -> dict[str, Kind]:
    """Kinds of findings by key."""
    return {
        key: Kind(
            key,
            entry.get("is_a", ""),
            entry.get("site", ""),
            entry.get("default_site", ""),
            tuple(entry.get("beside", ())),
        )
        for key, entry in data("findings").items()
    }


@cache
def measures() -> dict[str, Measure]:
    """Kinds of measurements by key."""
    return {
        key: Measure(key, tuple(entry["names"]), entry["dimension"], entry.get("fraction", False))
        for key, entry in data("measures").items()
    }


@cache
def codes() -> dict[str, str]:
    """SNOMED CT code to kind; the more special kind wins a code that two share."""
    return {code: key for key, entry in data("findings").items() for code in entry.get("codes", ())}


@cache
def terms() -> PhraseTable:
    """Anatomy, findings and names of measurements together, so that the longest term wins."""
    phrases: dict[str, list[str]] = {}
    for key, entry in data("anatomy").items():
        phrases[f"organ:{key}"] = entry["words"]
        phrases[f"weak:{key}"] = entry.get("weak", [])
    for key, entry in data("findings").items():
        phrases[f"kind:{key}"] = entry["words"]
    for key, entry in data("measures").items():
        phrases[f"measure:{key}"] = entry["names"]
    return PhraseTable(phrases)


@cache
def cues() -> PhraseTable:
    """Everything that turns, weakens, sets aside or calls normal."""
    table = data("cues")
    phrases: dict[str, list[str]] = {
        "neg.before": table["negation"]["before"],
        "neg.after": table["negation"]["after"],
        "neg.final": table["negation"]["final"],
        "unc.before": table["uncertainty"]["before"],
        "unc.after": table["uncertainty"]["after"],
        "inference": table["uncertainty"]["inference"],
        "pseudo": table["pseudo"]["words"],
        "affirm": table["affirmation"]["words"],
        "recommend": table["set_aside"]["recommend"],
        "history": table["set_aside"]["history"],
        "not_assessed": table["set_aside"]["not_assessed"],
        "other": table["set_aside"]["other"],
        "except": table["set_aside"]["except"],
        "normal": table["normality"]["words"],
    }
    return PhraseTable(phrases, table["groups"])


@cache
def table(name: str, *keys: str) -> PhraseTable:
    """A table of phrases of one lexicon file: the named keys of it."""
    entries: Any = data(name)
    return PhraseTable({key: entries[key] for key in keys})


@cache
def lineage(kind: str) -> tuple[str, ...]:
    """A kind and all that it is a kind of, nearest first."""
    line = [kind]
    while (parent := kinds()[line[-1]].is_a if line[-1] in kinds() else "") and parent not in line:
        line.append(parent)
    return tuple(line)


@cache
def same_place(one: str, other: str) -> bool:
    """Whether two pieces of anatomy are one, one a part of the other, or a wall around it."""
    if one == other or other in _wholes(one) or one in _wholes(other):
        return True
    walls = WALLS & {one, other}
    return bool(walls) and bool(organs()[one].regions & organs()[other].regions)


@cache
def lies_in(part: str, whole: str) -> bool:
    """Whether a piece of anatomy is another one, a part of it, or within its walls."""
    if part == whole or whole in _wholes(part):
        return True
    return whole in WALLS and bool(organs()[part].regions & organs()[whole].regions)


@cache
def meaning(kind: str) -> str:
    """The kind that says the same together with its site ("cardiomegaly" is "enlarged" heart)."""
    for ancestor in lineage(kind)[1:]:
        if ancestor in BY_SITE:
            return ancestor
    return kind


def _wholes(key: str) -> list[str]:
    found: list[str] = []
    while (key := organs()[key].part_of if key in organs() else "") and key not in found:
        found.append(key)
    return found
