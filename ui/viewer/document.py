"""The viewer's document: what of a study can be shown, how, and what was not looked at."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from medmm.assembly.homes import OpenHome
from medmm.assembly.viewing import ShownSeries, numbers_of, shown_series
from medmm.errors import MedmmError
from medmm.nouns import Series, Study
from medmm.records.studies import studies_of_patient
from ui.viewer import planes, presets

Document = dict[str, Any]
PICTURES = ("volume", "4d", "picture", "cine", "slide")


def viewer_document(
    opened: OpenHome, study_id: int, report: tuple[int, Mapping[str, Any]] | None = None
) -> Document:
    """Series with geometry, windows and verdict; a report's regions; what is not shown and why.

    ``report`` is the report's number and the document of the version asked for.

    Raises:
        NotFoundError: there is no such study.
    """
    study, numbered = numbers_of(opened, study_id)
    shown, refused = [], []
    for number, series in numbered:
        pixels, why = _pixels(opened, study_id, number, series)
        if pixels is None:
            refused.append(_refused(number, series, why))
        else:
            shown.append(_series(number, series, pixels))
    return {
        "study": _study(study),
        "series": shown,
        "not_shown": refused,
        "priors": [
            {
                "study": prior.id,
                "date": prior.date,
                "description": prior.description,
                "modalities": list(prior.modalities),
            }
            for prior in studies_of_patient(opened.database, study_id)
        ],
        **_of_report(report, numbered),
    }


def _study(study: Study) -> Document:
    return {
        "id": study.id,
        "uid": study.uid,
        "date": study.date,
        "description": study.description,
        "patient": {"name": study.patient.name, "id": study.patient.id},
    }


def _pixels(
    opened: OpenHome, study_id: int, number: int, series: Series
) -> tuple[ShownSeries | None, str]:
    """A series' pixels, or why there are none to look at."""
    if not series.usable:
        return None, series.verdict.sentence or "It was refused."
    if series.kind not in PICTURES:
        return None, f"A {series.kind} has no images."
    try:
        return shown_series(opened, study_id, number), ""
    except MedmmError as error:
        return None, error.message


def _refused(number: int, series: Series, why: str) -> Document:
    return {**_named(number, series), "why": why}


def _named(number: int, series: Series) -> Document:
    return {
        "id": number,
        "key": series.key,
        "uid": series.uid,
        "number": series.number,
        "modality": series.modality,
        "body_part": series.body_part,
        "description": series.description,
        "kind": series.kind,
        "verdict": _verdict(series),
    }


def _verdict(series: Series) -> Document:
    verdict = series.verdict
    return {
        "status": verdict.status,
        "reasons": [
            {"code": reason.code, "text": reason.text, "tag": reason.tag}
            for reason in verdict.reasons
        ],
        "dropped": len(verdict.dropped),
        "max_deviation_mm": verdict.max_deviation_mm,
    }


def _series(number: int, series: Series, pixels: ShownSeries) -> Document:
    header = series.header
    return {
        **_named(number, series),
        "shape": list(pixels.array.shape[:3]),
        "samples": pixels.channels,
        "steps": pixels.steps,
        "type": pixels.array.dtype.name,
        "spacing_mm": list(series.spacing_mm) if series.spacing_mm else None,
        "affine_lps": [list(row) for row in series.affine_lps] if series.affine_lps else None,
        "frame_of_reference": header.get("FrameOfReferenceUID"),
        "scanner": " ".join(
            filter(None, (header.get("Manufacturer"), header.get("ManufacturerModelName")))
        ),
        "kernel": header.get("ConvolutionKernel", ""),
        "view": {
            "position": series.view.position,
            "laterality": series.view.laterality,
            "orientation": list(series.view.patient_orientation),
        },
        "units": series.units,
        "inverted": pixels.inverted,
        "padded": pixels.padding is not None,
        "frame_seconds": pixels.frame_seconds,
        "lossy": header.get("LossyImageCompression") == "01",
        "windows": presets.own_windows(series, pixels),
        "presets": presets.fitting(series),
        "stored_plane": planes.stored_name(pixels.affine_lps),
        "planes": _planes(pixels),
    }


def _planes(pixels: ShownSeries) -> Document:
    cuts = (planes.plane(name, pixels.array.shape, pixels.affine_lps) for name in planes.NAMES)
    return {
        cut.name: {
            "shape": list(cut.shape),
            "affine_lps": None if cut.affine_lps is None else cut.affine_lps.tolist(),
        }
        for cut in cuts
        if cut is not None
    }


def _of_report(
    report: tuple[int, Mapping[str, Any]] | None, numbered: Iterable[tuple[int, Series]]
) -> Document:
    if report is None:
        return {"report": None, "regions": [], "experts_refused": []}
    number, document = report
    places = {(series.uid, series.key): one for one, series in numbered}
    by_uid = {series.uid: one for one, series in numbered}
    cited = citations(document)
    return {
        "report": {
            "id": number,
            "version": document["version"],
            "status": document["status"],
        },
        "regions": [
            {
                "id": region["id"],
                "label": region["label"],
                "kind": region["kind"],
                "laterality": region["laterality"],
                "series": places.get(
                    (region["series_uid"], region.get("series_key", "")),
                    by_uid.get(region["series_uid"]),
                ),
                "slice": region["slice"],
                "box": region["box"],
                "mask": bool(region["mask"]),
                "confidence": region["confidence"],
                "doubtful": region["doubtful"],
                "statements": cited.get(region["id"], []),
            }
            for region in document["regions"]
        ],
        "experts_refused": [
            {"name": expert["name"], "status": expert["status"], "reason": expert["reason"]}
            for expert in document["experts"]
            if expert["status"] != "ran"
        ],
    }


def citations(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """Ids of the statements that rest on each region, through measurements and findings."""
    measured = {item["id"]: item["region"] for item in document["measurements"]}
    found = {
        item["id"]: [
            *item["regions"],
            *(measured[one] for one in item["measurements"] if measured.get(one)),
        ]
        for item in document["findings"]
    }
    cited: dict[str, list[str]] = {}
    for section in document["sections"]:
        for statement in section["statements"]:
            for evidence in statement["evidence"]:
                regions = found.get(evidence["ref"], []) if evidence["kind"] == "finding" else []
                if evidence["kind"] == "measurement" and measured.get(evidence["ref"]):
                    regions = [measured[evidence["ref"]]]
                for region in regions:
                    listed = cited.setdefault(region, [])
                    if statement["id"] not in listed:
                        listed.append(statement["id"])
    return cited


def parsed(text: str) -> Document:
    """A version's canonical text as its document."""
    document: Document = json.loads(text)
    return document
