"""The expert that looks for lung nodules and measures the best candidates."""

import math
import time
from functools import cached_property
from importlib.resources import files

import numpy as np

from expert_models.cards import load_card
from expert_models.chest_ct import applies, coverage, regions, shared
from expert_models.chest_ct.frame import Frame
from expert_models.ct_nodule import score, search
from expert_models.ct_nodule.search import Nodule
from expert_models.stepping import pause
from medmm.errors import ExpertError
from medmm.nouns import (
    Card,
    Code,
    ExpertResult,
    Finding,
    Measurement,
    Region,
    RunContext,
    Selection,
    Series,
    Study,
    Uncertainty,
    Volume,
    geometry,
)

NODULE = Code("SCT", "27925004", "Nodule")
NODULE_OF_LUNG = Code("SCT", "786838002", "Nodule of lung")
MOST = 5
_TOLERANCE_MM = 0.5
_THIN_MM = 3.05
_THICK_SHARE = 0.2
_FEW_SLICES = 3
_FEW_SLICES_SHARE = 0.3


class CtNodule:
    """Up to five candidates with RECIST axes, volume and mean attenuation; a demonstrator."""

    @cached_property
    def card(self) -> Card:
        """The card beside this module."""
        return load_card(files("expert_models.ct_nodule") / "card.toml")

    def inputs(self, study: Study) -> list[Selection]:
        """Every series by itself."""
        return applies.selections(study)

    def run(self, selection: Selection, context: RunContext) -> ExpertResult:
        """The best candidates of the selected series.

        Raises:
            ExpertError: it was refused before, or the deadline has passed.
            CancelledError: ``context`` asked to stop.
        """
        began = time.monotonic()
        (series,) = selection.series
        volume = series.content
        name = self.card.name
        if selection.applicability.status == "refuses" or not isinstance(volume, Volume):
            raise ExpertError(f"{name} was run on a series that it refuses.")
        pause(context, name)
        lungs = shared.segmented(volume)
        pause(context, name)
        if not lungs.both:
            raise ExpertError(f"No lung is left in series {series.uid} to look for nodules in.")
        nodules, looked_at = search.ranked(volume, lungs, MOST, lambda: pause(context, name))
        doubtful = selection.applicability.status == "doubtful"
        found = [
            self._told(one, index, series, volume, doubtful=doubtful)
            for index, one in enumerate(nodules, start=1)
        ]
        return ExpertResult(
            expert=name,
            version=self.card.version,
            applicability=selection.applicability,
            findings=tuple(finding for finding, _, _ in found),
            regions=tuple(region for _, region, _ in found),
            measurements=tuple(one for _, _, many in found for one in many),
            seconds=time.monotonic() - began,
            assessed=("lung nodules",),
            notes=_notes(len(found), looked_at, coverage.of(lungs.look).sentence),
            demonstrator=True,
        )

    def _told(
        self, nodule: Nodule, index: int, series: Series, volume: Volume, *, doubtful: bool
    ) -> tuple[Finding, Region, tuple[Measurement, ...]]:
        """A candidate as finding, region and measurements."""
        frame = Frame.of(volume)
        region = regions.region(
            regions.on_grid(nodule.boxed, frame),
            series,
            volume,
            region_id=f"{self.card.name}:nodule-{index}",
            label="lung nodule",
            code=NODULE,
            laterality="right" if nodule.right else "left",
            confidence=round(nodule.score, 4),
            doubtful=doubtful,
        )
        measured = self._measurements(nodule, region, frame, doubtful=doubtful)
        finding = Finding(
            id=f"{self.card.name}:finding-{index}",
            concept=NODULE_OF_LUNG,
            presence="uncertain",
            source=self.card.name,
            regions=(region.id,),
            measurements=tuple(one.id for one in measured),
            demonstrator=True,
        )
        return finding, region, measured

    def _measurements(
        self, nodule: Nodule, region: Region, frame: Frame, *, doubtful: bool
    ) -> tuple[Measurement, ...]:
        off = axis_tolerance_mm(frame, nodule.size.axes.long_mm)
        volume_off = _volume_tolerance_ml(nodule, off, frame)
        axes = nodule.size.axes
        gap = frame.spacing[0]
        rows = (
            ("long axis", axes.long_mm, "mm", _LONG, "resolution", off),
            ("short axis", axes.short_mm, "mm", _SHORT, "resolution", off),
            ("volume", nodule.size.volume_ml, "mL", _VOLUME, "resolution", volume_off),
            ("mean attenuation", nodule.mean_hu, "[hnsf'U]", _MEAN, "resolution",
             nodule.rim_hu),
        )  # fmt: skip
        thin = axes.long_mm < 2 * gap
        return tuple(
            Measurement(
                id=f"{region.id}:{name.replace(' ', '-')}",
                name=name,
                value=value,
                unit=unit,
                method=method,
                expert=self.card.name,
                uncertainty=Uncertainty(kind, much),
                region=region.id,
                doubtful=doubtful or thin,
            )
            for name, value, unit, method, kind, much in rows
        )


def axis_tolerance_mm(frame: Frame, long_mm: float) -> float:
    """The larger of 0.5 mm and half a pixel.

    Over 3 mm between slices at least a fifth of the gap; for nodules of less than three slices at
    least 0.3 of it: there the through-plane loss is estimated, not seen.
    """
    gap, *pixel = frame.spacing
    thick = _THICK_SHARE * gap if gap > _THIN_MM else 0.0
    few = _FEW_SLICES_SHARE * gap if long_mm < _FEW_SLICES * gap else 0.0
    return max(_TOLERANCE_MM, max(pixel) / 2, thick, few)


def _volume_tolerance_ml(nodule: Nodule, off_mm: float, frame: Frame) -> float:
    """What half the axes' tolerance at its border does to a ball of this volume.

    At least what lies between it and the volume of the mask's whole voxels.
    """
    volume = nodule.size.volume_ml
    radius = math.cbrt(3000 * volume / 4 / math.pi)
    whole = np.count_nonzero(nodule.boxed.mask) * geometry.voxel_volume_mm3(frame.affine) / 1000
    return max(volume * 3 * (off_mm / 2) / max(radius, 1.0), abs(volume - whole))


def _notes(reported: int, looked_at: int, covered: str) -> tuple[str, ...]:
    notes = [covered] if covered else []
    if reported:
        notes.append(
            f"{reported} of {looked_at} places looked at scored {score.REPORTED_FROM} or more; "
            "the score is no probability."
        )
    else:
        notes.append(
            f"None of {looked_at} places looked at scored {score.REPORTED_FROM} or more; that does "
            "not mean that there is no nodule."
        )
    return tuple(notes)


_LONG = "longest diameter in an axial slice, border at half height, thick slices corrected for"
_SHORT = "longest diameter perpendicular to the long axis in the same slice"
_VOLUME = "sum over voxels of the share that the nodule fills, by HU between lung and nodule"
_MEAN = "mean HU of the voxels in the mask"
