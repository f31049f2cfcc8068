"""What the composer knows of things whatever the language, read from rules.toml."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from medmm.nouns import Code, Measurement

LEAST_URGENT = 4


@dataclass(frozen=True, slots=True)
class Concept:
    """A concept that rules know: its urgency, its organ, and the labels of its marks."""

    key: str
    codes: tuple[str, ...] = ()
    meanings: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    organ: str = ""
    urgency: int = LEAST_URGENT


@dataclass(frozen=True)
class Rules:
    """Order, sides, urgency, and where marks lie."""

    measurements: tuple[str, ...]
    pair: tuple[str, str]
    paired: frozenset[str]
    contrast_modalities: frozenset[str]
    shown_in_full: int
    named_series: int
    concepts: tuple[Concept, ...]

    def concept(self, code: Code) -> Concept:
        """What is known of a code, by code or else by meaning; its meaning where nothing is."""
        coded, meaning = f"{code.scheme}:{code.code}", code.meaning.strip().lower()
        for one in self.concepts:
            if coded in one.codes or meaning in one.meanings:
                return one
        return Concept(meaning)

    def marking(self, label: str) -> Concept | None:
        """The concept that regions of this label mark."""
        return next((one for one in self.concepts if label.lower() in one.marks), None)

    def rank(self, measurement: Measurement) -> int:
        """Where a measurement stands in its sentence."""
        names = self.measurements
        return names.index(measurement.name) if measurement.name in names else len(names)


@cache
def rules() -> Rules:
    """The rules that ship."""
    file = files("medmm.drafting.composer") / "rules.toml"
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    return Rules(
        measurements=tuple(table["measurements"]),
        pair=(table["pair"][0], table["pair"][1]),
        paired=frozenset(table["paired"]),
        contrast_modalities=frozenset(table["contrast_modalities"]),
        shown_in_full=table["shown_in_full"],
        named_series=table["named_series"],
        concepts=tuple(_concept(one) for one in table["concepts"]),
    )


def _concept(table: dict[str, Any]) -> Concept:
    return Concept(
        key=table["key"],
        codes=tuple(table.get("codes", ())),
        meanings=tuple(table.get("meanings", ())),
        marks=tuple(table.get("marks", ())),
        organ=table.get("organ", ""),
        urgency=table["urgency"],
    )
