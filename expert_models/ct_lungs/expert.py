"""The expert that measures both lungs in a chest CT."""

import time
from functools import cached_property
from importlib.resources import files

from expert_models.anatomy import LEFT_LUNG, RIGHT_LUNG
from expert_models.cards import load_card
from expert_models.chest_ct import applies, coverage, regions, shared
from expert_models.chest_ct.lungs import Lungs
from expert_models.chest_ct.surface import Boxed
from expert_models.ct_lungs import figures
from expert_models.stepping import pause
from medmm.errors import ExpertError
from medmm.nouns import (
    Applicability,
    Card,
    ExpertResult,
    Measurement,
    Region,
    RunContext,
    Selection,
    Series,
    Study,
    Uncertainty,
    Volume,
)

_THICK_MM = 2.5
_NOISY_HU = 50.0


class CtLungs:
    """Right and left lung: volume, mean attenuation, emphysema index."""

    @cached_property
    def card(self) -> Card:
        """The card beside this module."""
        return load_card(files("expert_models.ct_lungs") / "card.toml")

    def inputs(self, study: Study) -> list[Selection]:
        """Every series by itself."""
        return applies.selections(study)

    def run(self, selection: Selection, context: RunContext) -> ExpertResult:
        """Both lungs of the selected series.

        Raises:
            ExpertError: there are no two lungs in it after all, or the deadline has passed.
            CancelledError: ``context`` asked to stop.
        """
        began = time.monotonic()
        (series,) = selection.series
        volume = series.content
        if selection.applicability.status == "refuses" or not isinstance(volume, Volume):
            raise ExpertError(f"{self.card.name} was run on a series that it refuses.")
        pause(context, self.card.name)
        shared.look_at(volume)
        pause(context, self.card.name)
        lungs = shared.segmented(volume)
        pause(context, self.card.name)
        report = _Report(self.card, series, volume, lungs, selection.applicability)
        regions_, measurements = report.of_both()
        if not regions_:
            raise ExpertError(f"No lung is left in series {series.uid} once the airway is removed.")
        return ExpertResult(
            expert=self.card.name,
            version=self.card.version,
            applicability=selection.applicability,
            regions=regions_,
            measurements=measurements,
            seconds=time.monotonic() - began,
            assessed=tuple(region.label for region in regions_),
            notes=report.notes(),
            demonstrator=self.card.status == "demonstrator",
        )


class _Report:
    """Regions, measurements and notes of one segmentation."""

    def __init__(
        self, card: Card, series: Series, volume: Volume, lungs: Lungs, answer: Applicability
    ) -> None:
        self.card, self.series, self.volume, self.lungs = card, series, volume, lungs
        self.frame = lungs.look.blocks.frame
        self.full = self.frame.turned(volume.array)
        self.covered = coverage.of(lungs.look)
        self.doubtful = answer.status == "doubtful"
        self.noise = max((figures.noise_hu(one, self.full) for one in lungs.both), default=0.0)

    def of_both(self) -> tuple[tuple[Region, ...], tuple[Measurement, ...]]:
        """Regions and measurements of the lungs that there are."""
        found: list[Region] = []
        measured: list[Measurement] = []
        if self.lungs.right is not None:
            found.append(self._region(self.lungs.right, "right"))
            measured += self._measurements(self.lungs.right, found[-1])
        if self.lungs.left is not None:
            found.append(self._region(self.lungs.left, "left"))
            measured += self._measurements(self.lungs.left, found[-1])
        return tuple(found), tuple(measured)

    def notes(self) -> tuple[str, ...]:
        """What limits this run."""
        notes = []
        if self.covered.partial:
            notes.append(self.covered.sentence)
        if len(self.lungs.both) == 1:
            notes.append("Only one lung was found; the other is absent, airless or not covered.")
        tree = self.lungs.look.airway
        if tree is None:
            notes.append("No trachea was found, so no airway was taken out of the lungs.")
        elif not tree.followed:
            notes.append("The main bronchi could not be told from the lungs and may be in them.")
        if self._index_limited:
            gap = self.frame.spacing[0]
            notes.append(
                f"The emphysema index depends on the protocol; slices {gap:.1f} mm apart with "
                f"{self.noise:.0f} HU of noise are not those that it was validated on."
            )
        return tuple(notes)

    @property
    def _index_limited(self) -> bool:
        return self.frame.spacing[0] > _THICK_MM or self.noise > _NOISY_HU

    def _region(self, boxed: Boxed, side: str) -> Region:
        right = side == "right"
        return regions.region(
            regions.on_grid(boxed, self.frame),
            self.series,
            self.volume,
            region_id=f"{self.card.name}:{side}-lung",
            label="right lung" if right else "left lung",
            code=RIGHT_LUNG if right else LEFT_LUNG,
            laterality="right" if right else "left",
            doubtful=self.doubtful or self.covered.partial,
        )

    def _measurements(self, boxed: Boxed, region: Region) -> list[Measurement]:
        one = figures.of(boxed, self.full, self.volume.voxel_ml)
        cut = self.covered.partial or len(self.lungs.both) == 1
        unsure_airway = self.lungs.look.airway is not None and not self.lungs.look.airway.followed
        rows = (
            ("volume", one.volume_ml, "mL", _VOLUME, "resolution", one.volume_off,
             cut or unsure_airway),
            ("mean attenuation", one.mean_hu, "[hnsf'U]", _MEAN, "resolution", one.mean_off, False),
            ("emphysema index", one.laa_percent, "%", _INDEX, "calibration", one.laa_off,
             self._index_limited or self.covered.bases_only),
        )  # fmt: skip
        return [
            Measurement(
                id=f"{region.id}:{name.replace(' ', '-')}",
                name=name,
                value=value,
                unit=unit,
                method=method,
                expert=self.card.name,
                uncertainty=Uncertainty(kind, off),
                region=region.id,
                doubtful=self.doubtful or doubtful,
            )
            for name, value, unit, method, kind, off, doubtful in rows
        ]


_VOLUME = (
    "voxels inside the lung's outer surface, vessels included, trachea and main bronchi excluded, "
    "times the volume of a voxel; the surface is half way between lung and soft tissue"
)
_MEAN = "mean HU of all voxels inside the lung's outer surface"
_INDEX = "share of voxels inside the lung's outer surface below -950 HU"
