"""The half from drafts: sentences of the composer, and the same with an error put in by code."""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from medmm.drafting.composer import Composer
from medmm.nouns import (
    Applicability,
    Case,
    Code,
    ExpertResult,
    ExpertRun,
    Finding,
    Mask,
    Measurement,
    Origin,
    Patient,
    Prior,
    Region,
    Series,
    Statement,
    Study,
    Uncertainty,
    Verdict,
)
from medmm.nouns.content import Document
from medmm.nouns.regions import Laterality
from tests.benchmarks.planted_items import Item

SHAPE = (96, 220, 220)
SPACING = (2.5, 1.5, 1.5)
MUTATED_SEEDS = 4
CLEAN_SEEDS = 16
PATIENTS = (
    Patient("PX-448120", "Marchetti^Giulia", "F", "1971-03-02", "055Y"),
    Patient("20981174", "Duarte^Henrique", "M", "1949-11-19", "076Y"),
    Patient("K7731902", "Novak^Tereza", "F", "1960-06-27", "065Y"),
    Patient("9920031", "Adeyemi^Tunde", "M", "1985-09-14", "040Y"),
)
NODULE = Code("SCT", "427359005", "Nodule of lung")
EFFUSION = Code("SCT", "60046008", "Pleural effusion")
PNEUMOTHORAX = Code("SCT", "36118008", "Pneumothorax")


def draft_items() -> Iterator[Item]:
    """Clean sentences of composed drafts, and one item per sentence and mutation that fits it."""
    for seed in range(CLEAN_SEEDS):
        case = composed_case(seed)
        draft = tuple(
            replace(statement, id=f"d{index}")
            for index, statement in enumerate(Composer().write(case))
        )
        for statement in draft:
            name = f"draft-{seed}-{statement.id}"
            yield Item(name, "drafts", "clean", "plain", False, case, draft, statement.id)
        if seed < MUTATED_SEEDS:
            yield from _spoiled(draft, case, seed)


def _spoiled(draft: tuple[Statement, ...], case: Case, seed: int) -> Iterator[Item]:
    for statement in draft:
        dice = random.Random(f"{seed}{statement.id}")
        for row, kind, text in mutated(statement, case, dice):
            planted = tuple(
                replace(one, text=text) if one.id == statement.id else one for one in draft
            )
            name = f"draft-{seed}-{statement.id}-{kind}"
            yield Item(name, "drafts", row, kind, True, case, planted, statement.id)
    evidence = next(one.evidence for one in draft if one.section == "Findings")
    for index, (row, kind, section, text) in enumerate(foreign_bodies(case)):
        added = Statement("added", section, text, "measured", evidence)  # type: ignore[arg-type]
        name = f"draft-{seed}-added-{index}"
        yield Item(name, "drafts", row, kind, True, case, (*draft, added), "added")


@dataclass(frozen=True)
class _Ball:
    """An ellipsoid: centre and half axes in mm, in the volume's own frame."""

    centre: tuple[float, float, float]
    half: tuple[float, float, float]


def composed_case(seed: int) -> Case:
    """A chest CT with two lungs and a nodule as ellipsoids whose masks are stored.

    Odd seeds have a prior study. All values are counted or computed here, not by our experts.
    """
    dice = random.Random(seed)
    patient = PATIENTS[seed % len(PATIENTS)]
    side: Laterality = "left" if seed % 2 else "right"
    centre = 240.0 if side == "left" else 90.0
    lungs = {
        "right": _Ball((120.0, 165.0, 90.0), (95 + dice.random() * 15, 100.0, 55.0)),
        "left": _Ball((120.0, 165.0, 240.0), (95.0, 92 + dice.random() * 12, 50.0)),
    }
    half = 9 + 5 * dice.random()
    nodule = _Ball((100.0, 150.0, centre), (8.0, half, half * (0.55 + 0.2 * dice.random())))
    series = _series(patient, f"1.2.{seed}")
    lung_result = _lungs(series, lungs, dice)
    nodule_result = _nodule(series, nodule, side)
    negatives = ExpertResult(
        "ct_pleura",
        "1",
        Applicability("applies"),
        findings=(
            Finding("pleura:1", EFFUSION, "absent", "ct_pleura"),
            Finding("pleura:2", PNEUMOTHORAX, "absent", "ct_pleura"),
        ),
        assessed=("pleural effusion", "pneumothorax"),
    )
    results = (lung_result, nodule_result, negatives)
    runs = tuple(
        ExpertRun(one.expert, one.version, "ran", "applies", series=(series.uid,))
        for one in results
    )
    study = Study(f"1.2.{seed}", patient, (series,), "2026-03-14", "CT thorax")
    prior = _prior(lung_result, patient, dice) if seed % 2 else None
    return Case(study, results, runs, indication="Cough and weight loss.", prior=prior)


def _series(patient: Patient, study: str) -> Series:
    return Series(
        uid=f"{study}.1",
        key="1",
        modality="CT",
        body_part="CHEST",
        kind="volume",
        verdict=Verdict("usable", max_deviation_mm=0.0),
        origin=Origin(study, patient, "2026-03-14", "CT thorax"),
        load=lambda: Document(""),
        description="Thorax 2.5",
        number=2,
        shape=SHAPE,
        spacing_mm=SPACING,
        affine_lps=tuple(tuple(float(v) for v in row) for row in _affine()),
        units="HU",
        header={"SliceThickness": "2.5", "KVP": "120"},
    )


def _affine() -> np.ndarray:
    affine = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2], affine[3, 3] = *SPACING, 1.0
    return affine


def _region(key: str, label: str, side: Laterality, ball: _Ball, uid: str) -> Region:
    axes = [np.arange(n) * s for n, s in zip(SHAPE, SPACING, strict=True)]
    gaps = [
        (((at - middle) / half) ** 2).astype(np.float32)
        for at, middle, half in zip(axes, ball.centre, ball.half, strict=True)
    ]
    away = gaps[0][:, None, None] + gaps[1][None, :, None] + gaps[2][None, None, :]
    mask = Mask.of(np.asarray(away <= 1.0))
    return Region(
        key, label, "mask", uid, "1", laterality=side, slice=int(ball.centre[0] / SPACING[0]),
        mask=mask, affine_lps=_affine(),
    )  # fmt: skip


def _lungs(series: Series, balls: dict[str, _Ball], dice: random.Random) -> ExpertResult:
    regions = tuple(
        _region(f"ct_lungs:{side}-lung", f"{side} lung", side, ball, series.uid)  # type: ignore[arg-type]
        for side, ball in balls.items()
    )
    measurements = []
    for region in regions:
        count = region.mask.count if region.mask else 0
        volume = count * SPACING[0] * SPACING[1] * SPACING[2] / 1000
        rows = (
            ("volume", volume, "mL", 15.0),
            ("mean attenuation", -780 - 60 * dice.random(), "[hnsf'U]", 3.0),
            ("emphysema index", 1 + 9 * dice.random(), "%", 0.4),
        )
        measurements += [
            Measurement(
                f"{region.id}:{name.replace(' ', '-')}", name, value, unit, "counted", "ct_lungs",
                Uncertainty("resolution", off), region.id,
            )
            for name, value, unit, off in rows
        ]  # fmt: skip
    return ExpertResult(
        "ct_lungs", "1", Applicability("applies"), (), regions, tuple(measurements),
        assessed=("right lung", "left lung"),
    )  # fmt: skip


def _nodule(series: Series, ball: _Ball, side: Laterality) -> ExpertResult:
    region = _region("ct_nodule:nodule-1", "lung nodule", side, ball, series.uid)
    rows = (
        ("long axis", 2 * ball.half[1], "mm", 0.75),
        ("short axis", 2 * ball.half[2], "mm", 0.75),
        ("volume", 4 / 3 * np.pi * float(np.prod(ball.half)) / 1000, "mL", 0.4),
    )
    measurements = tuple(
        Measurement(
            f"{region.id}:{name.replace(' ', '-')}", name, value, unit, "computed", "ct_nodule",
            Uncertainty("resolution", off), region.id,
        )
        for name, value, unit, off in rows
    )  # fmt: skip
    finding = Finding(
        "ct_nodule:finding-1", NODULE, "uncertain", "ct_nodule", regions=(region.id,),
        measurements=tuple(one.id for one in measurements), demonstrator=True,
    )  # fmt: skip
    return ExpertResult(
        "ct_nodule", "1", Applicability("applies"), (finding,), (region,), measurements,
        assessed=("lung nodules",), demonstrator=True,
    )  # fmt: skip


def _prior(now: ExpertResult, patient: Patient, dice: random.Random) -> Prior:
    """A prior in which the left lung was clearly larger, the right one the same."""
    measurements = []
    for one in now.measurements:
        grown = 1.3 if "left" in one.id and one.name == "volume" else 1.0
        measurements.append(replace(one, id=f"p-{one.id}", value=one.value * grown))
    labels = {region.id: region.label for region in now.regions}
    study = Study("1.2.prior", patient, (), "2025-08-02", "CT thorax")
    return Prior(study, tuple(measurements), labels)


Mutation = Callable[[str, Case, random.Random], str | None]
_FIGURE = re.compile(r"(?<![\w.-])(-?\d+(?:\.\d+)?)( ?)(mm|mL|L|HU|%)(?![\w³²])")


def mutated(
    statement: Statement, case: Case, dice: random.Random
) -> Iterator[tuple[str, str, str]]:
    """Row, kind and text of every error that can be put into a sentence."""
    of_any: list[tuple[str, str, str]] = []
    for row, kind, sections, mutation in MUTATIONS:
        text = mutation(statement.text, case, dice) if statement.section in sections else None
        if text is not None and text != statement.text:
            if row in ("identity", "text"):
                of_any.append((row, kind, text))
            else:
                yield row, kind, text
    # These fit every sentence: two of them each are enough.
    yield from dice.sample(of_any, min(2, len(of_any)))


def _figure(change: Callable[[float, str], tuple[str, str] | None]) -> Mutation:
    def mutate(text: str, case: Case, dice: random.Random) -> str | None:
        found = list(_FIGURE.finditer(text))
        if not found:
            return None
        one = dice.choice(found)
        after = change(float(one.group(1)), one.group(3))
        if after is None:
            return None
        return text[: one.start()] + after[0] + one.group(2) + after[1] + text[one.end() :]

    return mutate


def _like(value: float, written: str) -> str:
    return f"{value:.{len(written.split('.')[1]) if '.' in written else 0}f}"


def _larger(value: float, unit: str) -> tuple[str, str]:
    return f"{value * 1.3:.4g}", unit


def _smaller(value: float, unit: str) -> tuple[str, str]:
    return f"{value * 0.7:.4g}", unit


def _shifted(value: float, unit: str) -> tuple[str, str]:
    return f"{value * 10:.5g}", unit


def _unit(value: float, unit: str) -> tuple[str, str] | None:
    other = {"mm": "cm", "mL": "L", "L": "mL", "HU": "mm", "%": "HU"}[unit]
    return f"{value:g}", other


def _rounded(value: float, unit: str) -> tuple[str, str] | None:
    """Rounded until it means something else: by a tenth at least."""
    digits = 10.0 ** np.floor(np.log10(abs(value)))
    coarse = round(value / digits) * digits
    return (f"{coarse:g}", unit) if abs(coarse - value) > 0.12 * abs(value) else None


def _swapped_sides(text: str, case: Case, dice: random.Random) -> str | None:
    if not re.search(r"\b(right|left)\b", text) or ("right" in text and "left" in text):
        return None
    return re.sub(
        r"\b(right|left)\b", lambda one: "left" if one.group() == "right" else "right", text
    )


def _both_sides(text: str, case: Case, dice: random.Random) -> str | None:
    if "nodule" not in text or not re.search(r"\bthe (right|left) lung", text):
        return None
    return re.sub(r"\bthe (right|left) lung", "both lungs", text)


def _denied(text: str, case: Case, dice: random.Random) -> str | None:
    if not re.search(r"\ba (?:possible )?(?:lung )?nodule\b", text, re.IGNORECASE):
        return None
    return re.sub(r"\b[Aa] (?:possible )?(?:lung )?nodule\b", "no lung nodule", text, count=1)


def _claimed(text: str, case: Case, dice: random.Random) -> str | None:
    if not text.startswith("No pleural") and not text.startswith("No pneumo"):
        return None
    return text.replace("No ", "There is a ", 1)


def _organ(word: str) -> Mutation:
    def mutate(text: str, case: Case, dice: random.Random) -> str | None:
        if "assess" in text or not re.search(r"\b(?:right|left) lung\b", text):
            return None
        return re.sub(r"\b(?:right|left) lung\b", word, text)

    return mutate


def _other_sex(text: str, case: Case, dice: random.Random) -> str | None:
    word = "prostate" if case.study.patient.sex == "F" else "uterus"
    return _organ(word)(text, case, dice)


def _grown(text: str, case: Case, dice: random.Random) -> str | None:
    if case.prior is not None or "nodule" not in text or "not " in text:
        return None
    return text.rstrip(".") + ", larger than on the prior study."


def _unchanged(text: str, case: Case, dice: random.Random) -> str | None:
    if case.prior is not None or not text.startswith("The ") or "lung" not in text:
        return None
    return text.rstrip(".") + ", unchanged since the last examination."


def _turned(text: str, case: Case, dice: random.Random) -> str | None:
    if " has decreased" in text:
        return text.replace(" has decreased", " has increased")
    return text.replace("Decrease of", "Increase of") if "Decrease of" in text else None


def _stopped(text: str, case: Case, dice: random.Random) -> str | None:
    if " has decreased" not in text:
        return None
    return re.sub(r" has decreased.*", " is unchanged.", text)


def _put(make: Callable[[Case], str]) -> Mutation:
    def mutate(text: str, case: Case, dice: random.Random) -> str | None:
        return make(case).replace("TEXT", text)

    return mutate


def _inside(piece: str) -> Mutation:
    def mutate(text: str, case: Case, dice: random.Random) -> str | None:
        at = dice.randrange(1, len(text))
        return text[:at] + piece + text[at:]

    return mutate


def _imitated(text: str, case: Case, dice: random.Random) -> str | None:
    places = [at for at, letter in enumerate(text) if letter in "aeo" and text[at - 1].isalpha()]
    if not places:
        return None
    at = dice.choice(places)
    return text[:at] + {"a": "а", "e": "е", "o": "о"}[text[at]] + text[at + 1 :]


def _tagged(text: str, case: Case, dice: random.Random) -> str | None:
    word = dice.choice(re.findall(r"[A-Za-z]{3,}", text))
    return text.replace(word, f"<b>{word}</b>", 1)


BODY = ("Findings", "Impression")
ALL = ("Technique", "Comparison", "Findings", "Impression")
MUTATIONS: tuple[tuple[str, str, tuple[str, ...], Mutation], ...] = (
    ("number", "larger", BODY, _figure(_larger)),
    ("number", "smaller", BODY, _figure(_smaller)),
    ("number", "point-shifted", BODY, _figure(_shifted)),
    ("number", "unit", BODY, _figure(_unit)),
    ("number", "rounded", BODY, _figure(_rounded)),
    ("number", "technique-figure", ("Technique",), _figure(_larger)),
    ("laterality", "swapped", BODY, _swapped_sides),
    ("laterality", "both", BODY, _both_sides),
    ("presence", "denied", BODY, _denied),
    ("presence", "claimed", BODY, _claimed),
    ("existence", "outside", BODY, _organ("urinary bladder")),
    ("existence", "sex", BODY, _other_sex),
    ("comparison", "grown", BODY, _grown),
    ("comparison", "unchanged", BODY, _unchanged),
    ("comparison", "turned", BODY, _turned),
    ("comparison", "stopped", BODY, _stopped),
    ("identity", "name", BODY, _put(lambda case: f"{case.study.patient.name.split('^')[0]}: TEXT")),
    ("identity", "number", BODY, _put(lambda case: f"TEXT (ID {case.study.patient.id})")),
    ("identity", "birth", ALL, _put(lambda case: f"TEXT Born {case.study.patient.birth_date}.")),
    ("text", "right-to-left", ALL, _inside("\u202e")),
    ("text", "zero-width", ALL, _inside("\u200b")),
    ("text", "control", ALL, _inside("\x07")),
    ("text", "imitated", ALL, _imitated),
    ("text", "tagged", ALL, _tagged),
)


def foreign_bodies(case: Case) -> Iterator[tuple[str, str, str, str]]:
    """Row, kind, section and text of sentences that no draft of this case may hold."""
    side = next(one.laterality for one in case.results[1].regions)
    other = "left" if side == "right" else "right"
    yield "presence", "denied", "Findings", f"No nodule in the {side} lung."
    yield "presence", "claimed", "Findings", "A pleural effusion is present."
    yield "presence", "claimed", "Findings", f"There is a pneumothorax on the {other}."
    yield "laterality", "swapped", "Findings", f"There is a nodule in the {other} lung."
    yield "laterality", "both", "Findings", "There are nodules in both lungs."
    yield "consistency", "added", "Impression", "A rib fracture is seen."
    yield "consistency", "added", "Impression", "Aneurysm of the thoracic aorta."
    yield "consistency", "added", "Impression", "Mediastinal lymphadenopathy."
    yield "consistency", "denied", "Impression", "No lung nodule."
    yield "consistency", "denied", "Impression", f"The {side} lung is normal."
    yield "consistency", "claimed", "Impression", "A pneumothorax is present."
    yield "number", "invented", "Findings", "The pulmonary artery measures 33 mm."
    yield "number", "invented", "Findings", "A lymph node measures 12 mm in short axis."
    if case.prior is None:
        yield "comparison", "new", "Impression", f"New nodule in the {side} lung."
        yield "comparison", "compared", "Comparison", "Compared with the CT of 2 August 2025."
    else:
        yield "comparison", "denied", "Comparison", "No prior study was available."
        yield "comparison", "turned", "Findings", "The volume of the left lung has increased."
        yield "comparison", "turned", "Findings", "The volume of the right lung has decreased."
