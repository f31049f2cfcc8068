"""The Encapsulated PDF: a legal object of the study, read back equal, taken by an archive."""

import io
import json
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian

from medmm.nouns import Patient, Report
from medmm.nouns.draft import ReportStatus
from medmm.records.exporters.dicom_pdf import DicomPdfExporter, object_bytes
from medmm.records.exporters.pdf import pdf_bytes
from tests.conftest import Orthanc, free_port
from tests.records.builders import study
from tests.records.exporters.hostile import STRINGS, Hostile
from tests.records.exporters.made_reports import report_of
from tests.records.exporters.test_text_safety import hostile_report


def read(report: Report) -> pydicom.Dataset:
    return pydicom.dcmread(io.BytesIO(object_bytes(report)))


def errors(dcmtk: Path, path: Path) -> list[str]:
    """What dicom3tools' validator says is wrong."""
    ran = subprocess.run(
        [dcmtk / "dciodvfy", path], capture_output=True, text=True, check=False, errors="replace"
    )
    told = (ran.stdout + ran.stderr).splitlines()
    assert "EncapsulatedPDF" in told
    return [
        line
        for line in told
        if line.startswith("Error") and "contains invalid data values" not in line
    ]


def test_it_holds_the_pdf_and_the_study() -> None:
    report = report_of()
    dataset = read(report)
    assert dataset.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert dataset.SOPClassUID == EncapsulatedPDFStorage == "1.2.840.10008.5.1.4.1.1.104.1"
    assert dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
    pdf = pdf_bytes(report)
    assert dataset.EncapsulatedDocumentLength == len(pdf)
    assert dataset.EncapsulatedDocument[: len(pdf)] == pdf
    assert len(dataset.EncapsulatedDocument) % 2 == 0
    told = {
        "StudyInstanceUID": "1.2.3", "PatientName": "DOE^JANE", "PatientID": "MR-4711",
        "PatientBirthDate": "19610203", "PatientSex": "F", "PatientAge": "063Y",
        "StudyDate": "20240506", "StudyTime": "070809", "AccessionNumber": "A100",
        "StudyDescription": "CT Thorax", "Modality": "DOC", "BurnedInAnnotation": "YES",
        "MIMETypeOfEncapsulatedDocument": "application/pdf",
        "SpecificCharacterSet": "ISO_IR 192",
        "DocumentTitle": "DRAFT - not signed: Imaging report 7, version 1",
    }  # fmt: skip
    assert {keyword: str(dataset[keyword].value) for keyword in told} == told
    [code] = dataset.ConceptNameCodeSequence
    assert (code.CodeValue, code.CodingSchemeDesignator) == ("18748-4", "LN")


@pytest.mark.parametrize("status", ["draft", "final", "cancelled"])
def test_a_validator_finds_no_error(status: ReportStatus, dcmtk: Path, tmp_path: Path) -> None:
    DicomPdfExporter().write(report_of(status=status), tmp_path / "out.dcm")
    assert errors(dcmtk, tmp_path / "out.dcm") == []


@pytest.mark.parametrize("hostile", STRINGS, ids=lambda hostile: hostile.label)
def test_nor_in_a_study_of_hostile_strings(hostile: Hostile, dcmtk: Path, tmp_path: Path) -> None:
    DicomPdfExporter().write(hostile_report(hostile.raw), tmp_path / "out.dcm")
    # It counts the bytes of UTF-8 and all groups of a name together, where PS3.5 Table 6.2-1 means
    # characters and one group; test_text_safety counts by that table.
    found = errors(dcmtk, tmp_path / "out.dcm")
    assert [line for line in found if "Length invalid for this VR" not in line] == []


def test_versions_share_a_series_and_no_instance() -> None:
    first = report_of()
    second = report_of(authors=("medmm", "anna"))
    signed = report_of(status="final", authors=("medmm", "anna"))
    sets = [read(report) for report in (first, second, signed)]
    assert len({dataset.SeriesInstanceUID for dataset in sets}) == 1
    assert len({dataset.SOPInstanceUID for dataset in sets}) == 3
    assert [dataset.InstanceNumber for dataset in sets] == [1, 2, 2]
    assert [dataset.VerificationFlag for dataset in sets] == ["UNVERIFIED"] * 2 + ["VERIFIED"]
    assert read(replace(first, id=8)).SeriesInstanceUID != sets[0].SeriesInstanceUID
    assert object_bytes(first) == object_bytes(report_of())


def test_two_long_numbers_never_become_one() -> None:
    def number(last: str) -> str:
        patient = Patient("9" * 80 + last, "A^B")
        return str(read(report_of(examined=study(patient=patient))).PatientID)

    assert number("1") != number("2")
    assert len(number("1")) <= 64


def test_dates_that_are_none_are_left_empty() -> None:
    patient = Patient("1", "A^B", "X", "about 1960", "old")
    seen = replace(study(patient=patient), date="2024-05-06")
    dataset = read(report_of(examined=seen))
    assert (dataset.PatientBirthDate, dataset.PatientSex, dataset.StudyTime) == ("", "", "")
    assert dataset.StudyDate == "20240506"
    assert "PatientAge" not in dataset
    assert read(replace(report_of(), study=None)).PatientName == ""


def test_a_storage_service_takes_it_and_keeps_it(dcmtk: Path, tmp_path: Path) -> None:
    sent = tmp_path / "sent.dcm"
    DicomPdfExporter().write(report_of(), sent)
    kept = tmp_path / "kept"
    kept.mkdir()
    port = str(free_port())
    server = subprocess.Popen(
        [dcmtk / "storescp", "--bit-preserving", "-od", kept, port],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(50):
            ran = subprocess.run(
                [dcmtk / "storescu", "127.0.0.1", port, sent], capture_output=True, check=False
            )
            if ran.returncode == 0:
                break
            time.sleep(0.1)
        assert ran.returncode == 0, ran.stderr
    finally:
        server.terminate()
        server.wait(10)
    [received] = kept.iterdir()
    assert pydicom.dcmread(received) == pydicom.dcmread(sent)


@pytest.mark.parametrize("status", ["draft", "final", "amended"])
def test_orthanc_stores_it_and_gives_it_back_equal(
    status: ReportStatus, dcmtk: Path, orthanc: Orthanc, tmp_path: Path
) -> None:
    sent = tmp_path / "sent.dcm"
    report = report_of(status=status)
    DicomPdfExporter().write(report, sent)
    subprocess.run(
        [dcmtk / "storescu", orthanc.host, str(orthanc.dicom_port), sent],
        check=True, capture_output=True,
    )  # fmt: skip
    made = pydicom.dcmread(sent)
    found = [
        name
        for name in json.loads(orthanc.get("/instances"))
        if json.loads(orthanc.get(f"/instances/{name}/simplified-tags"))["SOPInstanceUID"]
        == made.SOPInstanceUID
    ]
    assert len(found) == 1
    given_back = pydicom.dcmread(io.BytesIO(orthanc.get(f"/instances/{found[0]}/file")))
    assert given_back == made
    pdf = orthanc.get(f"/instances/{found[0]}/pdf")
    assert pdf[: len(pdf_bytes(report))] == pdf_bytes(report)
    assert made.SOPInstanceUID.startswith("2.25.")


def test_orthanc_keeps_hostile_strings_as_they_were_sent(
    dcmtk: Path, orthanc: Orthanc, tmp_path: Path
) -> None:
    for number, hostile in enumerate(STRINGS):
        sent = tmp_path / f"{number}.dcm"
        DicomPdfExporter().write(replace(hostile_report(hostile.raw), id=100 + number), sent)
        subprocess.run(
            [dcmtk / "storescu", orthanc.host, str(orthanc.dicom_port), sent],
            check=True, capture_output=True,
        )  # fmt: skip
    kept = {
        dataset.SOPInstanceUID: dataset
        for name in json.loads(orthanc.get("/instances"))
        for dataset in [pydicom.dcmread(io.BytesIO(orthanc.get(f"/instances/{name}/file")))]
    }
    for number in range(len(STRINGS)):
        made = pydicom.dcmread(tmp_path / f"{number}.dcm")
        assert kept[made.SOPInstanceUID] == made
