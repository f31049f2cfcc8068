"""Identifiers, references, codes and texts as FHIR R4B wants them."""

import uuid
from typing import Any

from medmm.nouns import Report
from medmm.nouns.characters import name_of, replaced
from medmm.records.exporters.wording import status_mark

Resource = dict[str, Any]

OWN = "urn:x-medmm:"
"""Begins the systems of codes and identifiers that are medmm's own."""
UCUM = "http://unitsofmeasure.org"
# FHIR R4B, "Using SNOMED CT", "Using LOINC" and "Terminologies Systems".
SYSTEMS = {
    "SCT": "http://snomed.info/sct",
    "LN": "http://loinc.org",
    "DCM": "http://dicom.nema.org/resources/ontology/DCM",
}
# The machine's draft is at most preliminary to anybody else (contract; DiagnosticReport.status).
STATUS = {
    "draft": "preliminary",
    "preliminary": "preliminary",
    "final": "final",
    "amended": "amended",
    "cancelled": "cancelled",
}
_NAMESPACE = uuid.UUID("5b8f2a52-6f0e-5d0c-9b57-0c6f3a9f7d11")


class Naming:
    """One bundle's identifiers and texts: what it is about, and which characters it replaced."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.document = report.last.document
        self.replaced: set[str] = set()

    @property
    def status(self) -> str:
        """The report's status in FHIR's words."""
        return STATUS[self.report.status]

    def id(self, kind: str, key: str = "") -> str:
        """A resource's id: of this version's hash, so the same report has the same ids."""
        key = key.encode("utf-8", "backslashreplace").decode()
        return str(uuid.uuid5(_NAMESPACE, f"{self.report.last.sha256}/{kind}/{key}"))

    def reference(self, kind: str, key: str = "") -> Resource:
        """A reference to another entry of the bundle (Bundle, "Resolving references")."""
        return {"reference": f"urn:uuid:{self.id(kind, key)}", "type": kind}

    def text(self, raw: str) -> str:
        """``raw`` with marks for what a FHIR string forbids; it is remembered what that was."""
        self.replaced |= {character for character in raw if _forbidden(character)}
        return replaced(raw, _forbidden)

    def maybe(self, name: str, raw: str) -> Resource:
        """``{name: text}``, or nothing: FHIR has no empty strings (Datatypes, string)."""
        return {name: self.text(raw)} if raw.strip() else {}

    def told_replaced(self, raw: str | None = None) -> Resource:
        """An extension that names the replaced characters (of ``raw``, or of all), if any."""
        found = self.replaced if raw is None else {one for one in raw if _forbidden(one)}
        if not found:
            return {}
        told = ", ".join(name_of(character) for character in sorted(found))
        return {"extension": [{"url": f"{OWN}replaced-characters", "valueString": told}]}


def marked(report: Report) -> Resource:
    """``meta`` with a tag that says that a report is not signed, or cancelled."""
    mark = status_mark(report)
    if not mark:
        return {}
    code = "-".join(mark.lower().replace("-", " ").split())
    return {"meta": {"tag": [{"system": f"{OWN}mark", "code": code, "display": mark}]}}


def coding(scheme: str, code: str, display: str) -> Resource:
    """A Coding; a scheme that FHIR has no address for is named under medmm's own."""
    return {
        "system": SYSTEMS.get(scheme, f"{OWN}scheme:{scheme}"),
        "code": code,
        "display": display,
    }


def _forbidden(character: str) -> bool:
    """Whether a FHIR string cannot hold it (Datatypes, string; XML 1.0, 2.2 for its XML form)."""
    code = ord(character)
    return (code < 32 and character not in "\t\r\n") or 0xD800 <= code < 0xE000 or code in _NONE


_NONE = (0xFFFE, 0xFFFF)
