"""Who was examined, and by which images: Patient and ImagingStudy."""

import re
from datetime import date
from typing import Any

from medmm.nouns import Patient, Series
from medmm.records.exporters.fhir.naming import Naming, Resource, coding
from medmm.records.exporters.wording import accession_of, patient_of

# DICOM's Patient's Sex (PS3.3 C.7.1.1) in the words of FHIR's AdministrativeGender.
_GENDER = {"M": "male", "F": "female", "O": "other"}
_MODALITY = re.compile(r"[A-Z0-9_]{1,16}")
_UID = re.compile(r"[0-9.]{1,64}")
_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
_MOST = 2**31 - 1
"""The largest unsignedInt (Datatypes)."""


def patient(naming: Naming) -> Resource:
    """The Patient; the name's text is as the images have it, its parts are DICOM's components."""
    who = patient_of(naming.report)
    resource: Resource = {"resourceType": "Patient", "id": naming.id("Patient")}
    if who.id.strip():
        identifier = naming.told_replaced(who.id) | naming.maybe("value", who.id)
        resource["identifier"] = [
            {"type": {"coding": [{"system": _TYPES, "code": "MR"}]}} | identifier
        ]
    if who.name.strip():
        resource["name"] = [_name(naming, who)]
    resource["gender"] = _GENDER.get(who.sex, "unknown")
    return resource | _dated("birthDate", who.birth_date)


def imaging_study(naming: Naming) -> Resource:
    """The ImagingStudy with its series."""
    study = naming.report.study
    series = study.series if study else ()
    resource: Resource = {
        "resourceType": "ImagingStudy",
        "id": naming.id("ImagingStudy"),
        "identifier": _identifiers(naming),
        "status": "available",
        "subject": naming.reference("Patient"),
    }
    modalities = sorted({_modality(one) for one in series})
    if modalities:
        resource["modality"] = [_dicom(code) for code in modalities]
    if study:
        # The date alone: a dateTime with a time must have a zone, and images seldom tell theirs.
        resource |= _dated("started", study.date[:10])
        resource |= naming.maybe("description", study.description)
    held = _series(naming, series)
    return resource | ({"numberOfSeries": len(held), "series": held} if held else {})


def _name(naming: Naming, who: Patient) -> Resource:
    """A HumanName of a PN value (PS3.5 6.2.1): family, given, middle, prefix, suffix."""
    parts = (who.name.split("=")[0].split("^") + [""] * 5)[:5]
    name = naming.told_replaced(who.name) | naming.maybe("text", who.name)
    name |= naming.maybe("family", parts[0])
    for field, texts in (("given", parts[1:3]), ("prefix", parts[3:4]), ("suffix", parts[4:5])):
        told = [naming.text(text) for text in texts if text.strip()]
        name |= {field: told} if told else {}
    return name


def _identifiers(naming: Naming) -> list[Resource]:
    """The study's UID as FHIR writes it (ImagingStudy, notes on identifiers), and its number."""
    uid = f"urn:oid:{naming.report.study_uid}"
    found: list[Resource] = [{"system": "urn:dicom:uid", "value": uid}]
    accession = accession_of(naming.report)
    if accession.strip():
        kind = {"coding": [{"system": _TYPES, "code": "ACSN"}]}
        found.append({"type": kind} | naming.maybe("value", accession))
    return found


def _series(naming: Naming, series: tuple[Series, ...]) -> list[Resource]:
    """A series for each UID; the stacks that one was split into are one again."""
    by_uid: dict[str, Any] = {}
    for one in series:
        if not _UID.fullmatch(one.uid):
            continue
        kept = by_uid.setdefault(one.uid, {"uid": one.uid, "modality": _dicom(_modality(one))})
        if one.number is not None and 0 <= one.number <= _MOST:
            kept["number"] = one.number
        kept |= naming.maybe("description", one.description)
        kept["numberOfInstances"] = kept.get("numberOfInstances", 0) + len(one.sop_uids)
    return list(by_uid.values())


def _modality(series: Series) -> str:
    return series.modality if _MODALITY.fullmatch(series.modality) else "OT"


def _dicom(code: str) -> Resource:
    return {key: value for key, value in coding("DCM", code, "").items() if value}


def _dated(name: str, text: str) -> Resource:
    """A FHIR date, or nothing where the text is none."""
    try:
        return {name: date.fromisoformat(text).isoformat()} if text else {}
    except ValueError:
        return {}
