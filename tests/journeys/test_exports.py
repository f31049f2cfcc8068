"""A real draft leaves in every form by the command."""

import io
import json
from pathlib import Path

import pydicom
import pypdf
from fhir.resources.R4B.bundle import Bundle

from medmm.nouns.documents import document_sha256
from tests.conftest import Medmm

FORMS = ("pdf", "fhir", "dicom-pdf", "json", "text")


def test_a_draft_leaves_in_every_form(
    medmm_command: Medmm, small_study: Path, tmp_path: Path
) -> None:
    draft = medmm_command.json("draft", small_study)
    number = draft["report_id"]
    header = pydicom.dcmread(next(small_study.rglob("*.dcm")), stop_before_pixels=True)
    outs = {form: tmp_path / f"out-{form}" for form in FORMS}
    for form, out in outs.items():
        told = medmm_command.json("export", number, "--to", form, out)
        assert told == {"report_id": number, "form": form, "output": str(out)}
    said = [item["text"] for section in draft["sections"] for item in section["statements"]]

    document = json.loads(outs["json"].read_bytes())
    assert document == draft
    text = outs["text"].read_text()
    assert text.startswith("DRAFT BY A MACHINE")
    assert all(sentence in text for sentence in said)

    pages = [page.extract_text() for page in pypdf.PdfReader(outs["pdf"]).pages]
    joined = "".join("".join(pages).split())
    assert all("".join(sentence.split())[:60] in joined for sentence in said)
    for page in pages:
        assert "DRAFT - not signed" in page
        assert f"ID: {header.PatientID}" in page
    for run in draft["experts"]:
        assert run["weights_sha256"] in joined

    bundle = json.loads(outs["fhir"].read_bytes())
    Bundle.model_validate(bundle)
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert kinds.count("Observation") == len(draft["measurements"])
    report = bundle["entry"][0]["resource"]
    assert report["status"] == "preliminary"
    [patient] = [
        entry["resource"]
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == "Patient"
    ]
    assert patient["name"][0]["text"] == str(header.PatientName)

    wrapped = pydicom.dcmread(outs["dicom-pdf"])
    assert wrapped.StudyInstanceUID == header.StudyInstanceUID == draft["study_uid"]
    assert (wrapped.PatientID, wrapped.PatientName) == (header.PatientID, header.PatientName)
    inner = wrapped.EncapsulatedDocument[: wrapped.EncapsulatedDocumentLength]
    assert inner == outs["pdf"].read_bytes()
    assert len(pypdf.PdfReader(io.BytesIO(inner)).pages) == len(pages)

    # The hash that is printed is the recorded version's: paths of masks are relative there.
    stored = draft | {
        "regions": [
            region | {"mask": f"files/{Path(region['mask']).name}" if region["mask"] else None}
            for region in draft["regions"]
        ]
    }
    assert document_sha256(stored) in joined

    ran = medmm_command("export", number, "--to", "sr", tmp_path / "out", code=3)
    assert "There is no 'sr'" in ran.stderr
    assert "dicom-pdf, fhir, json, pdf, text" in ran.stderr
    assert not (tmp_path / "out").exists()
