"""ECG and other waveforms in mV, one content for each multiplex group (PS3.3 C.10.9)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medmm.dicom.fields import Fields, clean, tag
from medmm.dicom.header import Instance
from medmm.dicom.units import Units
from medmm.errors import InputError
from medmm.nouns import Reason, Waveform

_GROUPS = tag("WaveformSequence")
_CHANNELS = tag("NumberOfWaveformChannels")
_SAMPLES = tag("NumberOfWaveformSamples")
_RATE = tag("SamplingFrequency")
_BITS = tag("WaveformBitsAllocated")
_INTERPRETATION = tag("WaveformSampleInterpretation")
_DATA = tag("WaveformData")
_PADDING = tag("WaveformPaddingValue")
_DEFINITIONS = tag("ChannelDefinitionSequence")
_SOURCE = tag("ChannelSourceSequence")
_LABEL = tag("ChannelLabel")
_MEANING = tag("CodeMeaning")
_SENSITIVITY = tag("ChannelSensitivity")
_CORRECTION = tag("ChannelSensitivityCorrectionFactor")
_BASELINE = tag("ChannelBaseline")
_UNITS = tag("ChannelSensitivityUnitsSequence")
_CODE = tag("CodeValue")

_MILLIVOLTS = {"mV": 1.0, "uV": 1e-3, "V": 1e3}
_DTYPES = {(8, "SB"): "i1", (8, "UB"): "u1", (16, "SS"): "i2", (16, "US"): "u2"}
_LONGEST = 1 << 28


@dataclass(frozen=True, eq=False)
class Plan:
    """One multiplex group, checked: ``gains`` and ``offsets`` in mV for each channel."""

    samples: NDArray[Any]
    gains: NDArray[np.float64]
    offsets: NDArray[np.float64]
    rate_hz: float
    leads: tuple[str, ...]
    padding: int | None
    notes: tuple[Reason, ...] = ()

    @property
    def units(self) -> Units:
        """Always mV."""
        return Units("mV")

    @property
    def shape(self) -> tuple[int, ...]:
        """Channels, samples."""
        return (self.samples.shape[1], self.samples.shape[0])

    def load(self, frames: object = None) -> Waveform:  # noqa: ARG002
        """Samples in mV; where nothing was recorded they are NaN."""
        values = self.samples.astype(np.float64) * self.gains + self.offsets
        if self.padding is not None:
            values[self.samples == self.padding] = np.nan
        array = np.ascontiguousarray(values.T.astype(np.float32))
        return Waveform(array=array, rate_hz=self.rate_hz, leads=self.leads)


def plans(instance: Instance) -> tuple[Plan, ...]:
    """One plan for each multiplex group.

    Raises:
        InputError: there is none, or one is not what its header says (code ``waveform``).
    """
    groups = instance.fields.items(_GROUPS)
    if not groups:
        raise _broken(instance, "holds no waveform")
    little = instance.fields.dataset.original_encoding[1] is not False
    return tuple(_plan(instance, group, "<" if little else ">") for group in groups)


def _plan(instance: Instance, group: Fields, order: str) -> Plan:
    channels, count = group.integer(_CHANNELS) or 0, group.integer(_SAMPLES) or 0
    rate = group.scalar(_RATE) or 0.0
    kind = _DTYPES.get((group.integer(_BITS) or 0, group.code(_INTERPRETATION)))
    definitions = group.items(_DEFINITIONS)
    if not (0 < channels * count < _LONGEST and rate > 0 and len(definitions) == channels):
        raise _broken(instance, "does not say how many channels and samples it has, or how fast")
    if kind is None:
        raise _broken(instance, "holds samples of a kind that is not read")
    data = group.raw(_DATA)
    dtype = np.dtype(order + kind)
    if not isinstance(data, bytes) or len(data) < channels * count * dtype.itemsize:
        raise _broken(instance, "has fewer samples than it says")
    samples = np.frombuffer(data, dtype, channels * count).reshape(count, channels)
    scales = [_scale(instance, definition) for definition in definitions]
    return Plan(
        samples=samples,
        gains=np.array([gain for gain, _ in scales]),
        offsets=np.array([offset for _, offset in scales]),
        rate_hz=rate,
        leads=tuple(_lead(definition) for definition in definitions),
        padding=_padding(group, dtype),
    )


def _scale(instance: Instance, definition: Fields) -> tuple[float, float]:
    """Gain and offset in mV of one channel."""
    unit = definition.item(_UNITS)
    factor = _MILLIVOLTS.get(unit.code(_CODE)) if unit is not None else None
    sensitivity = definition.scalar(_SENSITIVITY)
    if factor is None or sensitivity is None:
        raise _broken(instance, "has a channel that is not calibrated in volts")
    correction = definition.scalar(_CORRECTION)
    gain = sensitivity * (1.0 if correction is None else correction) * factor
    return gain, (definition.scalar(_BASELINE) or 0.0) * factor


def _lead(definition: Fields) -> str:
    source = definition.item(_SOURCE)
    meaning = source.text(_MEANING) if source is not None else ""
    return clean(meaning or definition.text(_LABEL))


def _padding(group: Fields, dtype: np.dtype[Any]) -> int | None:
    value = group.raw(_PADDING)
    if isinstance(value, bytes) and len(value) >= dtype.itemsize:
        return int(np.frombuffer(value, dtype, 1)[0])
    return None


def _broken(instance: Instance, what: str) -> InputError:
    return InputError(f"{instance.path.name} {what}.", code="waveform", tag="WaveformSequence")
