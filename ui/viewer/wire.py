"""Slices and masks as bytes for the browser: exact values, little-endian, compressed if it pays."""

import gzip
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medmm.assembly.viewing import Window, picture_8bit

# Types that the browser has arrays for; others are told by the least of these that keeps them.
PLAIN = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "float32", "float64")
# Below this share of the first bytes, sending less beats the time to compress.
PAYS = 0.75
PROBE = 16384


@dataclass(frozen=True)
class Sent:
    """Bytes of one answer: their media type and headers of our own."""

    body: bytes
    media_type: str
    headers: dict[str, str]


def raw(values: NDArray[Any]) -> Sent:
    """``[row, column]`` or ``[row, column, 3]`` as it is: no scale, no rounding, row after row.

    ``Pixel-Type`` names the type as NumPy does, ``Pixel-Samples`` is 3 for RGB.
    """
    kept = _plain(values)
    little = np.ascontiguousarray(kept, dtype=kept.dtype.newbyteorder("<"))
    return Sent(
        little.tobytes(), "application/octet-stream", _described(values, str(kept.dtype.name))
    )


def bits(masks: Sequence[NDArray[np.bool_]]) -> Sent:
    """Masks ``[row, column]`` one after the other, eight pixels a byte, the first in the high bit.

    Rows are not padded; each mask begins at a byte of its own.
    """
    packed = b"".join(np.packbits(mask).tobytes() for mask in masks)
    headers = _described(masks[0], "bits") | {"Pixel-Slices": str(len(masks))}
    return Sent(packed, "application/octet-stream", headers)


def jpeg(values: NDArray[Any], window: Window | None, *, inverted: bool, quality: int) -> Sent:
    """An 8-bit view for looking while scrolling; never to measure in."""
    from PIL import Image

    view = picture_8bit(values, window, inverted=inverted)
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(view)).save(file, "JPEG", quality=quality, subsampling=0)
    return Sent(file.getvalue(), "image/jpeg", _described(values, "jpeg"))


def squeezed(body: bytes) -> bytes | None:
    """The body gzipped if that saves a quarter or more, judged by its first bytes; else None."""
    head = body[:PROBE]
    middle = body[len(body) // 2 : len(body) // 2 + PROBE]
    if len(body) < 512 or len(gzip.compress(head + middle, 1)) > PAYS * len(head + middle):
        return None
    return gzip.compress(body, 1, mtime=0)


def _plain(values: NDArray[Any]) -> NDArray[Any]:
    if values.dtype.name in PLAIN:
        return values
    if values.dtype == np.bool_:
        return values.astype(np.uint8)
    return values.astype(np.float32 if values.dtype.itemsize <= 2 else np.float64)


def _described(values: NDArray[Any], kind: str) -> dict[str, str]:
    return {
        "Pixel-Rows": str(values.shape[0]),
        "Pixel-Columns": str(values.shape[1]),
        "Pixel-Samples": str(values.shape[2] if values.ndim == 3 else 1),
        "Pixel-Type": kind,
    }
