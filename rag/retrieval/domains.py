"""Which domain a question belongs to: by the study's header, else by its words, and how surely.

Cues are data (``rag/domains.toml``): words that name a modality, a part of the body, or reporting.
A question's words are weighed together with how well each domain's passages answer it. The weights
were chosen on the tuning part of our own questions.
"""

import math
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from rag.phrases import PhraseBook

GENERAL = "general"
MODALITY_WEIGHT = 0.15
BODY_WEIGHT = 0.07
REPORTING_WEIGHT = 0.10
SILENCE = 0.05
"""What speaks for the general domain where a question names neither modality nor body part."""
SHARPNESS = 0.06
"""How much one score must exceed another to be e times as likely."""
SURE = 0.80
"""From this confidence on one domain is searched, below it the best two."""
# "US" is a modality only in capitals; "us" is a word.
_US = re.compile(r"\bUS\b")


@dataclass(frozen=True, slots=True)
class Routed:
    """A domain, how sure it is (0 to 1), and what it rests on."""

    domain: str
    confidence: float
    evidence: str


@dataclass(frozen=True, slots=True)
class _Domain:
    modalities: frozenset[str]
    bodies: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Cues:
    domains: Mapping[str, _Domain]
    modalities: PhraseBook
    bodies: PhraseBook
    subjects: PhraseBook
    dicom_modalities: Mapping[str, str]
    dicom_bodies: Mapping[str, frozenset[str]]


def route_header(modality: str, body_part: str) -> list[Routed]:
    """Domains by DICOM Modality and BodyPartExamined, likeliest first; none if they do not tell."""
    cues = _cues()
    named = cues.dicom_modalities.get(modality.strip().upper())
    if named is None:
        return []
    letters = "".join(char for char in body_part.upper() if char.isalnum())
    bodies = cues.dicom_bodies.get(letters, frozenset())
    fitting = [
        name
        for name, one in cues.domains.items()
        if named in one.modalities and (not one.bodies or one.bodies & bodies or not letters)
    ]
    told = f"header: modality {modality}, body part {body_part or 'not given'}"
    return [Routed(name, 1.0 / len(fitting), told) for name in fitting]


def route_words(text: str, votes: Mapping[str, float]) -> list[Routed]:
    """All domains by a question's words, likeliest first.

    ``votes`` are the best score of each domain's passages for the question; domains without
    passages are not there.
    """
    modality, body, reporting = _named(text)
    scores = {name: vote + _cue(name, modality, body, reporting) for name, vote in votes.items()}
    if not scores:
        return []
    top = max(scores.values())
    weights = {name: math.exp((score - top) / SHARPNESS) for name, score in scores.items()}
    total = sum(weights.values())
    told = _told(modality, body, reporting)
    return [
        Routed(name, weights[name] / total, told)
        for name in sorted(scores, key=lambda one: (-scores[one], one))
    ]


def to_search(routed: Sequence[Routed]) -> tuple[str, ...]:
    """The domains to look in: the likeliest, a second one when unsure, and the general one."""
    if not routed:
        return ()
    chosen = [routed[0].domain]
    if routed[0].confidence < SURE and len(routed) > 1:
        chosen.append(routed[1].domain)
    return tuple(dict.fromkeys((*chosen, GENERAL)))


def _named(text: str) -> tuple[Counter[str], Counter[str], int]:
    cues = _cues()
    modality = Counter(name for name, _ in cues.modalities.found(text))
    if _US.search(text):
        modality["us"] += 1
    body = Counter(name for name, _ in cues.bodies.found(text))
    return modality, body, sum(1 for _ in cues.subjects.found(text))


def _cue(name: str, modality: Counter[str], body: Counter[str], reporting: int) -> float:
    """What a question's own words add for a domain."""
    one = _cues().domains.get(name, _Domain(frozenset(), frozenset()))
    if not one.modalities:
        silent = SILENCE if not modality and not body else 0.0
        against = MODALITY_WEIGHT * bool(modality) + BODY_WEIGHT * bool(body)
        return REPORTING_WEIGHT * min(reporting, 2) + silent - against / 2
    added = 0.0
    if modality:
        added += MODALITY_WEIGHT if one.modalities & modality.keys() else -MODALITY_WEIGHT
    if body and one.bodies:
        share = sum(body[part] for part in one.bodies) / body.total()
        added += BODY_WEIGHT * (2 * share - 1)
    return added


def _told(modality: Counter[str], body: Counter[str], reporting: int) -> str:
    named = [*modality, *body, *(["reporting"] if reporting else [])]
    return f"words: {', '.join(named)}" if named else "words: by its passages alone"


@cache
def _cues() -> _Cues:
    table = tomllib.loads((files("rag") / "domains.toml").read_text(encoding="utf-8"))
    bodies: dict[str, set[str]] = {}
    for name, one in table["body"].items():
        for part in one["dicom"]:
            bodies.setdefault(part, set()).add(name)
    return _Cues(
        domains={
            name: _Domain(frozenset(one.get("modality", ())), frozenset(one.get("body", ())))
            for name, one in table["domain"].items()
        },
        modalities=_book(table["modality"]),
        bodies=_book(table["body"]),
        subjects=_book(table["subject"]),
        dicom_modalities={
            code: name for name, one in table["modality"].items() for code in one["dicom"]
        },
        dicom_bodies={part: frozenset(names) for part, names in bodies.items()},
    )


def _book(section: Mapping[str, Mapping[str, Iterable[str]]]) -> PhraseBook:
    return PhraseBook((word, name) for name, one in section.items() for word in one["words"])
