"""The expert that outlines both lungs on a frontal chest film."""

import time
from typing import TYPE_CHECKING

from expert_models.anatomy import LEFT_LUNG, RIGHT_LUNG
from expert_models.cxr_lungs.card import LUNGS, card
from expert_models.stepping import pause
from medmm.errors import ExpertError
from medmm.nouns import (
    Applicability,
    Card,
    ExpertResult,
    Mask,
    Measurement,
    Picture,
    Region,
    RunContext,
    Selection,
    Series,
    Study,
    Uncertainty,
)

if TYPE_CHECKING:
    from expert_models.cxr_lungs.measures import LungAreas, Value
    from expert_models.cxr_lungs.segmentation import Passes
    from expert_models.cxr_lungs.sides import Sides

_LEAST_SHARE = 0.005
"""A lung that fills less of the film was not found."""

_OF_FILM = "Pixels of the lung's mask over all pixels of the film"
_AREA = "Pixels of the lung's mask times the calibrated area of a pixel"
_ZONE = "Pixels in that third of the mask's height over the mask's pixels"
_SHARE = "Pixels of the right lung's mask over those of both"


class CxrLungs:
    """Right and left lung of a frontal film: mask, area, zones, share of the right one."""

    @property
    def card(self) -> Card:
        """The card beside this module."""
        return card()

    def inputs(self, study: Study) -> list[Selection]:
        """Every series by itself."""
        from expert_models.cxr_lungs import applies

        return applies.selections(study)

    def run(self, selection: Selection, context: RunContext) -> ExpertResult:
        """Both lungs of the selected film.

        Raises:
            ExpertError: no lung is in it after all, or the deadline has passed.
            CancelledError: ``context`` asked to stop.
        """
        from expert_models.cxr_lungs import applies, shared
        from expert_models.cxr_lungs.sides import sides_of

        began = time.monotonic()
        (series,) = selection.series
        picture = series.content
        if selection.applicability.status == "refuses" or not isinstance(picture, Picture):
            raise ExpertError(f"{self.card.name} was run on a series that it refuses.")
        pause(context, self.card.name)
        upright = applies.upright_of(series)
        gate = shared.gate_of(picture, upright)
        pause(context, self.card.name)
        film = shared.upright_film(picture, upright)
        passes = shared.passes_of(film, context.threads)
        pause(context, self.card.name)
        sides = sides_of(upright, series.view.patient_orientation, gate.mirrored)
        report = _Report(self.card, series, picture, passes, sides, selection.applicability)
        regions, measurements = report.all()
        if not regions:
            raise ExpertError(f"No lung was found on the film of series {series.uid}.")
        return ExpertResult(
            expert=self.card.name,
            version=self.card.version,
            applicability=selection.applicability,
            regions=regions,
            measurements=measurements,
            weights_sha256=self.card.weights[LUNGS],
            seconds=time.monotonic() - began,
            assessed=tuple(region.label for region in regions),
            notes=report.notes(),
            demonstrator=self.card.status == "demonstrator",
        )


class _Report:
    """Regions, measurements and notes of one film."""

    def __init__(
        self,
        card: Card,
        series: Series,
        picture: Picture,
        passes: "Passes",
        sides: "Sides",
        answer: Applicability,
    ) -> None:
        from expert_models.cxr_lungs import applies, doubt
        from expert_models.cxr_lungs.measures import is_cut

        self.card, self.series, self.picture, self.sides = card, series, picture, sides
        self.upright = applies.upright_of(series)
        self.unsure = answer.status == "doubtful"
        self.masks = passes.on_film()
        self.each = passes.pass_masks
        model = doubt.doubt_model()
        self.dice = [model.dice(row) for row in doubt.features_of(passes)]
        self.doubted = [one < model.doubted_below for one in self.dice]
        self.cut = [is_cut(one) for one in self.masks]
        self.found = [float(one.mean()) >= _LEAST_SHARE for one in self.masks]

    def all(self) -> tuple[tuple[Region, ...], tuple[Measurement, ...]]:
        """Right lung first: it lies at the image's left of an upright film."""
        from expert_models.cxr_lungs.measures import areas, right_share

        regions: list[Region] = []
        measured: list[Measurement] = []
        for side, name in enumerate(("right", "left")):
            if self.found[side]:
                regions.append(self._region(side, name))
                own = areas(self.masks[side], self.each[:, side])
                measured += self._of_lung(own, regions[-1], doubtful=self._unsure(side))
        if all(self.found):
            share = right_share(self.masks[0], self.masks[1], (self.each[:, 0], self.each[:, 1]))
            doubtful = self._unsure(0) or self._unsure(1)
            measured.append(
                self._measured(
                    "right-share", "right lung share", share, "%", _SHARE, None, doubtful
                )
            )
        return tuple(regions), tuple(measured)

    def notes(self) -> tuple[str, ...]:
        """What limits this run."""
        from expert_models.cxr_lungs import population

        notes = [self.sides.sentence, self.sides.doubt]
        if self.picture.array.ndim == 3:
            notes.append("The film is stored in colour; its channels were averaged.")
        notes += [
            f"The outline of the {name} lung is doubtful: looks at other sizes and mirrored "
            "differ, or the lung is unlike those that it learned from."
            for side, name in enumerate(("right", "left"))
            if self.found[side] and self.doubted[side]
        ]
        notes += [
            f"The {name} lung runs along the film's border, so a part of it may be missing and "
            "its figures are doubtful."
            for side, name in enumerate(("right", "left"))
            if self.found[side] and self.cut[side]
        ]
        missing = [name for side, name in enumerate(("right", "left")) if not self.found[side]]
        if missing:
            notes.append(f"The {missing[0]} lung was not found; it may be airless or cut off.")
        notes.append(population.sentence(self.series))
        return tuple(note for note in notes if note)

    def _doubtful(self, side: int) -> bool:
        return self.unsure or self.doubted[side] or self.sides.doubtful

    def _unsure(self, side: int) -> bool:
        """Whether a lung's figures are doubtful: its outline is, or the film cuts it off."""
        return self._doubtful(side) or self.cut[side]

    def _region(self, side: int, name: str) -> Region:
        mask = Mask.of(self.upright.back(self.masks[side]))
        row, column = mask.start
        rows, columns = mask.array.shape
        right = name == "right"
        return Region(
            id=f"{self.card.name}:{name}-lung",
            label=f"{name} lung",
            kind="mask",
            series_uid=self.series.uid,
            series_key=self.series.key,
            code=RIGHT_LUNG if right else LEFT_LUNG,
            laterality="right" if right else "left",
            box=(float(column), float(row), float(column + columns), float(row + rows)),
            mask=mask,
            confidence=round(self.dice[side], 3),
            doubtful=self._doubtful(side),
        )

    def _of_lung(self, own: "LungAreas", region: Region, *, doubtful: bool) -> list[Measurement]:
        from expert_models.cxr_lungs.measures import ZONES, Value

        spacing = self.picture.spacing_mm
        if spacing is None:
            first = self._measured(
                "area-fraction", "area fraction", own.of_film, "%", _OF_FILM, region, doubtful
            )
        else:
            # Percent of the film into mm2: its pixels times the area of one.
            pixels = self.masks[0].size
            scale = pixels * spacing[0] * spacing[1] / 100.0
            area = Value(own.of_film.value * scale, own.of_film.off * scale)
            first = self._measured("area", "area", area, "mm2", _AREA, region, doubtful)
        zones = [
            self._measured(
                f"{zone}-zone", f"{zone} zone share", value, "%", _ZONE, region, doubtful
            )
            for zone, value in zip(ZONES, own.zones, strict=True)
        ]
        return [first, *zones]

    def _measured(
        self,
        key: str,
        name: str,
        value: "Value",
        unit: str,
        method: str,
        region: Region | None,
        doubtful: bool,  # noqa: FBT001
    ) -> Measurement:
        owner = region.id if region else self.card.name
        return Measurement(
            id=f"{owner}:{key}",
            name=name,
            value=value.value,
            unit=unit,
            method=method,
            expert=self.card.name,
            uncertainty=Uncertainty("repeatability", value.off),
            region=region.id if region else None,
            doubtful=doubtful,
        )
