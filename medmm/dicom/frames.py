"""Frames of one file as stored values or RGB, checked before and after decoding."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from io import FileIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from medmm.dicom import bits, colour, compressed
from medmm.dicom.codestreams import Codestream
from medmm.dicom.fragments import Frame, frame_spans, read_spans
from medmm.dicom.hostile.decoding import DecodePool, Job
from medmm.dicom.hostile.parsing import (
    DEFLATED,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    ParsedFile,
    PixelLocation,
)
from medmm.dicom.hostile.sources import InflatedSource
from medmm.dicom.layout import COLOUR, PALETTE, layout_of
from medmm.errors import PixelError
from medmm.nouns import Reason

Array = NDArray[Any]

NATIVE: Final = frozenset({IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG, DEFLATED})
DEFLATED_FRAMES: Final = "1.2.840.10008.1.2.8.1"
RLE: Final = "1.2.840.10008.1.2.5"
CODECS: Final = {
    RLE: "rle",
    "1.2.840.10008.1.2.4.50": "jpeg",
    "1.2.840.10008.1.2.4.51": "jpeg",
    "1.2.840.10008.1.2.4.57": "jpeg",
    "1.2.840.10008.1.2.4.70": "jpeg",
    "1.2.840.10008.1.2.4.80": "jpegls",
    "1.2.840.10008.1.2.4.81": "jpegls",
    "1.2.840.10008.1.2.4.90": "jpeg2k",
    "1.2.840.10008.1.2.4.91": "jpeg2k",
    "1.2.840.10008.1.2.4.201": "htj2k",
    "1.2.840.10008.1.2.4.202": "htj2k",
    "1.2.840.10008.1.2.4.203": "htj2k",
}
"""Transfer syntaxes that need a codec, and which (PS3.5 annex A)."""


class FrameReader:
    """Frames of one parsed file.

    Gray frames are stored values ``[row, column]`` of the file's own type (int8 to int32, uint8 to
    uint32, float32, float64; uint8 for single bits), with the bits above BitsStored cleared or
    sign-extended. Colour frames (palette ones too) are RGB ``[row, column, 3]``, converted once.
    ``pool`` is where compressed frames are decoded; without one, each call starts its own process.

    Raises:
        PixelError: tags are missing or contradict each other or the bytes (``code`` says which).
        LimitError: the frames are larger than the budget allows.
    """

    def __init__(self, parsed: ParsedFile, pool: DecodePool | None = None) -> None:
        self.parsed = parsed
        self.path = parsed.path
        self.layout = layout_of(parsed)
        self._pool = pool
        self._notes: list[Reason] = []
        if parsed.syntax not in CODECS and parsed.syntax not in (*NATIVE, DEFLATED_FRAMES):
            raise self._refuse(
                "transfer-syntax", f"is written in {parsed.syntax}, which is not read here"
            )
        self._palette = (
            colour.palette_of(parsed.dataset, str(self.path), signed=self.layout.signed)
            if self.layout.photometric == PALETTE
            else None
        )
        self._spans: list[Frame] = []
        if self.encapsulated:
            self._index()
        else:
            self._check_length()

    @property
    def count(self) -> int:
        """Number of frames."""
        return self.layout.frames

    @property
    def colour(self) -> bool:
        """Whether frames come out as RGB."""
        return self.layout.photometric in COLOUR or self._palette is not None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one frame as it comes out."""
        plane = (self.layout.rows, self.layout.columns)
        return (*plane, 3) if self.colour else plane

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a frame as it comes out."""
        return self._palette.table.dtype if self._palette is not None else self.layout.dtype

    @property
    def encapsulated(self) -> bool:
        """Whether frames stand in fragments."""
        return self.parsed.syntax not in NATIVE

    @property
    def compressed(self) -> bool:
        """Whether frames need a codec, and so the decoding process."""
        return self.parsed.syntax in CODECS

    @cached_property
    def lossy(self) -> bool:
        """Whether the first frame's own stream gave up exact values, whatever tags say."""
        stream = self._first_stream
        return stream is not None and not stream.lossless

    @property
    def notes(self) -> tuple[Reason, ...]:
        """What is odd about the pixels but does not make them wrong."""
        stream = self._first_stream
        if stream is None:
            return tuple(self._notes)
        codec = CODECS[self.parsed.syntax]
        return (*self._notes, *compressed.contradictions(stream, codec, self.layout))

    def stored(self, frame: int) -> Array:
        """One frame; see the class for what it holds.

        Raises:
            PixelError: it cannot be read or decoded, or is not what the header says.
            MissingError: the decoding process cannot be started.
        """
        if not 0 <= frame < self.count:
            raise IndexError(frame)
        if self.compressed:
            return self._decoded(frame)
        return self._native(self._raw(frame), frame)

    def stored_into(self, frame: int, out: Array) -> None:
        """Write one frame into ``out`` of the same shape and a type that holds all its values.

        Raises:
            PixelError: as `stored`, or ``out`` does not fit.
        """
        fits = self.dtype == out.dtype if self.colour else self.layout.fits(out.dtype)
        if out.shape != self.shape or not fits:
            raise self._refuse(
                "frame-size",
                f"has frames {self.shape} of {self.dtype}, not {out.shape} of {out.dtype}",
                "Rows",
            )
        if not self._read_into(frame, out):
            out[...] = self.stored(frame)

    def _read_into(self, frame: int, out: Array) -> bool:
        """Native gray words straight from the file into ``out``; False where that is not all."""
        layout = self.layout
        plain = layout.allocated >= 8 and layout.samples == 1 and self._palette is None
        if not plain or self.encapsulated or self._location.deflated_from is not None:
            return False
        if self._swapped or out.dtype != self.dtype or not out.flags.c_contiguous:
            return False
        size = layout.frame_bits // 8
        with _opened(self.path) as file:
            file.seek(self._location.offset + frame * size)
            if file.readinto(out.reshape(-1).view(np.uint8).data) != size:
                raise self._refuse("truncated", "became shorter while it was read")
        if self.parsed.syntax == EXPLICIT_BIG:
            out.byteswap(inplace=True)
        if layout.number == "integer":
            bits.settle(out, layout.stored)
        return True

    def encoded(self, frame: int) -> bytes:
        """The bytes of one encapsulated frame."""
        return read_spans(self.path, self._spans[frame])

    def job(self, frame: int) -> Job:
        """The frame's bytes for the codec, proved against the tags first.

        Raises:
            PixelError: its own header says something else than the tags.
        """
        codec = CODECS[self.parsed.syntax]
        return compressed.codec_job(self.encoded(frame), codec, self.layout, self.path)

    def finish(self, job: Job, decoded: Array) -> Array:
        """Stored values or RGB from what the codec gave; may change ``decoded`` in place.

        Raises:
            PixelError: values do not fit the bits that the tags give them.
        """
        values = compressed.settled(
            decoded, job.stream, job.codec, self.layout, self.parsed.dataset, self.path
        )
        return values if self._palette is None else self._palette(values)

    @cached_property
    def _first_stream(self) -> Codestream | None:
        return self.job(0).stream if self.compressed else None

    @property
    def _location(self) -> PixelLocation:
        if self.parsed.pixels is None:
            raise self._refuse("no-pixels", "holds no pixels")
        return self.parsed.pixels

    def _decoded(self, frame: int) -> Array:
        pool = self._pool or DecodePool(self.parsed.budget, threads=1)
        try:
            for decoded in pool.decode_each([(self, frame)]):
                if decoded.values is None:
                    raise decoded.error or self._refuse("decode", "cannot be decoded")
                return decoded.values.copy()
        finally:
            if self._pool is None:
                pool.close()
        raise self._refuse("decode", "cannot be decoded")

    def _index(self) -> None:
        """Find the fragments of every frame."""
        location = self._location
        if location.length is not None:
            raise self._refuse("encapsulation", "is compressed but its pixel data is one value")
        self._spans, open_end = frame_spans(
            self.path,
            location.offset,
            self.layout.frames,
            self.parsed.dataset,
            self.parsed.budget,
            one_each=self.parsed.syntax in (RLE, DEFLATED_FRAMES),
        )
        if open_end:
            text = f"The pixel data of {self.path.name} is not closed by a delimiter."
            self._notes.append(Reason("open-end", text, "PixelData"))

    def _check_length(self) -> None:
        """Bytes there against bytes claimed, before anything is allocated."""
        location, layout = self._location, self.layout
        if location.length is None:
            raise self._refuse("encapsulation", "is not compressed but its pixel data is in pieces")
        if layout.photometric in ("YBR_RCT", "YBR_ICT"):
            raise self._refuse("colour", f"cannot be {layout.photometric} without compression")
        half_rate = layout.photometric == "YBR_FULL_422"
        if half_rate and (layout.columns % 2 or layout.planar):
            raise self._refuse("colour", "has half-rate colours that do not fit its columns")
        claimed = -(-layout.frame_bits * layout.frames // 8)
        if location.length < claimed:
            raise self._refuse(
                "truncated", f"holds {location.length} bytes of pixels where {claimed} are claimed"
            )
        if location.length > claimed + 1:
            text = f"{location.length - claimed} bytes after the last frame were left out."
            self._notes.append(Reason("extra-bytes", text, "PixelData"))

    def _raw(self, frame: int) -> bytes:
        """The uncompressed bytes of one frame."""
        layout = self.layout
        if self.encapsulated:
            return self._inflated_frame(frame)
        first = frame * layout.frame_bits // 8
        last = -(-(frame + 1) * layout.frame_bits // 8)
        if layout.allocated == 8 and self._swapped:
            first, last = first // 2 * 2, -(-last // 2) * 2
        return self._read(self._location.offset + first, last - first)

    @property
    def _swapped(self) -> bool:
        """Whether 8-bit samples stand in big-endian words (PS3.5 section 8.1.2)."""
        return self.parsed.syntax == EXPLICIT_BIG and self._location.vr == "OW"

    def _read(self, offset: int, length: int) -> bytes:
        start = self._location.deflated_from
        with _opened(self.path) as file:
            if start is not None:
                return self._inflated(file.fileno(), start, offset, length)
            file.seek(offset)
            raw = file.read(length)
        if len(raw) != length:
            raise self._refuse("truncated", "became shorter while it was read")
        return raw

    def _inflated(self, descriptor: int, start: int, offset: int, length: int) -> bytes:
        """Bytes out of the deflated part of the file; inflated once and kept."""
        if self._inflated_pixels is None:
            location = self._location
            end = location.offset + (location.length or 0)
            source = InflatedSource(descriptor, start, self.path, self.parsed.budget, limit=end)
            if not source.grow(end):
                raise self._refuse("truncated", "is deflated and ends within its pixels")
            self._inflated_pixels = source.data[location.offset : end]
        first = offset - self._location.offset
        return self._inflated_pixels[first : first + length]

    _inflated_pixels: bytes | None = None

    def _inflated_frame(self, frame: int) -> bytes:
        """A frame of the Deflated Image Frame syntax (PS3.5 A.4.13)."""
        size = -(-self.layout.frame_bits // 8)
        stream = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            raw = stream.decompress(self.encoded(frame), size + 2)
        except zlib.error as error:
            raise self._refuse("decode", f"has a broken deflated frame ({error})") from error
        if not size <= len(raw) <= size + 1:
            raise self._refuse("truncated", "has a deflated frame of another size than claimed")
        return raw[:size]

    def _native(self, raw: bytes, frame: int) -> Array:
        """Stored values or RGB from uncompressed bytes."""
        layout = self.layout
        if layout.allocated == 1:
            first = 0 if self.encapsulated else frame * layout.pixels % 8
            return bits.single_bits(raw, first, layout.pixels).reshape(layout.shape)
        little = self.parsed.syntax != EXPLICIT_BIG
        if layout.allocated == 8 and self._swapped:
            size = layout.frame_bits // 8
            pairs = np.frombuffer(raw, np.uint8).reshape(-1, 2)[:, ::-1].reshape(-1)
            raw = pairs[frame * size % 2 :][:size].tobytes()
        values = bits.native_words(raw, layout, little=little)
        if layout.samples == 3:
            return self._rgb(values)
        gray: Array = values.reshape(layout.rows, layout.columns)
        return gray if self._palette is None else self._palette(gray)

    def _rgb(self, values: Array) -> Array:
        layout = self.layout
        if layout.photometric == "YBR_FULL_422":
            return colour.ybr_to_rgb(colour.full_chroma(values, layout.rows, layout.columns))
        pixels = (
            np.moveaxis(values.reshape(3, layout.rows, layout.columns), 0, -1)
            if layout.planar
            else values.reshape(layout.shape)
        )
        if layout.photometric == "YBR_FULL":
            return colour.ybr_to_rgb(pixels)
        return np.ascontiguousarray(pixels)

    def _refuse(self, code: str, what: str, tag: str = "PixelData") -> PixelError:
        return PixelError(
            f"{self.path} {what}.",
            "Ask for it to be sent again from its source.",
            code=code,
            tag="TransferSyntaxUID" if code == "transfer-syntax" else tag,
        )


@contextmanager
def _opened(path: Path) -> Iterator[FileIO]:
    """The file without buffering; what the system refuses is said as a `PixelError`."""
    try:
        with path.open("rb", buffering=0) as file:
            yield file
    except OSError as error:
        raise PixelError(
            f"{path} cannot be read: {error.strerror or error}.",
            "Check that the file is there and that this user may read it.",
            code="unreadable",
        ) from error
