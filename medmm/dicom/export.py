"""Series as files for other programs, and regions as masks on the same grid."""

import hashlib
import io
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from medmm.dicom.display import view_8bit
from medmm.dicom.nifti_writing import nifti_bytes
from medmm.errors import InputError
from medmm.nouns import Cine, Picture, Region, Series, Volume, Waveform

Array = NDArray[Any]
Form: TypeAlias = Literal["nifti", "png", "npz"]


def write_series(series: Series, out: Path, to: Form) -> Path:
    """Write a series' content below the folder ``out``; returns the file or folder made.

    NIfTI is for volumes, in the closest RAS+. PNG is the 8-bit view by the series' own window: a
    file for a picture, a folder of numbered files for the frames of a cine or the slices of a
    volume. npz holds ``array`` and, where there is one, ``affine_lps``. Names come from the
    modality and a hash, never from the file's own texts, and appear only when whole.

    Raises:
        InputError: the content cannot be said in that form (``code`` "form").
        OSError: the disk refuses.
    """
    content = series.content
    stem = _stem(series)
    if to == "nifti" and isinstance(content, Volume):
        data = nifti_bytes(content.array, content.affine_lps)
        return _write(out / f"{stem}.nii.gz", lambda part: _put(part, data))
    if to == "npz" and isinstance(content, Volume | Picture | Cine | Waveform):
        return _write(out / f"{stem}.npz", lambda part: _put(part, _npz(content)))
    if to == "png" and isinstance(content, Volume | Picture | Cine):
        view = view_8bit(content)
        if isinstance(content, Picture):
            return _write(out / f"{stem}.png", lambda part: _put(part, png_bytes(view)))
        if not isinstance(content, Volume) or content.axes == "kij":
            return _write(out / stem, lambda part: _put_frames(part, view))
    raise InputError(
        f"A {series.kind} cannot be written as {to}.",
        "Choose another form with --to.",
        code="form",
    )


def mask_file(region: Region, series: Series) -> tuple[bytes, str]:
    """A region's mask as a file's bytes and its suffix.

    Pictures give a PNG of the stored size with 0 or 255; volumes a NIfTI of uint8 with 0 or 1, on
    exactly the grid and affine that `write_series` gives that series.

    Raises:
        InputError: the region has no mask, or one of another grid than the series'.
    """
    mask = region.mask
    grid = tuple(series.shape[: 2 if series.kind == "picture" else 3])
    if mask is None or mask.shape != grid:
        raise InputError(
            f"Region {region.id} has no mask on the grid of its series.", code="mask-grid"
        )
    full = mask.full()
    if series.kind == "picture":
        return png_bytes(np.where(full, 255, 0).astype(np.uint8)), ".png"
    if series.affine_lps is None:
        raise InputError(f"The series of region {region.id} has no affine.", code="mask-grid")
    return nifti_bytes(full.astype(np.uint8), np.array(series.affine_lps)), ".nii.gz"


def png_bytes(view: NDArray[np.uint8]) -> bytes:
    """A PNG of 8-bit gray ``[row, column]`` or RGB ``[row, column, 3]``."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(view)).save(file, "PNG", compress_level=3)
    return file.getvalue()


def _stem(series: Series) -> str:
    modality = re.sub(r"[^a-z0-9]", "", series.modality.lower())[:16] or "series"
    digest = hashlib.sha256(f"{series.uid}\0{series.key}".encode()).hexdigest()
    return f"{modality}-{digest[:12]}"


def _npz(content: Volume | Picture | Cine | Waveform) -> bytes:
    arrays = {"array": content.array}
    if isinstance(content, Volume):
        arrays["affine_lps"] = content.affine_lps
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def _write(target: Path, fill: Callable[[Path], None]) -> Path:
    """Make ``target`` whole under another name first, then rename it."""
    part = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent))
    try:
        made = part / target.name
        fill(made)
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        os.replace(made, target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return target


def _put(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _put_frames(folder: Path, view: NDArray[np.uint8]) -> None:
    folder.mkdir()
    for number, frame in enumerate(view):
        _put(folder / f"{number:05d}.png", png_bytes(frame))
