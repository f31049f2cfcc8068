"""Hostile strings from every place they can come from, in every form a report leaves in."""

import base64
import io
import json
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import pydicom
import pytest
from fhir.resources.R4B.bundle import Bundle

from medmm import plugins
from medmm.nouns import Evidence, ExpertRun, Patient, Report, Statement
from medmm.nouns.documents import draft_document
from tests.records.builders import study
from tests.records.exporters.hostile import STRINGS, Hostile
from tests.records.exporters.looking import assert_only_text, pdf_text, squeezed
from tests.records.exporters.made_reports import full_draft, report_of

FORMS = ("pdf", "fhir", "json", "text", "dicom-pdf")
PLACES = (
    "name", "id", "description", "statement", "evidence", "title", "expert", "author", "reason",
)  # fmt: skip


def hostile_report(text: str) -> Report:
    """A report in which ``text`` came from every place, told apart by the place's word."""
    at = {place: f"{text} {place}" for place in PLACES}
    made = full_draft()
    said = Statement(
        "s1", "Impression", at["statement"], "measured",
        (Evidence("header", "StudyDescription", at["evidence"]),),
    )  # fmt: skip
    [passage] = made.retrieved
    given = replace(
        made,
        statements=(said,),
        retrieved=(replace(passage, document=at["title"]),),
        experts=(ExpertRun(at["expert"], "1", "ran", "applies"),),
    )
    patient = Patient(at["id"], at["name"], "F", "1961-02-03", "063Y")
    seen = replace(study(patient=patient), description=at["description"])
    return report_of(given, examined=seen, authors=("medmm", at["author"]), reason=at["reason"])


def written(form: str, report: Report, folder: Path) -> bytes:
    path = folder / "out"
    plugins.load_one("medmm.exporters", form).write(report, path)
    return path.read_bytes()


def assert_in_pdf(data: bytes, hostile: Hostile) -> None:
    assert_only_text(data)
    text = pdf_text(data)
    if hostile.label == "long word":  # it goes over pages, whose heads stand between
        assert text.count("w") >= 3000 * len(PLACES)
        return
    for place in PLACES:
        assert squeezed(f"{hostile.in_pdf} {place}") in text, place


def assert_shows_nothing_hidden(data: bytes) -> str:
    text = data.decode("utf-8")
    for character in set(text) - {"\n"}:
        assert unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    return text


def kept_by_fhir(text: str) -> str:
    """A FHIR string: all but controls, surrogates and what XML has no way to write."""

    def forbidden(character: str) -> bool:
        category = unicodedata.category(character)
        control = category == "Cc" and ord(character) < 32 and character not in "\t\r\n"
        return control or category == "Cs" or character in "\ufffe\uffff"

    return "".join(f"‹U+{ord(one):04X}›" if forbidden(one) else one for one in text)


def assert_in_fhir(data: bytes, hostile: Hostile) -> None:
    found = json.loads(assert_shows_nothing_hidden(data))
    Bundle.model_validate(found)
    by_type: dict[str, list[dict[str, Any]]] = {}
    for entry in found["entry"]:
        by_type.setdefault(entry["resource"]["resourceType"], []).append(entry["resource"])
    kept = kept_by_fhir(hostile.raw)
    [patient], [images], [report] = (
        by_type[kind] for kind in ("Patient", "ImagingStudy", "DiagnosticReport")
    )
    assert patient["name"][0]["text"] == f"{kept} name"
    assert patient["identifier"][0]["value"] == f"{kept} id"
    assert images["description"] == f"{kept} description"
    assert report["conclusion"] == f"{kept} statement"
    names = [device["deviceName"][0]["name"] for device in by_type["Device"]]
    assert f"{kept} expert" in names
    [person] = by_type["Practitioner"]
    assert person["name"][0]["text"] == f"{kept} author"
    assert by_type["Provenance"][1]["reason"] == [{"text": f"{kept} reason"}]
    presented = base64.b64decode(report["presentedForm"][0]["data"])
    text = assert_shows_nothing_hidden(presented)
    for place in ("statement", "evidence", "title", "expert", "author", "reason"):
        assert f"{hostile.shown} {place}" in text
    assert ("extension" in report) == (kept != hostile.raw)
    for tag in ("<script", "<a ", "<img", "<para", "<font"):
        assert tag not in report["text"]["div"]


def assert_in_json(data: bytes, hostile: Hostile, report: Report) -> None:
    found = json.loads(assert_shows_nothing_hidden(data))
    assert found == json.loads(json.dumps(report.last.document))
    [statement] = found["sections"][4]["statements"]
    assert statement["text"] == f"{hostile.raw} statement"


def assert_in_text(data: bytes, hostile: Hostile) -> None:
    text = assert_shows_nothing_hidden(data)
    assert text.splitlines()[2:] == ["# Impression", f"[s1] {hostile.shown} statement"]


def assert_in_dicom(data: bytes, hostile: Hostile) -> None:
    dataset = pydicom.dcmread(io.BytesIO(data))
    pdf = dataset.EncapsulatedDocument[: dataset.EncapsulatedDocumentLength]
    assert_in_pdf(pdf, hostile)
    for keyword, place in (
        ("PatientName", "name"),
        ("PatientID", "id"),
        ("StudyDescription", "description"),
    ):
        assert dataset[keyword].VM == 1  # no backslash parted it in two
        value = str(dataset[keyword].value)
        assert not any(unicodedata.category(one) in {"Cc", "Cs"} for one in value)
        assert all(len(group) <= 64 for group in value.split("="))
        raw = f"{hostile.raw} {place}"
        barred = "\\" in raw or any(unicodedata.category(one) in {"Cc", "Cs"} for one in raw)
        if len(raw) <= 64 and not barred:
            assert value == raw


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("hostile", STRINGS, ids=lambda hostile: hostile.label)
def test_no_string_breaks_out_of_an_export(hostile: Hostile, form: str, tmp_path: Path) -> None:
    report = hostile_report(hostile.raw)
    data = written(form, report, tmp_path)
    match form:
        case "pdf":
            assert_in_pdf(data, hostile)
        case "fhir":
            assert_in_fhir(data, hostile)
        case "json":
            assert_in_json(data, hostile, report)
        case "text":
            assert_in_text(data, hostile)
        case "dicom-pdf":
            assert_in_dicom(data, hostile)


def test_the_cases_are_as_many_as_asked() -> None:
    assert len(STRINGS) * len(FORMS) == 120
    assert len({hostile.raw for hostile in STRINGS}) == len(STRINGS)


def test_a_document_without_hidden_characters_is_written_as_before(tmp_path: Path) -> None:
    given = replace(full_draft(), report_id=7)
    document = draft_document(given)
    expected = json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n"
    assert written("json", report_of(), tmp_path) == expected
