"""Colour pixels into RGB: YCbCr, half-rate chroma, separate planes and palettes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from medmm.dicom.fields import Fields, tag
from medmm.errors import PixelError

Array = NDArray[Any]

_NAMES = ("Red", "Green", "Blue")
_DESCRIPTORS = tuple(tag(f"{name}PaletteColorLookupTableDescriptor") for name in _NAMES)
_TABLES = tuple(tag(f"{name}PaletteColorLookupTableData") for name in _NAMES)
_SEGMENTED = tuple(tag(f"Segmented{name}PaletteColorLookupTableData") for name in _NAMES)


def ybr_to_rgb(ybr: Array) -> Array:
    """YBR_FULL ``[..., 3]`` of 8 or 16 bits into RGB (PS3.3 C.7.6.3.1.2, ITU-T T.871)."""
    half = 128.0 if ybr.dtype.itemsize == 1 else 32768.0
    y, cb, cr = (ybr[..., index].astype(np.float32) for index in range(3))
    cb -= half
    cr -= half
    rgb = np.stack(
        [y + 1.402 * cr, y - (0.114 * 1.772 * cb + 0.299 * 1.402 * cr) / 0.587, y + 1.772 * cb],
        axis=-1,
    )
    np.rint(rgb, out=rgb)
    clipped: Array = np.clip(rgb, 0, np.iinfo(ybr.dtype).max).astype(ybr.dtype)
    return clipped


def full_chroma(values: Array, rows: int, columns: int) -> Array:
    """YBR_FULL_422 without compression (Y1 Y2 Cb Cr for two pixels) as ``[row, column, 3]``."""
    quads = values.reshape(rows, columns // 2, 4)
    full = np.empty((rows, columns, 3), values.dtype)
    full[:, 0::2, 0] = quads[..., 0]
    full[:, 1::2, 0] = quads[..., 1]
    for channel in (1, 2):
        full[..., channel] = np.repeat(quads[..., channel + 1], 2, axis=1)
    return full


class Palette:
    """A colour look-up table (PS3.3 C.7.6.3.1.5 and C.7.6.3.1.6)."""

    def __init__(self, first: int, table: Array) -> None:
        self.first = first
        self.table = table

    def __call__(self, indices: Array) -> Array:
        """RGB ``[..., 3]``; indices outside the table take its nearest end."""
        places = np.clip(indices.astype(np.int64) - self.first, 0, len(self.table) - 1)
        return np.asarray(self.table[places])


def palette_of(dataset: Dataset, name: str, *, signed: bool) -> Palette:
    """The palette of a dataset; uint8 where its outputs need no more, else uint16.

    Raises:
        PixelError: a descriptor or table is missing, broken or shorter than it says.
    """
    fields = Fields(dataset)
    columns: list[Array] = []
    first = 0
    for descriptor_tag, plain, segmented in zip(_DESCRIPTORS, _TABLES, _SEGMENTED, strict=True):
        count, first, bits = _descriptor(fields, descriptor_tag, name, signed=signed)
        little = dataset.original_encoding[1] is not False
        raw = fields.raw(plain)
        if isinstance(raw, bytes) and raw:
            outputs = _outputs(raw, count, bits, little=little)
        else:
            outputs = _expanded(fields.raw(segmented), count, bits, name, little=little)
        if len(outputs) < count:
            raise _broken(name, "is shorter than its descriptor says")
        columns.append(outputs[:count])
    if len({len(column) for column in columns}) != 1:
        raise _broken(name, "has colours of different lengths")
    table = np.stack(columns, axis=-1)
    return Palette(first, table.astype(np.uint8) if table.max(initial=0) < 256 else table)


def _descriptor(fields: Fields, number: Any, name: str, *, signed: bool) -> tuple[int, int, int]:
    """Entries, first value mapped and bits of an entry; 0 entries means 65536."""
    raw = fields.raw(number)
    if not isinstance(raw, bytes) or len(raw) != 6:
        raise _broken(name, "has no descriptor")
    order = "<" if fields.dataset.original_encoding[1] is not False else ">"
    count, first, bits = (int(word) for word in np.frombuffer(raw, order + "u2"))
    if signed and first >= 0x8000:
        first -= 0x10000
    if bits not in (8, 16):
        raise _broken(name, f"has entries of {bits} bits")
    return count or 0x10000, first, bits


def _outputs(raw: bytes, count: int, bits: int, *, little: bool) -> Array:
    """Table entries; 8-bit ones may be packed two to a word or stand in words of their own."""
    if bits == 8 and len(raw) < 2 * count:
        packed: Array = np.frombuffer(raw, np.uint8)
        if not little:
            packed = packed[: len(packed) // 2 * 2].reshape(-1, 2)[:, ::-1].reshape(-1)
        return packed.astype(np.uint16)
    words = np.frombuffer(raw[: len(raw) // 2 * 2], "<u2" if little else ">u2")
    return words.astype(np.uint16)


def _expanded(raw: Any, count: int, bits: int, name: str, *, little: bool) -> Array:
    """A segmented table (PS3.3 C.7.9.2) written out; never longer than its descriptor says.

    Indirect segments are refused: nobody is known to write them.
    """
    if not isinstance(raw, bytes) or not raw:
        raise _broken(name, "has no table")
    wire = np.dtype(np.uint8 if bits == 8 else "<u2" if little else ">u2")
    codes = np.frombuffer(raw[: len(raw) // wire.itemsize * wire.itemsize], wire).tolist()
    outputs: list[int] = []
    at = 0
    while at + 2 < len(codes) and len(outputs) < count:
        kind, length = codes[at], codes[at + 1]
        if kind == 0:
            outputs.extend(codes[at + 2 : at + 2 + length])
            at += 2 + length
        elif kind == 1 and outputs and length <= count:
            steps = np.linspace(outputs[-1], codes[at + 2], length + 1)[1:]
            outputs.extend(np.rint(steps).astype(int).tolist())
            at += 3
        else:
            raise _broken(name, "has a segment of an unknown kind")
    return np.array(outputs[:count], np.uint16)


def _broken(name: str, what: str) -> PixelError:
    return PixelError(
        f"The palette of {name} {what}.",
        "Ask for the image to be sent again from its source.",
        code="palette",
        tag="RedPaletteColorLookupTableDescriptor",
    )
