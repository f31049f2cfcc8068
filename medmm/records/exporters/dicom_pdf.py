"""A report as a DICOM Encapsulated PDF, to lie beside the images in an archive (PS3.3 A.45.1)."""

import hashlib
import io
import uuid
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from medmm.home import write_whole
from medmm.nouns import Patient, Report
from medmm.nouns.characters import replaced
from medmm.records.exporters.pdf import pdf_bytes
from medmm.records.exporters.wording import accession_of, patient_of, software, status_mark

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_LONGEST = 64
"""Characters of LO and of one component group of PN (PS3.5, Table 6.2-1)."""
_SHORTEST = 16
"""Characters of SH (PS3.5, Table 6.2-1)."""
_UIDS = uuid.UUID("0f5cdd5e-7c39-5f0b-8a4e-3f2d6b1c9a70")
"""The name space of the UIDs made here; another would give all documents other ones."""
_FIRST_SERIES = 9000
"""Above the numbers that scanners give, so that reports are listed after the images."""


class DicomPdfExporter:
    """``--to dicom-pdf``: the PDF of ``--to pdf`` in a series of its own of the same study."""

    def write(self, report: Report, path: Path) -> None:
        """Write the object in explicit VR little endian; the same report gives the same bytes.

        Raises:
            StorageError: the disk is full, read-only or failing.
        """
        write_whole(path, object_bytes(report))


def object_bytes(report: Report) -> bytes:
    """The file's bytes."""
    from pydicom import config
    from pydicom.dataset import FileDataset
    from pydicom.uid import PYDICOM_IMPLEMENTATION_UID, EncapsulatedPDFStorage
    from pydicom.uid import ExplicitVRLittleEndian as Syntax

    out = io.BytesIO()
    dataset = FileDataset(out, {}, preamble=b"\0" * 128)
    # What does not fit its VR is mended below (`_fitting`); an identifier of the study that breaks
    # a rule is passed on as the archive knows it, without pydicom's warning.
    with config.disable_value_validation():
        _patient(dataset, report)
        _study(dataset, report)
        _series(dataset, report)
        _document(dataset, report)
        dataset.SOPClassUID = EncapsulatedPDFStorage
        dataset.file_meta.MediaStorageSOPClassUID = EncapsulatedPDFStorage
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.file_meta.TransferSyntaxUID = Syntax
        dataset.file_meta.ImplementationClassUID = PYDICOM_IMPLEMENTATION_UID
        dataset.save_as(out, enforce_file_format=True)
    return out.getvalue()


def _patient(dataset: "Dataset", report: Report) -> None:
    """Patient Module (PS3.3 C.7.1.1), as the study has it."""
    patient = patient_of(report)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName = _name(patient.name)
    dataset.PatientID = _fitting(patient.id)
    dataset.PatientBirthDate = _date(patient.birth_date)
    dataset.PatientSex = patient.sex if patient.sex in ("F", "M", "O") else ""
    if _is_age(patient):
        dataset.PatientAge = patient.age


def _study(dataset: "Dataset", report: Report) -> None:
    """General Study Module (PS3.3 C.7.2.1): the same study, so that the archive files it there."""
    study = report.study
    when = study.date if study else ""
    dataset.StudyInstanceUID = report.study_uid
    dataset.StudyDate = _date(when)
    dataset.StudyTime = _time(when)
    dataset.ReferringPhysicianName = ""
    dataset.StudyID = ""
    dataset.AccessionNumber = _fitting(accession_of(report), _SHORTEST)
    if study and study.description:
        dataset.StudyDescription = _fitting(study.description)


def _series(dataset: "Dataset", report: Report) -> None:
    """Encapsulated Document Series, General and SC Equipment (PS3.3 C.24.1, C.7.5.1, C.8.6.1)."""
    chain = (report.study_uid, str(report.id), report.created)
    dataset.Modality = "DOC"
    # One series for all versions of a report, one instance for each version in each status.
    dataset.SeriesInstanceUID = _uid("series", *chain)
    dataset.SeriesNumber = _FIRST_SERIES + report.id
    dataset.SeriesDescription = f"Report {report.id}"
    dataset.Manufacturer = "medmm"
    dataset.ManufacturerModelName = "medmm"
    dataset.SoftwareVersions = software()
    dataset.ConversionType = "WSD"


def _uid(*parts: str) -> str:
    """The same UID for the same parts: a UUID under the root that all may use (PS3.5 B.2)."""
    return f"2.25.{uuid.uuid5(_UIDS, chr(0).join(parts)).int}"


def _document(dataset: "Dataset", report: Report) -> None:
    """Encapsulated Document Module (PS3.3 C.24.2)."""
    pdf = pdf_bytes(report)
    made = datetime.fromisoformat(report.last.created)
    mark = status_mark(report)
    digest = hashlib.sha256(pdf).hexdigest()
    dataset.SOPInstanceUID = _uid("instance", report.study_uid, digest)
    dataset.InstanceNumber = report.last.number
    # In UTC. The object tells no offset: that would hold for the study's time too (PS3.3
    # C.12.1.1.8), whose zone is unknown.
    dataset.ContentDate = made.strftime("%Y%m%d")
    dataset.ContentTime = made.strftime("%H%M%S.%f")
    # The acquisition's own time is the images'; the module wants the attribute, empty if unknown.
    dataset.AcquisitionDateTime = ""
    # The patient's name and number stand on every page.
    dataset.BurnedInAnnotation = "YES"
    title = f"Imaging report {report.id}, version {report.last.number}"
    dataset.DocumentTitle = f"{mark}: {title}" if mark else title
    dataset.ConceptNameCodeSequence = [_report_code()]
    dataset.VerificationFlag = "VERIFIED" if report.status in ("final", "amended") else "UNVERIFIED"
    dataset.MIMETypeOfEncapsulatedDocument = "application/pdf"
    dataset.EncapsulatedDocumentLength = len(pdf)
    # Values have even length (PS3.5 7.1.1); the attribute above tells where the PDF ends.
    dataset.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)


def _report_code() -> "Dataset":
    """Diagnostic Imaging Report, of the document titles in PS3.16 CID 7000."""
    from pydicom.dataset import Dataset

    code = Dataset()
    code.CodeValue = "18748-4"
    code.CodingSchemeDesignator = "LN"
    code.CodeMeaning = "Diagnostic Imaging Report"
    return code


def _name(text: str) -> str:
    """A person's name with at most three component groups of 64 characters (PS3.5 6.2, PN)."""
    groups = _allowed(text).split("=")
    return "=".join(_cut(group, _LONGEST) for group in groups[:3])


def _fitting(text: str, longest: int = _LONGEST) -> str:
    return _cut(_allowed(text), longest)


def _allowed(text: str) -> str:
    r"""The text with marks for what LO, SH and PN forbid: controls, surrogates, and the ``\``
    that would part one value into two (PS3.5 6.1.3 and 6.2).
    """  # noqa: D205
    return replaced(text, _forbidden)


def _forbidden(character: str) -> bool:
    code = ord(character)
    return code < 32 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000 or character == "\\"


def _cut(text: str, longest: int) -> str:
    """At most ``longest`` characters; a cut text ends in its hash, so two never become one."""
    if len(text) <= longest:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[: longest // 4]
    return f"{text[: longest - len(digest) - 1]}~{digest}"


def _date(text: str) -> str:
    """``2024-05-06`` as DA; empty where it is none."""
    try:
        return datetime.fromisoformat(text[:10]).strftime("%Y%m%d") if text else ""
    except ValueError:
        return ""


def _time(text: str) -> str:
    """The time in ``2024-05-06T07:08:09`` as TM; empty where there is none."""
    try:
        return datetime.fromisoformat(text).strftime("%H%M%S") if "T" in text else ""
    except ValueError:
        return ""


def _is_age(patient: Patient) -> bool:
    """Whether the age is an AS value (PS3.5, Table 6.2-1)."""
    age = patient.age
    return len(age) == 4 and age.isascii() and age[:3].isdigit() and age[3] in "DWMY"
