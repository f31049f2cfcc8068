"""The FHIR bundle: valid R4B, resolvable, the same for the same report."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle

from medmm.nouns import Code, Patient, Region
from medmm.nouns.draft import ReportStatus
from medmm.records.exporters.fhir import FhirExporter, bundle
from tests.conftest import REPOSITORY
from tests.records.builders import refused_series, series, study
from tests.records.exporters.made_reports import CREATED, full_draft, report_of


def resources(made: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    found = [entry["resource"] for entry in made["entry"]]
    return [resource for resource in found if resource["resourceType"] == kind]


def references(held: Any) -> Iterator[tuple[str, str]]:
    if isinstance(held, dict):
        if "reference" in held:
            yield held["reference"], held["type"]
        for value in held.values():
            yield from references(value)
    elif isinstance(held, list):
        for value in held:
            yield from references(value)


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("draft", "preliminary"),
        ("preliminary", "preliminary"),
        ("final", "final"),
        ("amended", "amended"),
        ("cancelled", "cancelled"),
    ],
)
def test_it_is_valid_in_every_status(status: ReportStatus, told: str) -> None:
    made = bundle(report_of(status=status))
    Bundle.model_validate(made)
    [report] = resources(made, "DiagnosticReport")
    assert report["status"] == told
    assert {item["status"] for item in resources(made, "Observation")} == {told}
    marked = "meta" in report
    assert marked == (status not in ("final", "amended"))
    assert marked == ("not signed" in report["text"]["div"] or status == "cancelled")


def test_every_reference_leads_to_an_entry_of_its_kind() -> None:
    made = bundle(report_of(authors=("medmm", "anna"), signed_by="berta", signed=CREATED))
    kinds = {entry["fullUrl"]: entry["resource"]["resourceType"] for entry in made["entry"]}
    assert len(kinds) == len(made["entry"])
    found = set(references(made))
    assert {kinds[address] for address, _ in found} >= {"Patient", "Device", "Practitioner"}
    assert all(kinds[address] == kind for address, kind in found)


def test_a_measurement_is_coded_with_unit_place_and_doubt() -> None:
    made = full_draft()
    lung = Region(
        "r1", "lung", "mask", "1.2.3.1", laterality="right", code=Code("SCT", "39607008", "Lung")
    )
    [measured] = made.measurements
    given = replace(made, regions=(lung,), measurements=(replace(measured, doubtful=True),))
    result = bundle(report_of(given))
    Bundle.model_validate(result)
    [observation] = resources(result, "Observation")
    assert observation["valueQuantity"] == {
        "value": 2310.0, "unit": "mL", "system": "http://unitsofmeasure.org", "code": "mL",
    }  # fmt: skip
    assert observation["code"]["text"] == "volume"
    assert observation["code"]["coding"][0]["code"] == "118565006"
    assert observation["bodySite"]["text"] == "lung, right"
    assert observation["bodySite"]["coding"][0]["system"] == "http://snomed.info/sct"
    assert observation["component"][0]["valueQuantity"]["value"] == 21.5
    assert "Doubtful" in observation["note"][0]["text"]
    device = {entry["fullUrl"]: entry["resource"] for entry in result["entry"]}[
        observation["device"]["reference"]
    ]
    assert device["deviceName"][0]["name"] == "ct_lungs"
    assert "ab" * 32 in device["note"][0]["text"]


def test_the_machine_is_a_device_and_people_are_practitioners() -> None:
    given = report_of(
        status="final", authors=("medmm", "anna"), reason="Typing.", signed_by="berta",
        signed="2024-05-07T00:00:00+00:00",
    )  # fmt: skip
    made = bundle(given)
    Bundle.model_validate(made)
    first, second, signature = resources(made, "Provenance")
    kinds = [[agent["who"]["type"] for agent in one["agent"]] for one in (first, second, signature)]
    assert kinds == [["Device", "Device"], ["Practitioner"], ["Practitioner"]]
    assert second["reason"] == [{"text": "Typing."}]
    assert signature["recorded"] == "2024-05-07T00:00:00+00:00"
    assert signature["agent"][0]["type"]["coding"][0]["code"] == "verifier"
    names = {person["name"][0]["text"] for person in resources(made, "Practitioner")}
    assert names == {"anna", "berta"}
    [report] = resources(made, "DiagnosticReport")
    assert report["resultsInterpreter"] == [signature["agent"][0]["who"]]
    assert "resultsInterpreter" not in resources(bundle(report_of()), "DiagnosticReport")[0]


def test_patient_and_study_are_those_of_the_images() -> None:
    patient = Patient("MR-1", "Yamada^Tarou=山田^太郎=やまだ^たろう", "O", "not known")
    seen = study(
        series(), series(key="second"), refused_series(modality="weird one"), patient=patient
    )
    made = bundle(report_of(examined=seen))
    Bundle.model_validate(made)
    [who] = resources(made, "Patient")
    assert who["name"] == [{"text": patient.name, "family": "Yamada", "given": ["Tarou"]}]
    assert who["gender"] == "other"
    assert "birthDate" not in who
    [images] = resources(made, "ImagingStudy")
    assert images["identifier"][0]["value"] == "urn:oid:1.2.3"
    assert images["started"] == "2024-05-06"
    assert [one["uid"] for one in images["series"]] == ["1.2.3.1", "1.2.3.9"]
    assert images["numberOfSeries"] == 2
    assert [one["modality"]["code"] for one in images["series"]] == ["CT", "OT"]


def test_the_text_is_there_whole() -> None:
    made = bundle(report_of())
    [report] = resources(made, "DiagnosticReport")
    [form] = report["presentedForm"]
    text = base64.b64decode(form["data"]).decode()
    assert len(text.encode()) == form["size"]
    assert text.startswith("DRAFT - not signed\n# Findings\n[s1] CT of the chest. (measured)\n")
    assert "s1 # measured: measurement m1: 2.31 mL" in text
    assert report["conclusion"] == "A nodule in the right lower lobe."


def test_the_same_report_gives_the_same_bytes_and_another_other_ids(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("one", "two")]
    for path in paths:
        FhirExporter().write(report_of(), path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    one = {entry["fullUrl"] for entry in bundle(report_of())["entry"]}
    other = {entry["fullUrl"] for entry in bundle(report_of(authors=("medmm", "a")))["entry"]}
    assert not one & other


def test_an_empty_report_without_its_study_is_valid() -> None:
    made = replace(
        full_draft(), statements=(), measurements=(), experts=(), checks=(), retrieved=(),
        warnings=(), regions=(), findings=(),
    )  # fmt: skip
    Bundle.model_validate(bundle(replace(report_of(made), study=None)))


def test_the_validator_is_not_needed_at_run_time() -> None:
    program = (
        "import sys, json\n"
        "from tests.records.exporters.made_reports import report_of\n"
        "from medmm.records.exporters.fhir import bundle\n"
        "bundle(report_of())\n"
        "print(json.dumps([name for name in sys.modules if name.split('.')[0] == 'fhir']))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, check=True, capture_output=True, text=True
    )
    assert json.loads(ran.stdout) == []
