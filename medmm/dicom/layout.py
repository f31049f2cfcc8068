"""What the header claims of the pixels, checked for sense before any byte of them is read."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import DTypeLike

from medmm.dicom.fields import Fields, tag
from medmm.dicom.hostile.budget import GIB, MIB
from medmm.dicom.hostile.parsing import ParsedFile
from medmm.errors import LimitError, PixelError

GRAY: Final = frozenset({"MONOCHROME1", "MONOCHROME2"})
PALETTE: Final = "PALETTE COLOR"
COLOUR: Final = frozenset(
    {"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "YBR_ICT"},
)

_ROWS, _COLUMNS = tag("Rows"), tag("Columns")
_SAMPLES, _FRAMES = tag("SamplesPerPixel"), tag("NumberOfFrames")
_ALLOCATED, _STORED, _HIGH = tag("BitsAllocated"), tag("BitsStored"), tag("HighBit")
_SIGNED = tag("PixelRepresentation")
_PHOTOMETRIC, _PLANAR = tag("PhotometricInterpretation"), tag("PlanarConfiguration")


@dataclass(frozen=True, slots=True)
class PixelLayout:
    """Image Pixel module (PS3.3 C.7.6.3) of one file, all frames alike.

    ``number`` is "integer", "float" or "double". ``planar`` is PlanarConfiguration.
    """

    rows: int
    columns: int
    frames: int
    samples: int
    photometric: str
    allocated: int
    stored: int
    signed: bool
    planar: int
    number: str

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Native type that holds one stored value."""
        if self.number != "integer":
            return np.dtype(np.float32 if self.number == "float" else np.float64)
        return np.dtype(f"{'i' if self.signed else 'u'}{max(self.allocated // 8, 1)}")

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one frame as its samples are stored: rows, columns (, samples)."""
        plane = (self.rows, self.columns)
        return plane if self.samples == 1 else (*plane, self.samples)

    @property
    def pixels(self) -> int:
        """Pixels of one frame."""
        return self.rows * self.columns

    @property
    def frame_bits(self) -> int:
        """Bits of one frame without compression; chroma of YBR_FULL_422 counts half."""
        samples = 2 if self.photometric == "YBR_FULL_422" else self.samples
        return self.pixels * samples * self.allocated

    @property
    def decoded_bytes(self) -> int:
        """Bytes of one decoded frame."""
        samples = 3 if self.photometric == PALETTE else self.samples
        return self.pixels * samples * self.dtype.itemsize

    @property
    def bounds(self) -> tuple[float, float]:
        """Least and greatest stored value that BitsStored allows."""
        if self.number != "integer":
            limits = np.finfo(np.float32 if self.number == "float" else np.float64)
            return (float(limits.min), float(limits.max))
        if self.signed:
            return (-(2 ** (self.stored - 1)), 2 ** (self.stored - 1) - 1)
        return (0, 2**self.stored - 1)

    def fits(self, dtype: DTypeLike) -> bool:
        """Whether every stored value can be kept in ``dtype`` without a change."""
        kind = np.dtype(dtype)
        if kind.kind in "iu":
            limits = np.iinfo(kind)
            low, high = self.bounds
            return self.number == "integer" and limits.min <= low and high <= limits.max
        if kind.kind != "f":
            return False
        if self.number != "integer":
            return kind.itemsize >= self.dtype.itemsize
        return self.stored <= np.finfo(kind).nmant + 1


def layout_of(parsed: ParsedFile) -> PixelLayout:
    """The layout of a file with pixels.

    Raises:
        PixelError: a tag is missing or contradicts another (``tag`` names it).
        LimitError: the frames are larger than the budget allows.
    """
    if parsed.pixels is None:
        raise PixelError(f"{parsed.path} holds no pixels.", code="no-pixels", tag="PixelData")
    claims = _Claims(parsed)
    number = {"PixelData": "integer", "FloatPixelData": "float"}.get(
        parsed.pixels.keyword, "double"
    )
    allocated = claims.whole(_ALLOCATED, "BitsAllocated")
    samples = claims.whole(_SAMPLES, "SamplesPerPixel", 1)
    stored, signed = allocated, False
    if number == "integer":
        stored = claims.whole(_STORED, "BitsStored", allocated)
        signed = claims.whole(_SIGNED, "PixelRepresentation", 0, least=0) == 1
    layout = PixelLayout(
        rows=claims.whole(_ROWS, "Rows"),
        columns=claims.whole(_COLUMNS, "Columns"),
        frames=claims.frames(),
        samples=samples,
        photometric=claims.photometric(samples),
        allocated=allocated,
        stored=stored,
        signed=signed,
        planar=claims.whole(_PLANAR, "PlanarConfiguration", 0, least=0),
        number=number,
    )
    _check_bits(layout, claims)
    _check_size(layout, parsed)
    return layout


class _Claims:
    """Tags as whole numbers, refused by name where they make no sense."""

    def __init__(self, parsed: ParsedFile) -> None:
        self.path = parsed.path
        self.fields = Fields(parsed.dataset)

    def refuse(self, keyword: str, what: str) -> PixelError:
        return PixelError(
            f"{keyword} of {self.path} {what}.",
            "Ask for the image to be sent again from its source.",
            code="bad-pixel-tag",
            tag=keyword,
        )

    def whole(
        self, number: object, keyword: str, default: int | None = None, least: int = 1
    ) -> int:
        value = self.fields.integer(number)  # type: ignore[arg-type]
        if value is None and not self.fields.has(number):  # type: ignore[arg-type]
            value = default
        if value is None:
            raise self.refuse(keyword, "is missing or no whole number")
        if not least <= value <= 2**31:
            raise self.refuse(keyword, f"is {value}")
        return value

    def frames(self) -> int:
        return self.whole(_FRAMES, "NumberOfFrames", 1)

    def photometric(self, samples: int) -> str:
        """Photometric interpretation that fits the samples; one sample without any is gray."""
        name = self.fields.code(_PHOTOMETRIC).upper()
        if not name and samples == 1:
            return "MONOCHROME2"
        if samples == 1 and (name in GRAY or name == PALETTE):
            return name
        if samples == 3 and name in COLOUR:
            return name
        raise self.refuse(
            "PhotometricInterpretation", f"is {name!r} with {samples} samples a pixel"
        )

    def high_bit(self, default: int) -> int:
        return self.whole(_HIGH, "HighBit", default, least=0)


def _check_bits(layout: PixelLayout, claims: _Claims) -> None:
    """BitsAllocated, BitsStored and HighBit as PS3.5 section 8.1.1 allows them."""
    expected = {"integer": (1, 8, 16, 32), "float": (32,), "double": (64,)}[layout.number]
    if layout.allocated not in expected:
        raise claims.refuse("BitsAllocated", f"is {layout.allocated}, which is not supported")
    if layout.number != "integer":
        return
    if layout.stored > layout.allocated:
        raise claims.refuse("BitsStored", f"is {layout.stored}, more than BitsAllocated")
    if claims.high_bit(layout.stored - 1) != layout.stored - 1:
        raise claims.refuse("HighBit", "is not BitsStored - 1")
    if layout.allocated == 1 and (layout.samples != 1 or layout.signed):
        raise claims.refuse("BitsAllocated", "is 1 for pixels that are no plain bits")
    if layout.samples == 3 and (layout.allocated not in (8, 16) or layout.signed):
        raise claims.refuse("BitsAllocated", "does not fit colour pixels")
    if layout.photometric == PALETTE and (layout.allocated not in (8, 16) or layout.signed):
        raise claims.refuse("BitsAllocated", "does not fit palette pixels")
    if layout.planar not in (0, 1):
        raise claims.refuse("PlanarConfiguration", f"is {layout.planar}")


def _check_size(layout: PixelLayout, parsed: ParsedFile) -> None:
    total = layout.decoded_bytes * layout.frames
    if total > parsed.budget.pixel_bytes:
        raise LimitError(
            f"{parsed.path} claims {total / MIB:.0f} MiB of pixels; "
            f"{parsed.budget.pixel_bytes / GIB:.0f} GiB are allowed.",
            "If the file is trusted, read it with a larger budget.",
            code="pixel-size",
            tag="NumberOfFrames" if layout.frames > 1 else "Rows",
        )
