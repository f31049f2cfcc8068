"""What a reader of an examination looks at, and what of it nobody looked at: templates as data."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from medmm.nouns import ExpertResult, Study

# Body parts that say nothing (letters only).
SILENT = frozenset({"", "UNKNOWN", "OTHER", "BODY", "PARTIALBODY"})


@dataclass(frozen=True, slots=True)
class Structure:
    """One thing to look at. Who assesses all ``parts``, or one name of ``also``, assesses it.

    ``edge`` marks what lies at the border of the examination and belongs to its neighbour.
    """

    name: str
    parts: tuple[str, ...]
    also: tuple[str, ...] = ()
    edge: bool = False

    def missing(self, assessed: frozenset[str]) -> tuple[str, ...]:
        """The names that stand for what of it was not assessed: nothing, some parts, or all."""
        if assessed & {self.name, *self.also}:
            return ()
        left = tuple(part for part in self.parts if part not in assessed)
        return (self.name,) if len(left) == len(self.parts) else left


@dataclass(frozen=True, slots=True)
class Template:
    """An examination: its name (a knowledge domain), how it is known, what it shows."""

    name: str
    modalities: frozenset[str]
    body_parts: frozenset[str]
    structures: tuple[Structure, ...]

    def fits(self, modality: str, body_part: str) -> bool:
        """Whether a series says that it is of this examination."""
        return modality in self.modalities and _plain(body_part) in self.body_parts


@cache
def templates() -> tuple[Template, ...]:
    """All templates by name, each from one TOML file beside this module."""
    folder = files("medmm.drafting") / "templates"
    found = [file for file in folder.iterdir() if file.name.endswith(".toml")]
    parsed = [parse(tomllib.loads(file.read_text(encoding="utf-8"))) for file in found]
    return tuple(sorted(parsed, key=lambda template: template.name))


def parse(table: Mapping[str, Any]) -> Template:
    """A template from its table."""
    return Template(
        name=table["name"],
        modalities=frozenset(table["modalities"]),
        body_parts=frozenset(_plain(part) for part in table["body_parts"]),
        structures=tuple(
            Structure(
                one["name"],
                tuple(one.get("parts", (one["name"],))),
                tuple(one.get("also", ())),
                one.get("edge", False),
            )
            for one in table["structures"]
        ),
    )


def fitting(study: Study, results: Sequence[ExpertResult]) -> tuple[Template, ...]:
    """The templates of a study, by what its series say of themselves.

    Where no series names its body part, the templates of its modality that know what experts have
    assessed; else none.
    """
    usable = study.usable
    said = [
        template
        for template in templates()
        if any(template.fits(series.modality, series.body_part) for series in usable)
    ]
    if said or any(_plain(series.body_part) not in SILENT for series in usable):
        return tuple(said)
    assessed = assessed_names(results)
    modalities = {series.modality for series in usable}
    return tuple(
        template
        for template in templates()
        if template.modalities & modalities
        and any(
            assessed & {one.name, *one.parts, *one.also}
            for one in template.structures
            if not one.edge
        )
    )


def assessed_names(results: Iterable[ExpertResult]) -> frozenset[str]:
    """All structures that experts say they looked at, in lower case."""
    return frozenset(name.strip().lower() for result in results for name in result.assessed)


def not_assessed(fitted: Sequence[Template], assessed: frozenset[str]) -> tuple[str, ...]:
    """What the templates show less what was assessed, each name once, in reading order."""
    structures = [
        one
        for template in fitted
        for one in template.structures
        if len(fitted) == 1 or not one.edge
    ]
    return tuple(dict.fromkeys(name for one in structures for name in one.missing(assessed)))


def _plain(text: str) -> str:
    """Body parts are compared by letters only: DICOM files write them in many ways."""
    return "".join(char for char in text.upper() if char.isalnum())
