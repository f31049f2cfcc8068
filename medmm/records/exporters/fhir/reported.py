"""The report, and who or what is behind each of its versions."""

import base64
from collections.abc import Iterator
from xml.sax.saxutils import escape

from medmm.nouns import ReportVersion
from medmm.nouns.characters import visible
from medmm.records.exporters.fhir.measured import MACHINE as MACHINE_DEVICE
from medmm.records.exporters.fhir.naming import OWN, Naming, Resource, coding, marked
from medmm.records.exporters.wording import MACHINE, plain_text, statements, status_mark

_AGENTS = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
_SECTIONS = "http://terminology.hl7.org/CodeSystem/v2-0074"


def diagnostic_report(naming: Naming) -> Resource:
    """The DiagnosticReport; call it last, it tells which characters the bundle replaced."""
    report = naming.report
    document = naming.document
    resource: Resource = {
        "resourceType": "DiagnosticReport",
        "id": naming.id("DiagnosticReport"),
        **marked(report),
        "text": {"status": "generated", "div": _narrative(naming)},
        "identifier": [{"system": f"{OWN}report", "value": f"{report.id}.{report.last.number}"}],
        "status": naming.status,
        "category": [{"coding": [{"system": _SECTIONS, "code": "RAD"}]}],
        "code": {"coding": [coding("LN", "18748-4", "Diagnostic imaging study")]},
        "subject": naming.reference("Patient"),
        "issued": report.last.created,
        "imagingStudy": [naming.reference("ImagingStudy")],
        "presentedForm": [_presented(naming)],
    }
    results = [naming.reference("Observation", item["id"]) for item in document["measurements"]]
    if results:
        resource["result"] = results
    if report.signed_by:
        resource["resultsInterpreter"] = [naming.reference("Practitioner", report.signed_by)]
    said = [item["text"] for section, item in statements(document) if section == "Impression"]
    resource |= naming.maybe("conclusion", "\n".join(said))
    return resource | naming.told_replaced()


def practitioners(naming: Naming) -> Iterator[Resource]:
    """The people who wrote a version or signed; never the machine."""
    names = [one.author for one in naming.report.versions if one.author != MACHINE]
    for name in dict.fromkeys(filter(None, [*names, naming.report.signed_by])):
        yield {
            "resourceType": "Practitioner",
            "id": naming.id("Practitioner", name),
            "identifier": [{"system": f"{OWN}user"} | naming.maybe("value", name)],
            "name": [naming.told_replaced(name) | naming.maybe("text", name)],
        }


def provenances(naming: Naming) -> Iterator[Resource]:
    """One for each version, and one for the signature."""
    for version in naming.report.versions:
        agents = [_author(naming, version)]
        if version.author == MACHINE:
            agents += [
                _agent(naming, "performer", "Device", f"expert {name}") for name in _ran(naming)
            ]
        resource = _provenance(naming, f"version {version.number}", version.created, agents)
        if version.reason.strip():
            resource["reason"] = [{"text": naming.text(version.reason)}]
        yield resource
    signer = naming.report.signed_by
    if signer:
        agents = [_agent(naming, "verifier", "Practitioner", signer)]
        when = naming.report.signed or naming.report.last.created
        yield _provenance(naming, "signature", when, agents)


def _provenance(naming: Naming, what: str, when: str, agents: list[Resource]) -> Resource:
    return {
        "resourceType": "Provenance",
        "id": naming.id("Provenance", what),
        "target": [naming.reference("DiagnosticReport")],
        "recorded": when,
        "activity": {"text": what},
        "agent": agents,
    }


def _author(naming: Naming, version: ReportVersion) -> Resource:
    if version.author == MACHINE:
        return _agent(naming, "author", "Device", MACHINE_DEVICE)
    return _agent(naming, "author", "Practitioner", version.author)


def _agent(naming: Naming, role: str, kind: str, key: str) -> Resource:
    return {
        "type": {"coding": [{"system": _AGENTS, "code": role}]},
        "who": naming.reference(kind, key),
    }


def _ran(naming: Naming) -> list[str]:
    """Experts that ran, each once."""
    runs = naming.document["experts"]
    return list(dict.fromkeys(run["name"] for run in runs if run["status"] == "ran"))


def _presented(naming: Naming) -> Resource:
    """The text with every statement's state and evidence, as a reader without FHIR takes it."""
    data = plain_text(naming.report).encode()
    return {
        "contentType": "text/plain; charset=utf-8",
        "language": "en",
        "data": base64.b64encode(data).decode("ascii"),
        "size": len(data),
        "title": f"Report {naming.report.id}, version {naming.report.last.number}",
        "creation": naming.report.last.created,
    }


def _narrative(naming: Naming) -> str:
    """XHTML of the statements, every text escaped (Narrative: no scripts, no outside content)."""
    mark = status_mark(naming.report)
    parts = [f"<p><b>{mark}</b></p>"] if mark else []
    for section, item in statements(naming.document):
        said = f"{section}: {item['text']} ({item['state']})"
        parts.append(f"<p>{escape(visible(said))}</p>")
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{"".join(parts) or "<p>Empty.</p>"}</div>'
