"""The foreign half: sentences written before the checks, and phrase lists of the data folder."""

import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from medmm.nouns import (
    Applicability,
    Case,
    Code,
    Evidence,
    ExpertResult,
    FilmView,
    Finding,
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
from tests.benchmarks.planted_items import Item

FOLDER = Path(__file__).parent / "planted"
# Label of the phrase list to the coded finding; the other labels name no single finding.
LABELS = {
    "atelectasis": Code("SCT", "46621007", "Atelectasis"),
    "consolidation": Code("SCT", "95436008", "Consolidation of lung"),
    "edema": Code("SCT", "19242006", "Pulmonary edema"),
    "fracture": Code("SCT", "125605004", "Fracture of bone"),
    "pleural_effusion": Code("SCT", "60046008", "Pleural effusion"),
    "pneumonia": Code("SCT", "233604007", "Pneumonia"),
    "pneumothorax": Code("SCT", "36118008", "Pneumothorax"),
}
# The labeler matches the beginnings of words; these phrases are no whole words.
WHOLE = {"atelecta": "atelectasis", "consolidat": "consolidation"}


def foreign_items(data_folder: Path | None) -> Iterator[Item]:
    """Errors and clean sentences in words that no template of ours uses."""
    yield from _lines("foreign.jsonl", "foreign")
    if data_folder is not None:
        yield from phrase_items(data_folder / "chexpert_phrases")


def later_items() -> Iterator[Item]:
    """Three more sets, each written when the checks stood and run once before anything was changed.

    First runs, in the order again, third, fourth: recall 91/97, 59/61, 34/36; false alarms 7/126,
    10/85, 2/72. What they showed was then mended, so that later runs say less.
    """
    yield from _lines("foreign_again.jsonl", "again")


def _lines(name: str, half: str) -> Iterator[Item]:
    for line in (FOLDER / name).read_text("utf-8").splitlines():
        yield from _pair(json.loads(line), half)


def phrase_items(folder: Path) -> Iterator[Item]:
    """Findings of the phrase lists in the negation patterns that its rules name."""
    phrases = _phrases(folder / "mention_half1.tsv")
    denials = [_singular_verb(form) for form in _forms(folder / "patterns" / "negation.txt")]
    doubts = _forms(folder / "patterns" / "pre_negation_uncertainty.txt")
    doubts += _forms(folder / "patterns" / "post_negation_uncertainty.txt")
    for index, (label, phrase) in enumerate(phrases):
        for form in denials:
            text = form.replace("XXX", phrase)
            yield _phrase_item("phrase-denied", label, text, "present", error=True)
            yield _phrase_item("phrase-denied", label, text, "absent", error=False)
        text = f"There is {phrase}."
        yield _phrase_item("phrase-claimed", label, text, "absent", error=True)
        yield _phrase_item("phrase-claimed", label, text, "present", error=False)
        doubt = doubts[index % len(doubts)].replace("XXX", phrase)
        yield _phrase_item("phrase-denied", label, doubt, "present", error=False)
    for line in (folder / "unmention_half1.tsv").read_text("utf-8").splitlines():
        label, phrase = line.split("\t")
        if label in LABELS:
            yield _phrase_item("phrase-claimed", label, f"Known {phrase}.", "absent", error=False)


def _phrases(path: Path) -> list[tuple[str, str]]:
    pairs = [line.split("\t") for line in path.read_text("utf-8").splitlines()]
    return [(label, WHOLE.get(phrase, phrase)) for label, phrase in pairs if label in LABELS]


def _forms(path: Path) -> list[str]:
    """The example phrases in a rule file's comments: "# no evidence of developing XXX"."""
    forms: list[str] = []
    for line in path.read_text("utf-8").splitlines():
        said = line.removeprefix("# ").strip()
        plain = re.fullmatch(r"[A-Za-z ,]*XXX[A-Za-z ,]*", said)
        of_organ = re.search(r"enlarged|normal|heart", said)  # rules for organs, not for findings
        if line.startswith("# ") and plain and not of_organ and said not in forms:
            forms.append(said)
    return forms


def _singular_verb(form: str) -> str:
    return form.replace("has/have", "has")


def _phrase_item(kind: str, label: str, text: str, presence: Any, *, error: bool) -> Item:
    series = _series({"modality": "CT", "body_part": "CHEST", "date": "2026-01-01"}, "phrase")
    finding = Finding("f1", LABELS[label], presence, "expert")
    result = ExpertResult("expert", "1", Applicability("applies"), findings=(finding,))
    prior = Prior(Study("1.2.2", Patient(), (), "2025-01-01"))  # some forms speak of change
    case = Case(Study("1.2.3", Patient(), (series,), "2026-01-01"), (result,), prior=prior)
    sentence = text[:1].upper() + text[1:].rstrip(".") + "."
    name = f"{kind}:{label}:{presence}:{sentence}"
    draft = (_said("Findings", sentence),)
    return Item(name, "foreign", "presence", kind, error, case, draft, "s1")


def _pair(entry: dict[str, Any], half: str) -> Iterator[Item]:
    beside = tuple(
        _said(section, text, f"b{index}", "supported")
        for index, (section, text) in enumerate(entry.get("beside", ()))
    )
    for error in (True, False):
        text = entry["error" if error else "clean"]
        if text is not None:
            name = f"{entry['id']}:{'error' if error else 'clean'}"
            draft = (*beside, _said(entry["section"], text))
            case = foreign_case(entry["case"])
            yield Item(name, half, entry["row"], entry["kind"], error, case, draft, "s1")


def _said(section: Any, text: str, key: str = "s1", state: Any = "unsupported") -> Statement:
    return Statement(key, section, text, state, (Evidence("vlm", "vlm", text),))


@cache
def foreign_case(name: str) -> Case:
    """A case of ``cases.toml``."""
    entry = _cases()[name]
    patient = Patient(
        entry["patient_id"], entry["name"], entry["sex"], entry["birth_date"], entry["age"]
    )
    study = Study(f"1.2.{name}", patient, (_series(entry, name),), entry["date"])
    prior = entry.get("prior")
    return Case(
        study,
        (_result(entry),),
        indication=entry["indication"],
        prior=_prior(prior, patient) if prior else None,
    )


@cache
def _cases() -> dict[str, Any]:
    return tomllib.loads((FOLDER / "cases.toml").read_text("utf-8"))


def _series(entry: dict[str, Any], name: str) -> Series:
    return Series(
        uid=f"1.2.{name}.1",
        key="1",
        modality=entry["modality"],
        body_part=entry["body_part"],
        kind="picture" if entry["modality"] == "DX" else "volume",
        verdict=Verdict("usable"),
        origin=Origin(f"1.2.{name}", date=entry["date"]),
        load=lambda: Document(""),
        header=entry.get("header", {}),
        view=FilmView(laterality=entry.get("view_laterality", "")),
    )


def _result(entry: dict[str, Any]) -> ExpertResult:
    findings = tuple(
        Finding(
            f"f{index}",
            Code("SCT", one["code"], one["concept"]),
            one["presence"],
            "expert",
            regions=(one["region"],) if "region" in one else (),
        )
        for index, one in enumerate(entry.get("findings", ()))
    )
    regions = tuple(
        Region(one["id"], one["label"], "box", "1.2", laterality=one.get("side"))
        for one in entry.get("regions", ())
    )
    return ExpertResult(
        "expert", "1", Applicability("applies"), findings, regions, _measurements(entry)
    )


def _measurements(entry: dict[str, Any]) -> tuple[Measurement, ...]:
    return tuple(
        Measurement(
            f"m{index}",
            one["name"],
            one["value"],
            one["unit"],
            "by an expert",
            "expert",
            Uncertainty("resolution", one["off"]) if "off" in one else None,
            one.get("region"),
        )
        for index, one in enumerate(entry.get("figures", ()))
    )


def _prior(entry: dict[str, Any], patient: Patient) -> Prior:
    labels = {
        one["id"]: one["label"]
        if one.get("side", "") in one["label"]
        else f"{one['side']} {one['label']}"
        for one in entry["regions"]
    }
    study = Study("1.2.prior", patient, (), entry["date"])
    return Prior(study, _measurements(entry), labels)
