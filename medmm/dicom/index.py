"""One file into an `Instance`: what it is, of whom, and the facts of its frames."""

import struct
from pathlib import Path

from medmm.dicom import classes, enhanced
from medmm.dicom.fields import Fields, tag
from medmm.dicom.frames import FrameReader
from medmm.dicom.header import (
    IDENTITY_TAGS,
    Form,
    Frame,
    Instance,
    plane_of,
    rescale_of,
)
from medmm.dicom.hints import hints_of
from medmm.dicom.hostile import parsing
from medmm.errors import InputError
from medmm.nouns import Reason

_SOP_UID = tag("SOPInstanceUID")
_SOP_CLASS = tag("SOPClassUID")
_META_UID = tag("MediaStorageSOPInstanceUID")
_META_CLASS = tag("MediaStorageSOPClassUID")
_SERIES_UID = tag("SeriesInstanceUID")
_MODALITY = tag("Modality")
_IMAGE_TYPE = tag("ImageType")
_FRAME_OF_REFERENCE = tag("FrameOfReferenceUID")
_NUMBER = tag("InstanceNumber")
_ROWS = tag("Rows")
_COLUMNS = tag("Columns")
_SAMPLES = tag("SamplesPerPixel")
_PHOTOMETRIC = tag("PhotometricInterpretation")
_ALLOCATED = tag("BitsAllocated")
_STORED = tag("BitsStored")
_SIGN = tag("PixelRepresentation")
_ANATOMICAL = tag("AnatomicalOrientationType")
_MOSAIC = 0x0019100A
_MOSAIC_CREATOR = 0x00190010

_PLAIN_NOTES = ("padding", "no-preamble")
_PARSER_ERRORS = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, NotImplementedError,
    OverflowError, RecursionError, EOFError, struct.error, UnicodeError,
)  # fmt: skip


def read_instance(path: Path) -> Instance:
    """Read what one file says; its pixels are located and checked, not read.

    Whatever is wrong with the file once it is known which series it belongs to becomes its
    ``fault``, so that the series is refused and not silently shorter.

    Raises:
        InputError: it is no DICOM file, or its header cannot be read at all.
    """
    cut_off: Reason | None = None
    try:
        parsed = parsing.parse(path)
    except InputError as error:
        if error.code != "truncated" or error.tag is None:
            raise
        cut_off = Reason(error.code, error.message, error.tag)
        parsed = parsing.parse(path, header_only=True)
    try:
        return _instance(parsed, cut_off)
    except _PARSER_ERRORS as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"The header of {path} cannot be read ({type(error).__name__}).",
            "Ask for it to be sent again from its source.",
            code="unreadable_header",
        ) from error


def _instance(parsed: parsing.ParsedFile, cut_off: Reason | None) -> Instance:
    fields = Fields(parsed.dataset)
    meta = Fields(parsed.dataset.file_meta)
    sop_class = fields.code(_SOP_CLASS) or meta.code(_META_CLASS)
    if sop_class == classes.DIRECTORY:
        raise InputError(
            f"{parsed.path} is a DICOMDIR, a table of contents; the files beside it are read.",
            code="directory_record",
        )
    fault = cut_off
    frames: tuple[Frame, ...] = ()
    reader: FrameReader | None = None
    form = _form(fields) if parsed.pixels is not None or cut_off else None
    try:
        if parsed.pixels is not None:
            reader = FrameReader(parsed)
            frames = _frames(fields, reader.count)
            _refuse_odd_kinds(fields)
    except InputError as error:
        fault = Reason(error.code, error.message, error.tag)
    except _PARSER_ERRORS as error:
        fault = Reason("unreadable_header", f"Its header breaks the parser: {error}.")
    return Instance(
        path=parsed.path,
        fields=fields,
        sop_uid=fields.code(_SOP_UID) or meta.code(_META_UID),
        sop_class=sop_class,
        series_uid=fields.code(_SERIES_UID),
        identity={name: "\\".join(fields.codes(number)) for name, number in IDENTITY_TAGS.items()},
        modality=fields.code(_MODALITY) or classes.MODALITIES.get(sop_class, ""),
        image_type=tuple(value.upper() for value in fields.codes(_IMAGE_TYPE)),
        frame_of_reference=fields.code(_FRAME_OF_REFERENCE),
        form=form,
        frames=frames,
        pixels=reader,
        fault=fault,
        notes=_notes(parsed, reader),
    )


def _notes(parsed: parsing.ParsedFile, reader: FrameReader | None) -> tuple[Reason, ...]:
    """What was odd about the bytes and is worth telling."""
    found = [*parsed.warnings, *(reader.notes if reader is not None else ())]
    return tuple(note for note in found if note.code not in _PLAIN_NOTES)


def _frames(fields: Fields, count: int) -> tuple[Frame, ...]:
    if enhanced.is_spatial(fields):
        return enhanced.frames_of(fields, count)
    rescale = rescale_of(fields)
    if count > 1:
        return tuple(Frame(number, rescale=rescale) for number in range(count))
    plane = plane_of(fields, fields, fields)
    return (
        Frame(
            number=0,
            **plane,
            rescale=rescale,
            hints=hints_of(fields),
            order=fields.integer(_NUMBER),
        ),
    )


def _form(fields: Fields) -> Form | None:
    numbers = [
        fields.integer(number) for number in (_ROWS, _COLUMNS, _SAMPLES, _ALLOCATED, _STORED, _SIGN)
    ]
    rows, columns, samples, allocated, stored, sign = (number or 0 for number in numbers)
    return Form(
        rows, columns, samples or 1, fields.code(_PHOTOMETRIC), allocated, stored, sign == 1
    )


def _refuse_odd_kinds(fields: Fields) -> None:
    """Images whose plane is not what their tags say of a single human slice."""
    if fields.code(_ANATOMICAL).upper() == "QUADRUPED":
        raise InputError(
            "The images are of an animal (AnatomicalOrientationType QUADRUPED).",
            code="quadruped",
            tag="AnatomicalOrientationType",
        )
    types = {value.upper() for value in fields.codes(_IMAGE_TYPE)}
    siemens = fields.code(_MOSAIC_CREATOR).startswith("SIEMENS MR HEADER")
    if "MOSAIC" in types or (siemens and (fields.integer(_MOSAIC) or 0) > 1):
        raise InputError(
            "The images are Siemens mosaics, many slices on one sheet, which is not unpacked here.",
            "Export the series as enhanced or single-slice DICOM.",
            code="mosaic",
            tag="ImageType",
        )
