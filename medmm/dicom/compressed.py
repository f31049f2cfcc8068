"""A compressed frame's own header against the tags, before the codec runs and after it."""

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from medmm.dicom import bits, colour
from medmm.dicom.codestreams import Codestream, CodestreamError, codestream, rle_segments
from medmm.dicom.fields import Fields
from medmm.dicom.hostile.decoding import Job
from medmm.dicom.layout import COLOUR, PALETTE, PixelLayout
from medmm.errors import PixelError
from medmm.nouns import Reason

Array = NDArray[Any]

_RLE_EXPANSION: Final = 64
"""Two bytes of PackBits can become 128."""
_SAME: Final = ("RGB", "RGB")
_TO_RGB: Final = ("YCBCR", "RGB")


def codec_job(data: bytes, codec: str, layout: PixelLayout, path: Path) -> Job:
    """A frame ready for its codec, with what its own header says.

    Raises:
        PixelError: the header is broken or says something else than the tags.
    """
    try:
        if codec == "rle":
            return _rle_job(data, layout, path)
        stream = codestream(data, codec)
    except CodestreamError as error:
        raise refusal(path, "codestream", f"is broken: {error}") from error
    _check_size(stream, len(data), layout, path)
    _check_precision(stream, codec, layout, path)
    colours: tuple[str | None, str | None] = (None, None)
    if codec == "jpeg":
        ycc = not stream.lossless and layout.samples == 3 and _is_ycc(stream, layout)
        colours = _TO_RGB if ycc else _SAME if layout.samples == 3 else (None, None)
    kind = "i" if stream.signed else "u"
    width = 1 if stream.bits <= 8 else 2
    return Job(data[stream.start :], codec, layout.shape, f"{kind}{width}", colours, stream)


def settled(
    decoded: Array,
    stream: Codestream | None,
    codec: str,
    layout: PixelLayout,
    dataset: Dataset,
    path: Path,
) -> Array:
    """Stored values, or RGB, from what the codec gave.

    Raises:
        PixelError: values do not fit the bits that the tags give them.
    """
    if stream is None:
        return _settled_rle(decoded, layout, path)
    if layout.samples == 3:
        return colour.ybr_to_rgb(decoded) if _needs_rgb(stream, codec, layout) else decoded
    return _settled_gray(decoded, stream, codec, layout, dataset, path)


def contradictions(stream: Codestream, codec: str, layout: PixelLayout) -> tuple[Reason, ...]:
    """Where stream and tags differ in something that the stream is believed on."""
    notes = []
    marked = codec == "jpeg" and layout.samples == 3 and stream.ycc is not None
    if marked and stream.ycc != layout.photometric.startswith("YBR"):
        says = "YCbCr" if stream.ycc else "RGB"
        text = f"PhotometricInterpretation is {layout.photometric}, the frames are {says}."
        notes.append(Reason("colour-tag", text, "PhotometricInterpretation"))
    if stream.bits != layout.stored:
        text = f"BitsStored is {layout.stored}, the frames have {stream.bits} bits."
        notes.append(Reason("precision-tag", text, "BitsStored"))
    return tuple(notes)


def _check_size(stream: Codestream, length: int, layout: PixelLayout, path: Path) -> None:
    """Size and samples as the tags say, and enough bytes to hold them."""
    claimed = (layout.rows, layout.columns, layout.samples)
    found = (stream.rows, stream.columns, stream.samples)
    if claimed != found:
        raise refusal(
            path,
            "codestream-size",
            f"holds {found[0]} x {found[1]} pixels of {found[2]} samples where the tags say "
            f"{claimed[0]} x {claimed[1]} of {claimed[2]}",
            "Rows",
        )
    if length < stream.least_bytes:
        raise refusal(path, "truncated", "is too short for a picture of its size")


def _check_precision(stream: Codestream, codec: str, layout: PixelLayout, path: Path) -> None:
    """Precision, sign and colour model as far as they must agree with the tags."""
    if layout.number != "integer" or not 1 <= stream.bits <= min(16, max(layout.allocated, 8)):
        raise refusal(
            path, "codestream-precision", f"has {stream.bits} bits a sample", "BitsAllocated"
        )
    if stream.signed and not layout.signed:
        raise refusal(
            path, "codestream-sign", "is signed, the tags say unsigned", "PixelRepresentation"
        )
    if not stream.lossless and stream.bits <= 8 < layout.stored:
        raise refusal(path, "codestream-precision", "lost the bits that BitsStored claims")
    if layout.samples == 3:
        if stream.bits != layout.stored or layout.stored != layout.allocated:
            raise refusal(path, "codestream-precision", "has other bits than its colours")
        _check_colour(stream, codec, layout, path)
    if layout.photometric == PALETTE and not stream.lossless:
        raise refusal(path, "colour", "is lossy, which palette indices do not bear")


def _check_colour(stream: Codestream, codec: str, layout: PixelLayout, path: Path) -> None:
    """Colour models whose conversion to RGB is not in doubt."""
    name = layout.photometric
    plain = ("RGB", "YBR_FULL")
    if codec == "jpeg":
        fits = stream.ycc is not None or name in (*plain, "YBR_FULL_422")
    elif codec == "jpegls":
        fits = name in plain
    elif stream.ycc:
        fits = name in ("RGB", "YBR_RCT", "YBR_ICT")
    else:
        fits = name in plain
    if not fits:
        raise refusal(
            path, "colour", f"does not fit colours called {name}", "PhotometricInterpretation"
        )


def _is_ycc(stream: Codestream, layout: PixelLayout) -> bool:
    """Whether JPEG samples are YCbCr: by the stream's markers, else by the tag."""
    return layout.photometric.startswith("YBR") if stream.ycc is None else stream.ycc


def _needs_rgb(stream: Codestream, codec: str, layout: PixelLayout) -> bool:
    """Whether what the codec gave is still YCbCr."""
    if codec == "jpeg":
        return stream.lossless and _is_ycc(stream, layout)
    return not stream.ycc and layout.photometric in COLOUR and layout.photometric != "RGB"


def _settled_gray(
    decoded: Array,
    stream: Codestream,
    codec: str,
    layout: PixelLayout,
    dataset: Dataset,
    path: Path,
) -> Array:
    """Gray values of the tags' type.

    JPEG and JPEG-LS know no sign, and JPEG 2000 writers often leave it out: the words are two's
    complement then, of BitsStored bits or of the stream's own where these are fewer.
    """
    width = min(layout.stored, stream.bits)
    if not stream.signed and int(decoded.max(initial=0)) >> stream.bits:
        raise refusal(path, "codestream-precision", "has values past its own precision")
    signless = layout.signed and codec in ("jpeg", "jpegls") and stream.bits < layout.stored
    if signless and bool((decoded >> (stream.bits - 1)).any()):
        raise refusal(
            path, "codestream-sign", "has fewer bits than its signed values", "BitsStored"
        )
    wide = decoded
    if decoded.dtype.itemsize != layout.dtype.itemsize:
        wide = decoded.astype(f"{decoded.dtype.kind}{layout.dtype.itemsize}")
    values: Array = wide.view(layout.dtype)
    if stream.bits <= layout.stored:
        if layout.signed and not stream.signed:
            bits.settle(values, width)
        return values
    before = wide.copy()
    bits.settle(values, width)
    if not _only_spare_bits(before, values, stream, width) and not _overlay_in_pixels(dataset):
        raise refusal(
            path, "codestream-precision", f"has values of more than {width} bits", "BitsStored"
        )
    return values


def _only_spare_bits(before: Array, after: Array, stream: Codestream, width: int) -> bool:
    """Whether settling changed nothing but a sign that was or was not written out."""
    if stream.signed:
        return bool(np.array_equal(before, after))
    words = after.view(f"u{after.dtype.itemsize}")
    extended = np.bitwise_and(words, (1 << stream.bits) - 1)
    plain = np.bitwise_and(words, (1 << width) - 1)
    return bool(((before == extended) | (before == plain)).all())


def _overlay_in_pixels(dataset: Dataset) -> bool:
    """Whether an overlay stands in the unused bits of the pixels (retired, (60xx,0102))."""
    fields = Fields(dataset)
    return any(
        number >> 16 & 0xFF01 == 0x6000
        and number & 0xFFFF == 0x0102
        and (fields.integer(number) or 0)
        for number in list(dataset.keys())
    )


def _rle_job(data: bytes, layout: PixelLayout, path: Path) -> Job:
    """RLE (PS3.5 annex G): one segment per byte of a pixel, most significant first."""
    width = max(layout.allocated // 8, 1)
    if layout.photometric == "YBR_FULL_422" or layout.photometric in ("YBR_RCT", "YBR_ICT"):
        raise refusal(
            path, "colour", f"cannot be {layout.photometric}", "PhotometricInterpretation"
        )
    if len(rle_segments(data)) != width * layout.samples:
        raise refusal(path, "codestream-size", "has another number of RLE segments than bytes")
    pixels = -(-layout.pixels // 8) if layout.allocated == 1 else layout.pixels
    size = pixels * width * layout.samples
    if size > _RLE_EXPANSION * len(data):
        raise refusal(path, "truncated", "is too short for a picture of its size")
    shape = (pixels,) if layout.samples == 1 else (layout.samples, pixels)
    return Job(data, "rle", shape, f"u{width}")


def _settled_rle(decoded: Array, layout: PixelLayout, path: Path) -> Array:
    if layout.number != "integer":
        raise refusal(path, "codestream", "cannot hold float pixels")
    if layout.allocated == 1:
        flat = bits.single_bits(decoded.tobytes(), 0, layout.pixels)
        return flat.reshape(layout.rows, layout.columns)
    if layout.samples == 3:
        planes = decoded.reshape(3, layout.rows, layout.columns)
        pixels: Array = np.ascontiguousarray(np.moveaxis(planes, 0, -1))
        return colour.ybr_to_rgb(pixels) if layout.photometric == "YBR_FULL" else pixels
    values: Array = decoded.reshape(layout.rows, layout.columns).view(layout.dtype)
    bits.settle(values, layout.stored)
    return values


def refusal(path: Path, code: str, what: str, tag: str = "PixelData") -> PixelError:
    """A frame of ``path`` refused."""
    return PixelError(
        f"A compressed frame of {path} {what}.",
        "Ask for it to be sent again from its source, without compression.",
        code=code,
        tag=tag,
    )
