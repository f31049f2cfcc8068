"""What was measured, and by what: Observation and Device."""

from collections.abc import Iterator, Mapping
from typing import Any

from medmm.nouns import Code
from medmm.records.exporters.fhir.naming import OWN, UCUM, Naming, Resource, coding
from medmm.records.exporters.wording import software

# Concepts of the quantities (PS3.16, TID 1411 and CID 7469, 7470, 218); the name is told beside.
_QUANTITIES = {
    "volume": Code("SCT", "118565006", "Volume"),
    "long axis": Code("SCT", "103339001", "Long axis"),
    "short axis": Code("SCT", "103340004", "Short axis"),
    "mean attenuation": Code("DCM", "112031", "Attenuation Coefficient"),
}
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
MACHINE = "machine"
"""Key of the Device that is medmm itself."""

Item = Mapping[str, Any]


def devices(naming: Naming) -> Iterator[Resource]:
    """medmm, and every expert that was asked or that measured."""
    writer = naming.document["writer"]
    yield _device(
        naming,
        MACHINE,
        "medmm",
        software().removeprefix("medmm "),
        f"Writer: {writer['name']} {writer['version']} ({writer['kind']})",
    )
    runs = {run["name"]: run for run in naming.document["experts"]}
    names = [*runs, *(item["expert"] for item in naming.document["measurements"])]
    for name in dict.fromkeys(names):
        run = runs.get(name, {})
        yield _device(naming, f"expert {name}", name, run.get("version", ""), _told(run))


def observations(naming: Naming) -> Iterator[Resource]:
    """One for each measurement, with its uncertainty as a component."""
    regions = {region["id"]: region for region in naming.document["regions"]}
    for item in naming.document["measurements"]:
        yield _observation(naming, item, regions.get(item["region"] or ""))


def _observation(naming: Naming, item: Item, region: Item | None) -> Resource:
    resource: Resource = {
        "resourceType": "Observation",
        "id": naming.id("Observation", item["id"]),
        "identifier": [{"system": f"{OWN}measurement"} | naming.maybe("value", item["id"])],
        "status": naming.status,
        "category": [{"coding": [{"system": _CATEGORY, "code": "imaging"}]}],
        "code": _code(naming, item["name"]),
        "subject": naming.reference("Patient"),
        "issued": naming.report.last.created,
        "valueQuantity": _quantity(naming, item["value"], item["unit"]),
        "device": naming.reference("Device", f"expert {item['expert']}"),
        "derivedFrom": [naming.reference("ImagingStudy")],
    }
    if region:
        resource["bodySite"] = _site(naming, region)
    if (item.get("method") or "").strip():
        resource["method"] = {"text": naming.text(item["method"])}
    if item["doubtful"]:
        resource["note"] = [{"text": "Doubtful: the expert does not vouch for this value."}]
    spread = item["uncertainty"]
    if spread:
        resource["component"] = [
            {
                "code": {"text": naming.text(f"uncertainty ({spread['kind']})")},
                "valueQuantity": _quantity(naming, spread["value"], item["unit"]),
            }
        ]
    return resource


def _code(naming: Naming, name: str) -> Resource:
    """The quantity's concept where there is one, and medmm's own name for it."""
    known = _QUANTITIES.get(name)
    code: Resource = {"text": naming.text(name)}
    if known:
        code["coding"] = [coding(known.scheme, known.code, known.meaning)]
    return code


def _quantity(naming: Naming, value: float, unit: str) -> Resource:
    """A Quantity with its UCUM unit (Datatypes, Quantity: the code needs its system)."""
    quantity: Resource = {"value": value}
    if unit.strip():
        quantity |= {"unit": naming.text(unit), "system": UCUM, "code": naming.text(unit)}
    return quantity


def _site(naming: Naming, region: Item) -> Resource:
    side = region["laterality"]
    beside = f", {side}" if side and side not in region["label"] else ""
    site: Resource = {"text": naming.text(f"{region['label']}{beside}")}
    code = region["code"]
    if code:
        site["coding"] = [coding(code["scheme"], code["code"], naming.text(code["meaning"]))]
    return site


def _device(naming: Naming, key: str, name: str, version: str, told: str) -> Resource:
    device: Resource = {
        "resourceType": "Device",
        "id": naming.id("Device", key),
        "deviceName": [{"name": naming.text(name), "type": "model-name"}],
    }
    if version.strip():
        device["version"] = [{"value": naming.text(version)}]
    return device | ({"note": [{"text": naming.text(told)}]} if told else {})


def _told(run: Item) -> str:
    """What a receiver should know of an expert's run."""
    if not run:
        return ""
    parts = [f"Status: {run['status']}, {run['applicability']}."]
    parts += [run["reason"]] if run["reason"] else []
    if run.get("demonstrator"):
        parts.append("Demonstrator: it has no clinical figures.")
    if run.get("weights_sha256"):
        parts.append(f"SHA-256 of the weights: {run['weights_sha256']}")
    return " ".join(parts)
