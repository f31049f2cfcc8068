"""What may tell apart two frames at one position: the tags, in the order in which they are tried.

The order follows how surely a tag explains a repeat: what the scanner varied on purpose (echo,
b-value, kernel) before when it was done. Numbers of instances and names of files are never used.
"""

from typing import Literal, NamedTuple

from medmm.dicom.fields import Fields, tag


class Hint(NamedTuple):
    """A tag that may split a stack.

    ``time`` orders its values as time points: "rank" within each position (every image may have a
    value of its own), "value" over the whole stack.
    """

    name: str
    tag: int
    time: Literal["no", "value", "rank"] = "no"
    creator: tuple[int, str] | None = None


def _standard(name: str, time: Literal["no", "value", "rank"] = "no") -> Hint:
    return Hint(name, tag(name), time)


HINTS = (
    _standard("StackID"),
    _standard("EchoNumbers"),
    _standard("EchoTime"),
    _standard("EffectiveEchoTime"),
    _standard("InversionTime"),
    _standard("DiffusionBValue"),
    Hint("SiemensBValue", 0x0019100C, creator=(0x00190010, "SIEMENS MR HEADER")),
    Hint("GEBValue", 0x00431039, creator=(0x00430010, "GEMS_PARM_01")),
    Hint("PhilipsBValue", 0x20011003, creator=(0x20010010, "Philips Imaging DD 001")),
    _standard("DiffusionGradientOrientation"),
    Hint("SiemensGradient", 0x0019100E, creator=(0x00190010, "SIEMENS MR HEADER")),
    _standard("ConvolutionKernel"),
    _standard("ComplexImageComponent"),
    _standard("ImageType"),
    _standard("FrameType"),
    _standard("KVP"),
    _standard("ContrastBolusAgent"),
    _standard("SliceThickness"),
    _standard("FlipAngle"),
    _standard("SeriesNumber"),
    _standard("SeriesDescription"),
    _standard("TemporalPositionIdentifier", "value"),
    _standard("TemporalPositionIndex", "value"),
    _standard("NominalPercentageOfCardiacPhase", "value"),
    _standard("FrameReferenceTime", "value"),
    _standard("AcquisitionNumber", "value"),
    _standard("TriggerTime", "rank"),
    _standard("AcquisitionDateTime", "rank"),
    _standard("FrameAcquisitionDateTime", "rank"),
    _standard("AcquisitionTime", "rank"),
    _standard("StationName"),
)
_DECLARED = (_standard("NumberOfTemporalPositions"),)
"""What does not split by itself and says how many time points there are."""


def hints_of(*levels: Fields) -> dict[str, str]:
    """Values of the splitting tags, the first level that has one wins; raw text, not converted."""
    found: dict[str, str] = {}
    for hint in (*HINTS, *_DECLARED):
        for fields in levels:
            value = fields.raw(hint.tag)
            if value is None or (hint.creator and not _made_by(fields, hint.creator)):
                continue
            found[hint.name] = (
                value.decode("latin-1").strip(" \x00") if isinstance(value, bytes) else str(value)
            )
            break
    return found


def _made_by(fields: Fields, creator: tuple[int, str]) -> bool:
    return fields.code(creator[0]).strip().upper() == creator[1].upper()
