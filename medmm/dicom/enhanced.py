"""Frames of enhanced multi-frame objects, from per-frame and shared functional groups.

PS3.3 C.7.6.16: what a frame's own groups do not say, the shared ones say for all frames.
"""

from pydicom.dataset import Dataset

from medmm.dicom.fields import Fields, tag
from medmm.dicom.header import Frame, Rescale, plane_of, rescale_of
from medmm.dicom.hints import hints_of
from medmm.errors import InputError

PER_FRAME = tag("PerFrameFunctionalGroupsSequence")
SHARED = tag("SharedFunctionalGroupsSequence")
PLANE_POSITION = tag("PlanePositionSequence")
_PLANE_ORIENTATION = tag("PlaneOrientationSequence")
_MEASURES = tag("PixelMeasuresSequence")
_TRANSFORMATION = tag("PixelValueTransformationSequence")
_CONTENT = tag("FrameContentSequence")
_IN_STACK = tag("InStackPositionNumber")
_HINT_GROUPS = tuple(
    tag(name)
    for name in (
        "FrameContentSequence",
        "TemporalPositionSequence",
        "MREchoSequence",
        "MRDiffusionSequence",
        "MRImageFrameTypeSequence",
        "CTImageFrameTypeSequence",
        "PETFrameTypeSequence",
        "CTReconstructionSequence",
        "CardiacSynchronizationSequence",
        "MRModifierSequence",
        "CTXRayDetailsSequence",
    )
)
_GRADIENT = tag("DiffusionGradientDirectionSequence")
_DIFFUSION = tag("MRDiffusionSequence")


def is_spatial(fields: Fields) -> bool:
    """Whether functional groups give frames a place in the patient."""
    shared = fields.item(SHARED)
    if shared is not None and PLANE_POSITION in shared.dataset:
        return True
    first = fields.item(PER_FRAME)
    return first is not None and PLANE_POSITION in first.dataset


def frames_of(fields: Fields, count: int) -> tuple[Frame, ...]:
    """One `Frame` for each frame, in stored order.

    Raises:
        InputError: there is not one functional group for each frame, or a number is broken.
    """
    groups = fields.items(PER_FRAME)
    if len(groups) != count:
        raise InputError(
            f"There are {count} frames and {len(groups)} per-frame functional groups.",
            code="frame_count",
            tag="NumberOfFrames",
        )
    shared = fields.item(SHARED) or Fields(Dataset())
    return tuple(_frame(number, group, shared, fields) for number, group in enumerate(groups))


def _frame(number: int, own: Fields, shared: Fields, fields: Fields) -> Frame:
    empty = Fields(Dataset())

    def group(sequence: int) -> Fields:
        return own.item(sequence) or shared.item(sequence) or empty

    levels = [group(sequence) for sequence in _HINT_GROUPS if sequence in own.dataset]
    gradient = group(_DIFFUSION).item(_GRADIENT)
    if gradient is not None:
        levels.append(gradient)
    transformation = group(_TRANSFORMATION)
    rescale = (
        rescale_of(transformation) if transformation is not empty else _top_level_rescale(fields)
    )
    return Frame(
        number=number,
        **plane_of(group(PLANE_POSITION), group(_PLANE_ORIENTATION), group(_MEASURES)),
        rescale=rescale,
        hints=hints_of(*levels, fields),
        order=group(_CONTENT).integer(_IN_STACK),
    )


def _top_level_rescale(fields: Fields) -> Rescale:
    """Some writers put the rescale of an enhanced object where a single-frame image has it."""
    return rescale_of(fields)
