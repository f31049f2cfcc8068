"""How much of a CT is body: a third party's expert and exporter, written from the public seams."""

import csv
import time
from pathlib import Path

import numpy as np
from scipy import ndimage

from medmm.nouns import (
    Applicability,
    Card,
    ExpertResult,
    Mask,
    Measurement,
    Region,
    Report,
    RunContext,
    Selection,
    Study,
    Uncertainty,
    Volume,
)

CARD = Card(
    name="body_volume",
    version="2.1.0",
    task="Volume of the body in the field of view",
    status="demonstrator",
    modalities=("CT",),
    body_parts=("ANY",),
    needs="A CT volume in Hounsfield units",
    outputs=("volume of region body, mL",),
    assesses=("body outline",),
    failures=("The table is counted where it touches the body.",),
)


class BodyVolume:
    """Everything denser than -300 HU that hangs together, holes filled slice by slice."""

    card = CARD

    def inputs(self, study: Study) -> list[Selection]:
        return [
            Selection((series,), Applicability("applies"))
            for series in study.usable
            if series.modality == "CT" and series.kind == "volume" and series.units == "HU"
        ]

    def run(self, selection: Selection, context: RunContext) -> ExpertResult:
        started = time.monotonic()
        series = selection.series[0]
        volume = series.content
        assert isinstance(volume, Volume)
        labels, _ = ndimage.label(volume.array > -300)
        sizes = np.bincount(labels.ravel())
        sizes[0] = 0
        body = labels == int(sizes.argmax())
        body = np.stack([ndimage.binary_fill_holes(plane) for plane in body])
        surface = body & ~ndimage.binary_erosion(body)
        return ExpertResult(
            expert=CARD.name,
            version=CARD.version,
            applicability=selection.applicability,
            regions=(
                Region(
                    id="body",
                    label="body",
                    kind="mask",
                    series_uid=series.uid,
                    series_key=series.key,
                    mask=Mask.of(body),
                    affine_lps=volume.affine_lps,
                ),
            ),
            measurements=(
                Measurement(
                    id="size",
                    name="volume",
                    value=float(body.sum()) * volume.voxel_ml,
                    unit="mL",
                    method="voxels inside the outline times the voxel's volume",
                    expert=CARD.name,
                    uncertainty=Uncertainty(
                        "resolution", float(surface.sum()) * volume.voxel_ml / 2
                    ),
                    region="body",
                ),
            ),
            assessed=("body outline",),
            seconds=time.monotonic() - started,
            demonstrator=True,
        )


class CsvExporter:
    """A line per measurement."""

    def write(self, report: Report, path: Path) -> None:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["report", "name", "value", "unit", "expert"])
            for item in report.last.document["measurements"]:
                writer.writerow(
                    [report.id, item["name"], item["value"], item["unit"], item["expert"]]
                )
