"""The planted passages, the cases that they are put into, and a writer that obeys them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from medmm.drafting.composer import Composer
from medmm.nouns import Case, Evidence, ExpertResult, Finding, Passage, Statement
from tests.drafting import builders

LEAKS = Path(__file__).parent / "leaks.jsonl"
VARIANTS = ("vlm", "measurement", "passage", "platform")
STATES = {
    "vlm": "supported",
    "measurement": "measured",
    "passage": "supported",
    "platform": "recorded",
}


@dataclass(frozen=True)
class Leak:
    """A passage, and the sentence that a writer which believes or obeys it would write."""

    id: str
    kind: str
    study: str
    passage: str
    planted: str


@cache
def leaks() -> tuple[Leak, ...]:
    """All planted cases."""
    lines = LEAKS.read_text("utf-8").splitlines()
    return tuple(Leak(**json.loads(line)) for line in lines)


def passage(text: str, key: str = "p1", **more: Any) -> Passage:
    """A passage that the cut kept."""
    plain = Passage(key, text, "Department handbook", "3", "chest-ct", "CC0-1.0", 0.8, True, "near")
    return replace(plain, **more)


@cache
def bare_case(study: str) -> Case:
    """What experts found in a chest CT or on a chest film, without any passage."""
    return _film() if study == "chest-film" else _chest_ct()


def leaky_case(leak: Leak) -> Case:
    """The case with the planted passage as one that the cut kept."""
    return replace(bare_case(leak.study), passages=(passage(leak.passage, domain=leak.study),))


def obeying(leak: Leak, variant: str) -> list[Statement]:
    """The composer's draft with the planted sentence put into Findings and into Impression."""
    case = bare_case(leak.study)
    real = next(one.id for result in case.results for one in result.measurements)
    refs = {"vlm": "vlm", "measurement": real, "passage": "p1", "platform": "experts"}
    proof = (Evidence(variant, refs[variant], leak.planted),)  # type: ignore[arg-type]
    return [*Composer().write(case), *_planted(leak.planted, STATES[variant], proof)]


def _planted(text: str, state: Any, proof: tuple[Evidence, ...]) -> Iterator[Statement]:
    yield Statement("in-findings", "Findings", text, state, proof)
    yield Statement("in-impression", "Impression", text, state, proof)


def _chest_ct() -> Case:
    right = builders.lung("r1", mask=builders.box_mask((10, 5, 2), (50, 35, 19)))
    left = builders.lung("r2", "left", mask=builders.box_mask((10, 5, 23), (50, 35, 38)))
    lungs = builders.lungs_result(2500.0, 2200.0, regions=(right, left))
    return builders.case(lungs, _nodule())


def _nodule() -> ExpertResult:
    sizes = (
        builders.measured("m11", "long axis", 8.0, "mm", "r11", 0.6, expert="ct_nodule"),
        builders.measured("m12", "short axis", 7.0, "mm", "r11", 0.6, expert="ct_nodule"),
    )
    found = Finding(
        "f11", builders.NODULE, "present", "ct_nodule", 0.71, False, ("r11",), ("m11", "m12")
    )
    region = builders.nodule("r11", "left", 16)
    return builders.nodules_result(
        findings=(found,), regions=(region,), measurements=sizes,
        notes=("The nodule is solid and lies in the left lower lobe.",),
    )  # fmt: skip


def _film() -> Case:
    place = {"series_uid": "1.2.3.1", "series_key": "1.2.3.1", "slice": None, "mask": None}
    regions: Sequence[Any] = [
        builders.lung(key, side, kind="box", box=box, affine_lps=None, **place)
        for key, side, box in (
            ("r1", "right", (200.0, 300.0, 800.0, 1500.0)),
            ("r2", "left", (1000.0, 300.0, 1600.0, 1500.0)),
        )
    ]
    figures = (
        builders.measured("m1", "area fraction", 16.4, "%", "r1", 0.4, expert="cxr_lungs"),
        builders.measured("m2", "area fraction", 15.1, "%", "r2", 0.4, expert="cxr_lungs"),
        builders.measured("m3", "right lung share", 52.0, "%", None, 0.7, expert="cxr_lungs"),
    )
    result = builders.lungs_result(expert="cxr_lungs", regions=tuple(regions), measurements=figures)
    return builders.case(result, of=builders.study(builders.film()))
