"""The factor from Bq/mL to SUV by body weight, only where every tag that it needs is there.

QIBA's FDG-PET profile (appendix G, vendor-neutral pseudo-code) with the reference time as the
Radiological Society's open implementation, cornerstone's calculate-suv, takes it.
"""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from medmm.dicom import times
from medmm.dicom.fields import Fields, tag
from medmm.errors import InputError

_UNITS = tag("Units")
_CORRECTED = tag("CorrectedImage")
_DECAY = tag("DecayCorrection")
_RADIOPHARMACEUTICAL = tag("RadiopharmaceuticalInformationSequence")
_START = tag("RadiopharmaceuticalStartTime")
_START_DATE = tag("RadiopharmaceuticalStartDateTime")
_FRAME_TIME = tag("FrameReferenceTime")
_DURATION = tag("ActualFrameDuration")


def factor(levels: Sequence[Fields]) -> float:
    """What activities (Bq/mL) of a series are multiplied with to be SUV in g/mL.

    Raises:
        InputError: a tag is missing or does not allow it (code ``no_suv``); its text says which.
    """
    first = levels[0]
    if first.code(_UNITS).upper() != "BQML":
        raise _no_suv("Units are not BQML", "Units")
    corrections = {value.upper() for value in first.codes(_CORRECTED)}
    if not {"ATTN", "DECY"} <= corrections:
        raise _no_suv("attenuation or decay is not corrected", "CorrectedImage")
    weight = _positive(first, "PatientWeight")
    source = first.item(_RADIOPHARMACEUTICAL)
    if source is None:
        raise _no_suv("the injection is not described", "RadiopharmaceuticalInformationSequence")
    dose = _positive(source, "RadionuclideTotalDose")
    half_life = _positive(source, "RadionuclideHalfLife")
    correction = first.code(_DECAY).upper()
    if correction == "START":
        reference = _reference_time(levels, half_life)
        seconds = (reference - _injection_time(source, reference)).total_seconds()
        if not 0 <= seconds < 10 * half_life + 86400:
            raise _no_suv("the injection is not shortly before the scan", _START_NAME)
        dose *= 2.0 ** (-seconds / half_life)
    elif correction != "ADMIN":
        raise _no_suv("DecayCorrection is neither START nor ADMIN", "DecayCorrection")
    return weight * 1000.0 / dose


_START_NAME = "RadiopharmaceuticalStartDateTime"


def _reference_time(levels: Sequence[Fields], half_life: float) -> datetime:
    """When activities are decayed to: series time, unless the series was made after acquisition."""
    series = times.moment(levels[0], "SeriesDate", "SeriesTime")
    acquired = [times.moment(fields, "AcquisitionDate", "AcquisitionTime") for fields in levels]
    known = [moment for moment in acquired if moment is not None]
    if series is not None and known and len(known) == len(acquired) and series <= min(known):
        return series
    if len(known) != len(acquired):
        raise _no_suv("a slice has no acquisition time", "AcquisitionTime")
    frame = levels[0].scalar(_FRAME_TIME)
    duration = levels[0].scalar(_DURATION)
    if not frame or not duration or frame <= 0 or duration <= 0:
        raise _no_suv("the series was made after its acquisition", "SeriesTime")
    decay = math.log(2) / half_life
    within = decay * duration / 1000.0
    average = math.log(within / (1.0 - math.exp(-within))) / decay
    return known[0] - timedelta(seconds=frame / 1000.0 - average)


def _injection_time(source: Fields, reference: datetime) -> datetime:
    moment = times.parse_moment(source.code(_START_DATE))
    if moment is not None:
        return moment
    clock = times.parse_clock(source.code(_START))
    if clock is None:
        raise _no_suv("the time of injection is not given", _START_NAME)
    moment = datetime.combine(reference.date(), clock)
    return moment if moment <= reference else moment - timedelta(days=1)


def _positive(fields: Fields, name: str) -> float:
    value = fields.scalar(tag(name))
    if value is None or value <= 0:
        raise _no_suv(f"{name} is not given", name)
    return value


def _no_suv(why: str, name: str) -> InputError:
    return InputError(f"Uptake is not given as SUV: {why}.", code="no_suv", tag=name)
