"""The voxels of a NIfTI file under a budget, as real values that are all finite."""

import io
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medmm.dicom.hostile.budget import MIB, Budget
from medmm.dicom.hostile.sources import inflates_too_much
from medmm.dicom.nifti_header import NiftiHeader
from medmm.errors import LimitError, PixelError
from medmm.nouns import Volume

Array = NDArray[Any]


def volume_of(path: Path, header: NiftiHeader, modality: str, budget: Budget) -> Volume:
    """The voxels.

    Raises:
        PixelError: bytes are missing, or a value is not finite.
        LimitError: it is larger than the budget or inflates too much.
    """
    i, j, k, t = header.shape
    raw = _bytes(path, header.offset, i * j * k * t * header.dtype.itemsize, budget)
    stored = np.frombuffer(raw, header.dtype).reshape(t, k, j, i)
    values = _scaled(path, stored, header.slope, header.intercept)
    array = values[0] if t == 1 else np.moveaxis(values, 0, -1)
    return Volume(
        array=np.ascontiguousarray(array),
        affine_lps=header.affine_lps,
        units="HU" if modality == "CT" else "1",
        axes="kij" if t == 1 else "kijt",
    )


def _bytes(path: Path, offset: int, size: int, budget: Budget) -> bytes:
    if size > budget.pixel_bytes or not 0 <= offset <= budget.header_bytes:
        raise LimitError(
            f"{path} claims {size / MIB:.0f} MiB of voxels.",
            "If the file is trusted, read it with a larger budget.",
            code="pixel-size",
        )
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if zipped:
            return _inflated(path, file, offset, size, budget)
        file.seek(offset)
        raw = file.read(size)
    if len(raw) != size:
        raise _cut_off(path)
    return raw


def _inflated(path: Path, file: io.BufferedReader, offset: int, size: int, budget: Budget) -> bytes:
    """Exactly the voxels out of a gzip stream."""
    compressed = path.stat().st_size
    if offset + size > budget.inflation_limit(compressed):
        raise inflates_too_much(path, budget)
    stream = zlib.decompressobj(31)
    parts: list[bytes] = []
    have = 0
    try:
        while have < offset + size and not stream.eof:
            chunk = stream.unconsumed_tail or file.read(MIB)
            if not chunk:
                break
            part = stream.decompress(chunk, offset + size - have)
            have += len(part)
            parts.append(part)
    except zlib.error as error:
        raise PixelError(
            f"{path} is broken gzip ({error}).", "Send it again.", code="gzip"
        ) from error
    if have < offset + size:
        raise _cut_off(path)
    return b"".join(parts)[offset:]


def _scaled(path: Path, stored: Array, slope: float, intercept: float) -> Array:
    """Real values: integers stay integers where nothing is lost, anything else is float32."""
    if stored.dtype.kind == "f":
        if not np.isfinite(stored).all():
            raise PixelError(
                f"{path} holds values that are no numbers (NaN or infinite).",
                "Replace them before; what they stand for is not known.",
                code="not-finite",
            )
        return _as_float32(path, stored * stored.dtype.type(slope) + stored.dtype.type(intercept))
    if (slope, intercept) == (1.0, 0.0) and stored.dtype.newbyteorder("=") in (np.uint8, np.int16):
        return stored.astype(stored.dtype.newbyteorder("="))
    if slope.is_integer() and intercept.is_integer():
        low, high = sorted(
            int(v) * int(slope) + int(intercept) for v in (stored.min(), stored.max())
        )
        for kind in (np.int16, np.int32):
            limits = np.iinfo(kind)
            if limits.min <= low and high <= limits.max:
                return (stored.astype(np.int64) * int(slope) + int(intercept)).astype(kind)
        raise PixelError(f"{path} holds values past 32 bits.", code="nifti-type")
    return _as_float32(path, stored * np.float64(slope) + np.float64(intercept))


def _as_float32(path: Path, values: Array) -> Array:
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    if not np.isfinite(single).all():
        raise PixelError(f"{path} holds values past what float32 can say.", code="nifti-type")
    return single


def _cut_off(path: Path) -> PixelError:
    return PixelError(
        f"{path} is cut off within its voxels.", "Ask for it to be sent again.", code="truncated"
    )
