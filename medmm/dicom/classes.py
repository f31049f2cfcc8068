"""SOP classes (PS3.4 B.5) by what a reader can make of them."""

from typing import Literal, TypeAlias

Role: TypeAlias = Literal[
    "slices",
    "projection",
    "image",
    "waveform",
    "report",
    "document",
    "segmentation",
    "slide",
    "other",
]

_ROOT = "1.2.840.10008.5.1.4.1.1."
DIRECTORY = "1.2.840.10008.1.3.10"

CT = frozenset(_ROOT + end for end in ("2", "2.1", "2.2"))
MR = frozenset(_ROOT + end for end in ("4", "4.1", "4.3", "4.4"))
PET = frozenset(_ROOT + end for end in ("128", "130", "128.1"))
ULTRASOUND = frozenset(_ROOT + end for end in ("3", "3.1", "6", "6.1", "6.2"))
NUCLEAR = frozenset(_ROOT + end for end in ("5", "20"))
PROJECTIONS = frozenset(
    _ROOT + end
    for end in (
        "1", "1.1", "1.1.1", "1.2", "1.2.1", "1.3", "1.3.1",
        "12.1", "12.1.1", "12.2", "12.2.1", "481.1",
    )
)  # fmt: skip
_SLIDES = frozenset({_ROOT + "77.1.6"})
_SEGMENTATIONS = frozenset(_ROOT + end for end in ("66.4", "66.5", "66.7", "481.3"))
_REPORTS_PREFIX = _ROOT + "88."
_DOCUMENTS_PREFIX = _ROOT + "104."
_WAVEFORMS_PREFIX = _ROOT + "9."

_NAMES = {
    _ROOT + "66": "raw data",
    _ROOT + "66.1": "a spatial registration",
    _ROOT + "66.2": "spatial fiducials",
    _ROOT + "66.3": "a deformable registration",
    _ROOT + "66.4": "a segmentation",
    _ROOT + "66.5": "a surface segmentation",
    _ROOT + "66.7": "a label map segmentation",
    _ROOT + "67": "a real world value mapping",
    _ROOT + "30": "a parametric map",
    _ROOT + "4.2": "MR spectroscopy",
    _ROOT + "77.1.6": "a whole slide image",
    _ROOT + "91.1": "microscopy annotations",
    _ROOT + "481.2": "a radiotherapy dose",
    _ROOT + "481.3": "a radiotherapy structure set",
    _ROOT + "481.4": "a radiotherapy beams record",
    _ROOT + "481.5": "a radiotherapy plan",
    _ROOT + "481.8": "a radiotherapy ion plan",
    _ROOT + "11.1": "a presentation state",
    _ROOT + "88.59": "a key object selection",
}

MODALITIES = (
    dict.fromkeys(CT, "CT")
    | dict.fromkeys(MR, "MR")
    | dict.fromkeys(PET, "PT")
    | dict.fromkeys(ULTRASOUND, "US")
    | dict.fromkeys(NUCLEAR, "NM")
    | {
        _ROOT + "1": "CR",
        _ROOT + "1.1": "DX",
        _ROOT + "1.1.1": "DX",
        _ROOT + "1.2": "MG",
        _ROOT + "1.2.1": "MG",
        _ROOT + "1.3": "IO",
        _ROOT + "1.3.1": "IO",
        _ROOT + "12.1": "XA",
        _ROOT + "12.2": "RF",
        _ROOT + "77.1.6": "SM",
        _ROOT + "66.4": "SEG",
        _ROOT + "66.7": "SEG",
        _ROOT + "481.3": "RTSTRUCT",
        _ROOT + "9.1.1": "ECG",
        _ROOT + "9.1.2": "ECG",
    }
)
"""What modality a class implies where the Modality element is missing."""


def role_of(sop_class: str, *, has_pixels: bool) -> Role:
    """What the reader makes of a class; unknown classes with pixels count as images."""
    if sop_class in _SEGMENTATIONS:
        return "segmentation"
    if sop_class in _SLIDES:
        return "slide"
    if sop_class.startswith(_REPORTS_PREFIX):
        return "report"
    if sop_class.startswith(_DOCUMENTS_PREFIX):
        return "document"
    if sop_class.startswith(_WAVEFORMS_PREFIX):
        return "waveform"
    if not has_pixels or sop_class in _NAMES:
        return "other"
    if sop_class in CT | MR | PET:
        return "slices"
    return "projection" if sop_class in PROJECTIONS else "image"


def name_of(sop_class: str) -> str:
    """What a class is in words, as far as it is not an image."""
    if sop_class in _NAMES:
        return _NAMES[sop_class]
    if sop_class.startswith(_REPORTS_PREFIX):
        return "a structured report"
    if sop_class.startswith(_DOCUMENTS_PREFIX):
        return "an encapsulated document"
    if sop_class.startswith(_WAVEFORMS_PREFIX):
        return "a waveform"
    return f"an object of class {sop_class or 'unknown'} without pixels"
