"""What one file says of itself and of its frames, as far as the reader needs it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medmm.dicom.fields import Fields, keyword, tag
from medmm.errors import GeometryError, InputError
from medmm.nouns import Reason

Triple = tuple[float, float, float]

SPACING_LIMIT_MM = 1e4
POSITION_LIMIT_MM = 1e5

IDENTITY_TAGS = {
    name: tag(name) for name in ("PatientID", "PatientBirthDate", "StudyInstanceUID", "PatientName")
}
_POSITION = tag("ImagePositionPatient")
_ORIENTATION = tag("ImageOrientationPatient")
_SPACING = tag("PixelSpacing")
_SLOPE = tag("RescaleSlope")
_INTERCEPT = tag("RescaleIntercept")
_RESCALE_TYPE = tag("RescaleType")
_MODALITY_LUT = tag("ModalityLUTSequence")
_LUT_DESCRIPTOR = tag("LUTDescriptor")
_LUT_DATA = tag("LUTData")
_LUT_TYPE = tag("ModalityLUTType")


@dataclass(frozen=True, slots=True, eq=False)
class Lut:
    """A modality look-up table (PS3.3 C.11.1): outputs for stored values from ``first`` on."""

    first: int
    outputs: NDArray[np.uint16]

    @property
    def key(self) -> tuple[int, bytes]:
        """What makes two tables the same."""
        return (self.first, self.outputs.tobytes())


@dataclass(frozen=True, slots=True)
class Rescale:
    """Stored values into real-world values: ``stored * slope + intercept``, or a table."""

    slope: float = 1.0
    intercept: float = 0.0
    type: str = ""
    given: bool = False
    lut: Lut | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: where it lies, how its values are meant, and what may tell it from its like."""

    number: int
    position: Triple | None = None
    orientation: tuple[float, ...] | None = None
    spacing: tuple[float, float] | None = None
    rescale: Rescale = Rescale()
    hints: Mapping[str, str] = field(default_factory=dict)
    order: int | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """What pixels of one stack must share (PS3.3 C.7.6.3)."""

    rows: int
    columns: int
    samples: int
    photometric: str
    allocated: int
    stored: int
    signed: bool


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """One file. ``fault`` is why it cannot be part of any usable series, if so.

    ``identity`` holds the raw (undecoded) identifying texts, so that comparing them never depends
    on a character set. ``content_id`` says what the file is where it has no SOPInstanceUID.
    """

    path: Path
    fields: Fields
    sop_uid: str
    sop_class: str
    series_uid: str
    identity: Mapping[str, str]
    modality: str
    image_type: tuple[str, ...]
    frame_of_reference: str
    form: Form | None
    frames: tuple[Frame, ...]
    pixels: Any = None
    fault: Reason | None = None
    notes: tuple[Reason, ...] = ()


def plane_of(position: Fields, orientation: Fields, measures: Fields) -> dict[str, Any]:
    """Position, orientation and spacing of a plane from the levels that hold them.

    Raises:
        GeometryError: a number is not finite, not positive or out of all proportion.
    """
    return {
        "position": _numbers(position, _POSITION, 3, _within(POSITION_LIMIT_MM)),
        "orientation": _numbers(orientation, _ORIENTATION, 6, _within(1.01)),
        "spacing": spacing_at(measures, _SPACING),
    }


def spacing_at(fields: Fields, number: Any) -> tuple[float, float] | None:
    """A pair (gap between rows, gap between columns) in mm, finite, > 0 and < 1e4, or None.

    Raises:
        GeometryError: the numbers are there and are not that.
    """
    pair = _numbers(fields, number, 2, lambda value: 0 < value < SPACING_LIMIT_MM)
    return None if pair is None else (pair[0], pair[1])


def rescale_of(fields: Fields) -> Rescale:
    """Modality LUT or rescale of one level; the table wins where both stand (PS3.3 C.11.1).

    Raises:
        InputError: the numbers or the table are broken (code ``bad_rescale``).
    """
    table = fields.item(_MODALITY_LUT)
    if table is not None:
        return Rescale(type=table.code(_LUT_TYPE), given=True, lut=_lut(table))
    slope = fields.scalar(_SLOPE)
    intercept = fields.scalar(_INTERCEPT)
    if slope == 0 or any(value is not None and abs(value) > 1e12 for value in (slope, intercept)):
        raise InputError("RescaleSlope is zero or out of range.", code="bad_rescale")
    return Rescale(
        slope=1.0 if slope is None else slope,
        intercept=0.0 if intercept is None else intercept,
        type=fields.code(_RESCALE_TYPE),
        given=slope is not None or intercept is not None,
    )


def _lut(table: Fields) -> Lut:
    descriptor = table.dataset.get(_LUT_DESCRIPTOR)
    data = table.dataset.get(_LUT_DATA)
    try:
        count, first, bits = (int(value) for value in descriptor.value)
        values = data.value
        if isinstance(values, bytes):
            order = "<" if table.dataset.original_encoding[1] is not False else ">"
            outputs = np.frombuffer(values, order + "u2" if bits > 8 else "u1")
        else:
            outputs = np.asarray(list(values))
        outputs = outputs.astype(np.uint16)
    except (AttributeError, TypeError, ValueError, OverflowError) as error:
        raise InputError(
            "The modality look-up table cannot be read.", code="bad_rescale"
        ) from error
    count = count or 65536
    if len(outputs) < count:
        raise InputError("The modality look-up table is shorter than it says.", code="bad_rescale")
    return Lut(first, outputs[:count])


def _numbers(
    fields: Fields, number: Any, count: int, fits: Callable[[float], bool]
) -> tuple[Any, ...] | None:
    values = fields.numbers(number)
    if not values:
        return None
    if len(values) != count or not all(fits(value) for value in values):
        name = keyword(number)
        raise GeometryError(
            f"{name} is not {count} believable numbers.",
            "Ask for the images to be sent again from their source.",
            code="bad_number",
            tag=name,
        )
    return values


def _within(limit: float) -> Callable[[float], bool]:
    return lambda value: abs(value) < limit
