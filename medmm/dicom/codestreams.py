"""What a compressed frame says of itself, read from its first markers before any codec runs."""

from dataclasses import dataclass
from itertools import pairwise
from struct import error as struct_error
from struct import unpack_from
from typing import Final

_FRAME_MARKERS: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE_MARKERS: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_HEADER_LIMIT: Final = 1 << 20


class CodestreamError(ValueError):
    """The bytes are not a codestream of the kind that was asked for."""


@dataclass(frozen=True, slots=True)
class Codestream:
    """Size, samples, precision, sign and colour of one compressed frame.

    Attributes:
        signed: None where the format does not say (all but JPEG 2000).
        lossless: whether this very stream can give back what was encoded.
        ycc: for JPEG, what its markers say of YCbCr (None: nothing); for JPEG 2000, whether a
            component transform is undone by the codec.
        start: where the codestream proper begins within the frame's bytes.
        least_bytes: no shorter stream can hold a picture of this size.
    """

    rows: int
    columns: int
    samples: int
    bits: int
    signed: bool | None
    lossless: bool
    ycc: bool | None
    start: int = 0
    least_bytes: int = 0


def codestream(data: bytes, codec: str) -> Codestream:
    """Header of a frame of ``codec`` ("jpeg", "jpegls", "jpeg2k", "htj2k").

    Raises:
        CodestreamError: it is cut off or something else.
    """
    try:
        if codec in ("jpeg2k", "htj2k"):
            return _jpeg2000(data)
        return _jpeg(data)
    except (struct_error, IndexError) as error:
        raise CodestreamError("its header is cut off") from error


def rle_segments(data: bytes) -> tuple[int, ...]:
    """Offsets of the segments of an RLE frame (PS3.5 annex G.5).

    Raises:
        CodestreamError: the header points outside the frame.
    """
    if len(data) < 64:
        raise CodestreamError("its RLE header is cut off")
    count, *offsets = unpack_from("<16L", data)
    used = tuple(offsets[:count])
    rising = all(first < second for first, second in pairwise(used))
    if not 1 <= count <= 15 or used[0] < 64 or not rising or used[-1] >= len(data):
        raise CodestreamError("its RLE header points outside it")
    return used


def _jpeg(data: bytes) -> Codestream:
    """ITU-T T.81 B.2 and T.87 C.2: markers up to the first scan."""
    if data[:2] != b"\xff\xd8":
        raise CodestreamError("it does not begin as JPEG")
    at = 2
    adobe: int | None = None
    jfif = False
    frame: tuple[int, int] | None = None
    while at < min(len(data), _HEADER_LIMIT):
        if data[at] != 0xFF:
            raise CodestreamError("its markers are broken")
        marker = data[at + 1]
        if marker == 0xFF or marker in _BARE_MARKERS:
            at += 1 if marker == 0xFF else 2
            continue
        (length,) = unpack_from(">H", data, at + 2)
        if marker == 0xEE and data[at + 4 : at + 9] == b"Adobe":
            adobe = data[at + 15]
        elif marker == 0xE0 and data[at + 4 : at + 9] == b"JFIF\0":
            jfif = True
        elif marker in _FRAME_MARKERS or marker == 0xF7:
            frame = (marker, at + 4)
        elif marker == 0xDA:
            if frame is None:
                break
            return _jpeg_frame(data, frame, at + 4, adobe, jfif=jfif)
        at += 2 + length
    raise CodestreamError("it has no frame header")


def _jpeg_frame(
    data: bytes, frame: tuple[int, int], scan: int, adobe: int | None, *, jfif: bool
) -> Codestream:
    marker, at = frame
    bits, rows, columns, samples = unpack_from(">BHHB", data, at)
    parts = [tuple(data[at + 6 + 3 * index : at + 9 + 3 * index]) for index in range(samples)]
    if any(len(part) != 3 for part in parts):
        raise CodestreamError("its frame header is cut off")
    names = bytes(part[0] for part in parts)
    subsampled = len({part[1] for part in parts}) > 1
    lossless = marker == 0xC3
    least = 0
    if marker == 0xF7:
        near = data[scan + 1 + 2 * data[scan]]
        lossless = near == 0
    elif lossless:
        least = rows * columns * samples // 8
    elif marker in (0xC0, 0xC1):
        least = rows * columns * samples // 512
    return Codestream(
        rows=rows,
        columns=columns,
        samples=samples,
        bits=bits,
        signed=None,
        lossless=lossless,
        ycc=_jpeg_ycc(samples, names, adobe, jfif=jfif and not lossless, subsampled=subsampled),
        least_bytes=least,
    )


def _jpeg_ycc(
    samples: int, names: bytes, adobe: int | None, *, jfif: bool, subsampled: bool
) -> bool | None:
    """Whether the markers say YCbCr (T.871, T.872); None where they say nothing."""
    if samples != 3:
        return False
    if adobe is not None:
        return adobe == 1
    if names == b"RGB":
        return False
    return True if jfif or subsampled else None


def _jpeg2000(data: bytes) -> Codestream:
    """ITU-T T.800 A.5 and A.6: SIZ and the first COD."""
    start = 0
    if data[:8] == b"\0\0\0\x0cjP  ":
        start = data.find(b"\xff\x4f\xff\x51", 0, _HEADER_LIMIT)
    if start < 0 or data[start : start + 4] != b"\xff\x4f\xff\x51":
        raise CodestreamError("it does not begin as JPEG 2000")
    (length, _, width, height, left, top) = unpack_from(">HHLLLL", data, start + 4)
    (samples,) = unpack_from(">H", data, start + 4 + 36)
    parts = [
        tuple(data[start + 42 + 3 * index : start + 45 + 3 * index])
        for index in range(min(samples, 5))
    ]
    if any(len(part) != 3 for part in parts) or len(set(parts)) != 1 or parts[0][1:] != (1, 1):
        raise CodestreamError("its components are not all alike")
    transform, reversible = _jpeg2000_coding(data, start + 4 + length)
    return Codestream(
        rows=height - top,
        columns=width - left,
        samples=samples,
        bits=(parts[0][0] & 0x7F) + 1,
        signed=bool(parts[0][0] & 0x80),
        lossless=reversible,
        ycc=transform,
        start=start,
    )


def _jpeg2000_coding(data: bytes, at: int) -> tuple[bool, bool]:
    """Whether components are transformed, and whether the wavelet is the reversible one."""
    while at < min(len(data), _HEADER_LIMIT):
        marker, length = unpack_from(">HH", data, at)
        if marker == 0xFF52:
            return data[at + 8] == 1, data[at + 13] == 1
        if marker in (0xFF90, 0xFFD9) or marker < 0xFF00:
            break
        at += 2 + length
    raise CodestreamError("it does not say how it is coded")
