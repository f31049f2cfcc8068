"""Stored numbers into real-world values: rescale, tables, padding, and one dtype for all slices."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medmm.dicom.fields import Fields, tag
from medmm.dicom.header import Form, Instance, Rescale

Array = NDArray[Any]

_PADDING = tag("PixelPaddingValue")
_PADDING_LIMIT = tag("PixelPaddingRangeLimit")
_INT16 = np.iinfo(np.int16)


@dataclass(frozen=True, slots=True)
class Padding:
    """Stored values ``low`` to ``high`` mark where nothing was measured (PS3.3 C.7.5.1.1.2)."""

    low: int
    high: int


def padding_of(fields: Fields, form: Form) -> Padding | None:
    """PixelPaddingValue with its range limit, with the pixels' own sign; None if absent."""
    if form.samples != 1:
        return None
    bits = form.allocated if form.signed else 0
    value = fields.integer(_PADDING, bits)
    if value is None:
        return None
    limit = fields.integer(_PADDING_LIMIT, bits)
    limit = value if limit is None else limit
    return Padding(min(value, limit), max(value, limit))


@dataclass(frozen=True, slots=True)
class Meaning:
    """How stored values of one frame are meant."""

    rescale: Rescale
    padding: Padding | None = None
    factor: float = 1.0
    """What rescaled values are multiplied with on top (activity into SUV)."""

    @property
    def whole(self) -> bool:
        """Whether whole stored values stay whole."""
        return (
            self.rescale.lut is not None
            or (self.rescale.slope.is_integer() and self.rescale.intercept.is_integer())
        ) and self.factor == 1.0

    @property
    def plain(self) -> bool:
        """Whether stored values are the values."""
        rescale = self.rescale
        return (
            rescale.lut is None
            and rescale.slope == 1.0
            and rescale.intercept == 0.0
            and self.factor == 1.0
        )

    def range(self, low: int, high: int) -> tuple[float, float]:
        """Smallest and largest value that stored ``low`` to ``high`` can become."""
        if self.rescale.lut is not None:
            outputs = self.rescale.lut.outputs
            return float(outputs.min()), float(outputs.max())
        ends = [
            (stored * self.rescale.slope + self.rescale.intercept) * self.factor
            for stored in (low, high)
        ]
        return min(ends), max(ends)


def meaning_of(instance: Instance, rescale: Rescale, factor: float = 1.0) -> Meaning:
    """The meaning of a frame of ``instance`` with that rescale."""
    padding = None if instance.form is None else padding_of(instance.fields, instance.form)
    return Meaning(rescale, padding, factor)


def to_values(
    stored: Array, meanings: Sequence[Meaning], fill: float | None, *, dark_is_high: bool = False
) -> tuple[Array, NDArray[np.bool_] | None]:
    """Real-world values of ``stored`` ``[n, row, column]`` and a mask of padding, if there is any.

    Whole values that fit become int16 (in the same memory where it has that size), others float32.
    The dtype is chosen over all frames. Padding gets ``fill``, or the lowest measured value where
    that is None (the highest for ``dark_is_high``, films whose low values are shown bright).
    """
    mask = _padding(stored, meanings)
    if stored.dtype.kind in "iu" and all(meaning.whole for meaning in meanings):
        low, high = _span(stored, meanings, mask)
        if _INT16.min <= low and high <= _INT16.max:
            values: Array = _as_int16(stored, meanings)
        else:
            values = _as_float32(stored, meanings)
    else:
        values = _as_float32(stored, meanings)
    if mask is not None:
        if fill is None:
            measured = values[~mask]
            darkest = measured.max if dark_is_high else measured.min
            fill = float(darkest()) if measured.size else 0.0
        values[mask] = fill
    return values, mask


def _padding(stored: Array, meanings: Sequence[Meaning]) -> NDArray[np.bool_] | None:
    mask: NDArray[np.bool_] | None = None
    for place, meaning in enumerate(meanings):
        if meaning.padding is None:
            continue
        low, high = meaning.padding.low, meaning.padding.high
        frame = stored[place]
        hit = (frame == low) if low == high else (frame >= low) & (frame <= high)
        if hit.any():
            if mask is None:
                mask = np.zeros(stored.shape, dtype=np.bool_)
            mask[place] = hit
    return mask


def _span(
    stored: Array, meanings: Sequence[Meaning], mask: NDArray[np.bool_] | None
) -> tuple[float, float]:
    """Range of all values, padding left out."""
    lows, highs = [0.0], [0.0]
    for place, meaning in enumerate(meanings):
        frame = stored[place]
        if mask is not None and mask[place].any():
            frame = frame[~mask[place]]
            if not frame.size:
                continue
        low, high = meaning.range(int(frame.min()), int(frame.max()))
        lows.append(low)
        highs.append(high)
    return min(lows), max(highs)


def _as_int16(stored: Array, meanings: Sequence[Meaning]) -> Array:
    """Wrapping 16-bit arithmetic is exact because every measured result fits."""
    values = stored.view(np.int16) if stored.itemsize == 2 else stored.astype(np.int16)
    for place, meaning in enumerate(meanings):
        rescale = meaning.rescale
        if rescale.lut is not None:
            values[place] = _looked_up(stored[place], meaning).astype(np.int16)
            continue
        if rescale.slope != 1.0:
            values[place] *= _wrapped(rescale.slope)
        if rescale.intercept:
            values[place] += _wrapped(rescale.intercept)
    return values


def _wrapped(value: float) -> np.int16:
    return np.int16((int(value) + 32768) % 65536 - 32768)


def _as_float32(stored: Array, meanings: Sequence[Meaning]) -> Array:
    values = np.empty(stored.shape, dtype=np.float32)
    for place, meaning in enumerate(meanings):
        if meaning.rescale.lut is not None:
            values[place] = _looked_up(stored[place], meaning) * meaning.factor
            continue
        scaled = stored[place].astype(np.float64) if stored.itemsize > 2 else stored[place]
        np.multiply(
            scaled,
            meaning.rescale.slope * meaning.factor,
            out=values[place],
            dtype=np.float64,
            casting="unsafe",
        )
        values[place] += np.float32(meaning.rescale.intercept * meaning.factor)
    return values


def _looked_up(frame: Array, meaning: Meaning) -> Array:
    lut = meaning.rescale.lut
    if lut is None:
        return frame
    places = np.clip(frame.astype(np.int64) - lut.first, 0, len(lut.outputs) - 1)
    return np.asarray(lut.outputs[places])
