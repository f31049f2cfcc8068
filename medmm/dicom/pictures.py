"""Flat images and cine loops, with millimetres only where they are calibrated."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medmm.dicom import classes, views
from medmm.dicom.fields import Fields, tag
from medmm.dicom.header import Form, Instance, spacing_at
from medmm.dicom.pixels import Frames
from medmm.dicom.units import Units
from medmm.dicom.values import meaning_of, to_values
from medmm.errors import PixelError
from medmm.nouns import Cine, Facts, Picture, Reason

Array = NDArray[Any]

_SPACING = tag("PixelSpacing")
_IMAGER_SPACING = tag("ImagerPixelSpacing")
_NOMINAL_SPACING = tag("NominalScannedPixelSpacing")
_CALIBRATION = tag("PixelSpacingCalibrationType")
_REGIONS = tag("SequenceOfUltrasoundRegions")
_DELTA_X = tag("PhysicalDeltaX")
_DELTA_Y = tag("PhysicalDeltaY")
_UNITS_X = tag("PhysicalUnitsXDirection")
_UNITS_Y = tag("PhysicalUnitsYDirection")
_SPATIAL_FORMAT = tag("RegionSpatialFormat")
_FRAME_TIME = tag("FrameTime")
_FRAME_VECTOR = tag("FrameTimeVector")
_RATE = tag("CineRate")
_CENTIMETRE = 3
_TISSUE = 1


@dataclass(frozen=True, slots=True)
class Spacing:
    """Gaps between rows and columns: in the patient, at the detector, and what to say of them."""

    patient: tuple[float, float] | None = None
    detector: tuple[float, float] | None = None
    notes: tuple[Reason, ...] = ()


def spacing_of(instance: Instance, facts: Facts) -> Spacing:
    """Spacing of a picture (PS3.3 10.7.1 for projections, C.8.5.5 for ultrasound).

    Raises:
        GeometryError: a spacing is there and is no believable number.
    """
    fields = instance.fields
    if instance.sop_class in classes.ULTRASOUND or fields.has(_REGIONS):
        found = _of_ultrasound(fields)
    elif instance.sop_class in classes.PROJECTIONS:
        found = _of_projection(fields)
    else:
        found = Spacing(
            spacing_at(fields, _SPACING)
            or spacing_at(fields, _NOMINAL_SPACING)
            or _of_frame(instance)
        )
    if found.patient is None and facts.spacing_mm is not None:
        rows, columns = facts.spacing_mm[:2]
        note = Reason("spacing_given", "The spacing was given by hand, not by the file.")
        return Spacing((rows, columns), found.detector, (*found.notes, note))
    return found


def _of_frame(instance: Instance) -> tuple[float, float] | None:
    return instance.frames[0].spacing if instance.frames else None


def _of_projection(fields: Fields) -> Spacing:
    """Detector millimetres are never called the patient's without a calibration."""
    spacing = spacing_at(fields, _SPACING)
    imager = spacing_at(fields, _IMAGER_SPACING)
    if fields.code(_CALIBRATION):
        return Spacing(spacing, imager)
    detector = imager or spacing
    if spacing is not None and imager is not None and not np.allclose(spacing, imager, rtol=1e-3):
        return Spacing(spacing, imager)
    if detector is None:
        return Spacing()
    note = Reason(
        "detector_spacing",
        "The spacing is that of the detector; sizes in the patient are not known.",
        "ImagerPixelSpacing" if imager else "PixelSpacing",
    )
    return Spacing(None, detector, (note,))


def _of_ultrasound(fields: Fields) -> Spacing:
    """The spacing of the tissue regions, if they all have the same one in centimetres."""
    found: set[tuple[float, float] | None] = set()
    for region in fields.items(_REGIONS):
        if region.integer(_SPATIAL_FORMAT) != _TISSUE:
            continue
        x, y = region.scalar(_DELTA_X), region.scalar(_DELTA_Y)
        units = (region.integer(_UNITS_X), region.integer(_UNITS_Y))
        if x and y and units == (_CENTIMETRE, _CENTIMETRE):
            found.add((round(abs(y) * 10, 9), round(abs(x) * 10, 9)))
        else:
            found.add(None)
    if not found:
        return Spacing()
    if len(found) == 1 and None not in found:
        note = Reason(
            "region_spacing",
            "The spacing holds inside the calibrated ultrasound region only.",
            "SequenceOfUltrasoundRegions",
        )
        return Spacing(found.pop(), notes=(note,))
    note = Reason(
        "region_spacing_differs",
        "Ultrasound regions are calibrated differently: no spacing holds for the whole picture.",
        "SequenceOfUltrasoundRegions",
    )
    return Spacing(notes=(note,))


@dataclass(frozen=True, eq=False)
class Plan:
    """A picture or cine loop that is checked and not yet loaded."""

    instance: Instance
    form: Form
    units: Units
    spacing: Spacing
    frames: tuple[int, ...]

    @property
    def is_cine(self) -> bool:
        """Whether there are several frames."""
        return len(self.frames) > 1

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the array: (frame,) row, column (, colour)."""
        plane: tuple[int, ...] = (self.form.rows, self.form.columns)
        if self.colour:
            plane = (*plane, 3)
        return (len(self.frames), *plane) if self.is_cine else plane

    @property
    def colour(self) -> bool:
        """Whether frames come as RGB."""
        return self.form.samples == 3 or self.form.photometric.upper() == "PALETTE COLOR"

    @property
    def inverted(self) -> bool:
        """Whether low values are shown bright."""
        return self.form.photometric.upper() == "MONOCHROME1"

    def load(self, frames: Frames) -> Picture | Cine:
        """Read and convert the pixels.

        Raises:
            PixelError: a frame cannot be decoded or is not what its header says.
        """
        stored = frames.read([(self.instance.pixels, number) for number in self.frames])
        array = stored if self.colour else self._values(stored)
        if array.ndim != len(self.shape) + (0 if self.is_cine else 1):
            raise PixelError(f"{self.instance.path} holds other frames than its header says.")
        window = views.window_of(self.instance.fields, self.units.factor)
        if self.is_cine:
            return Cine(
                array=array,
                frame_seconds=frame_seconds(self.instance.fields),
                spacing_mm=self.spacing.patient,
                units=self.units.name,
                window=window,
                inverted=self.inverted,
            )
        return Picture(
            array=array[0],
            units=self.units.name,
            spacing_mm=self.spacing.patient,
            detector_spacing_mm=self.spacing.detector,
            window=window,
            inverted=self.inverted,
        )

    def _values(self, stored: Array) -> Array:
        """Stored values that mean themselves keep their type; others are rescaled."""
        meanings = [
            meaning_of(self.instance, self.instance.frames[number].rescale, self.units.factor)
            for number in self.frames
        ]
        if all(meaning.plain and meaning.padding is None for meaning in meanings):
            return stored
        return to_values(stored, meanings, self.units.fill, dark_is_high=self.inverted)[0]


def frame_seconds(fields: Fields) -> float | None:
    """Seconds from frame to frame where they are even, else None."""
    milliseconds: Sequence[float] = ()
    for number in (_FRAME_TIME, _FRAME_VECTOR):
        milliseconds = milliseconds or [value for value in fields.numbers(number) if value > 0]
    if milliseconds and max(milliseconds) - min(milliseconds) <= 0.05 * max(milliseconds):
        return float(np.mean(milliseconds)) / 1000.0
    rate = fields.scalar(_RATE)
    return 1.0 / rate if rate and rate > 0 and not milliseconds else None
