"""Stored values out of raw words: byte order, single bits, and the bits above BitsStored."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medmm.dicom.layout import PixelLayout

Array = NDArray[Any]


def settle(values: Array, stored: int) -> None:
    """Clear or sign-extend, in place, the bits above ``stored`` (PS3.5 section 8.1.1).

    What stands there (overlays, padding) is no part of the value: an arithmetic shift copies the
    sign over it for signed types and zeroes it for unsigned ones.
    """
    spare = values.dtype.itemsize * 8 - stored
    if spare > 0:
        np.left_shift(values, spare, out=values)
        np.right_shift(values, spare, out=values)


def native_words(
    raw: bytes | bytearray | memoryview, layout: PixelLayout, *, little: bool
) -> Array:
    """One frame's bytes (allocated 8 or more) as values of the layout's type, settled."""
    wire = layout.dtype.newbyteorder("<" if little else ">")
    values: Array = np.frombuffer(raw, wire).astype(layout.dtype)
    if layout.number == "integer":
        settle(values, layout.stored)
    return values


def single_bits(raw: bytes, first: int, count: int) -> Array:
    """``count`` pixels of BitsAllocated 1 from bit ``first`` on; the lowest bit comes first.

    Frames follow each other without padding to whole bytes (PS3.5 section 8.1.1, annex D).
    """
    bits = np.unpackbits(np.frombuffer(raw, np.uint8), bitorder="little")
    return bits[first : first + count]
