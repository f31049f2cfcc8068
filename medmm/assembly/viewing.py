"""What a screen asks of a study in the home: one series' pixels, a report's regions, their masks.

Rows of series and versions of reports never change, so each question is one narrow query: rights
are asked for every slice, and thirty of them a second must not load a whole study each time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from medmm.assembly.homes import OpenHome
from medmm.dicom.display import VoiFunction, Window, picture_8bit
from medmm.dicom.nifti_writing import closest_ras
from medmm.errors import InputError, NotFoundError, StorageError
from medmm.nouns import Mask, Series, Study
from medmm.records import studies
from medmm.records.content import load_content
from medmm.records.tables import ReportRow, SeriesRow, VersionRow

__all__ = [
    "ShownSeries",
    "VoiFunction",
    "Window",
    "document_of",
    "kept_mask",
    "numbers_of",
    "picture_8bit",
    "shown_series",
]


@dataclass(frozen=True, eq=False)
class ShownSeries:
    """One series' pixels as they lie in the pixel store, mapped from the disk.

    ``array`` is ``[slice, row, column]``, with RGB or time last where there is a fourth axis (a
    flat picture is one slice); ``channels`` is 3 for RGB, else 1; ``steps`` counts times.
    ``sha256`` names the array's bytes. ``padding`` marks voxels that were never measured.
    """

    id: int
    uid: str
    key: str
    modality: str
    array: NDArray[Any]
    sha256: str
    channels: int
    steps: int
    affine_lps: NDArray[np.float64] | None
    window: tuple[float, float] | None
    inverted: bool
    padding: NDArray[np.bool_] | None = None
    frame_seconds: float | None = None


def shown_series(opened: OpenHome, study_id: int, series_id: int) -> ShownSeries:
    """The pixels of a series of a study, by the series' number; only touched pages are read.

    Raises:
        NotFoundError: the study has no such series, or a file is missing from the home.
        InputError: it was refused, or it holds no pixels.
    """
    wanted = select(SeriesRow.content, SeriesRow.uid, SeriesRow.key, SeriesRow.modality).where(
        SeriesRow.id == series_id, SeriesRow.study_id == study_id
    )
    with opened.database.read() as session:
        found = session.execute(wanted).one_or_none()
    if found is None:
        raise NotFoundError(f"Study {study_id} has no series {series_id}.")
    meta, uid, key, modality = found
    if meta is None or meta["noun"] not in ("Volume", "Picture", "Cine"):
        raise InputError(f"Series {series_id} has no pixels to show.", code="no-pixels")
    return _shown(opened, (series_id, uid, key, modality), meta)


def _shown(
    opened: OpenHome, named: tuple[int, str, str, str], meta: Mapping[str, Any]
) -> ShownSeries:
    content: Any = load_content(opened.home, meta)
    array = content.array
    flat = meta["noun"] == "Picture"
    if flat:
        array = array[np.newaxis]
    colour = array.ndim == 4 and array.shape[-1] == 3 and meta.get("axes", "") != "kijt"
    return ShownSeries(
        id=named[0],
        uid=named[1],
        key=named[2],
        modality=named[3],
        array=array,
        sha256=meta["array"],
        channels=3 if colour else 1,
        steps=array.shape[3] if array.ndim == 4 and not colour else 1,
        affine_lps=getattr(content, "affine_lps", None),
        window=content.window,
        inverted=bool(getattr(content, "inverted", False)),
        padding=getattr(content, "padding", None),
        frame_seconds=getattr(content, "frame_seconds", None),
    )


def numbers_of(opened: OpenHome, study_id: int) -> tuple[Study, tuple[tuple[int, Series], ...]]:
    """A study with its series and the number that each is asked for by.

    Raises:
        NotFoundError: there is no such study.
    """
    study = studies.load_study(opened.database, opened.home, study_id)
    wanted = select(SeriesRow.uid, SeriesRow.key, SeriesRow.id).where(
        SeriesRow.study_id == study_id, SeriesRow.superseded.is_(None)
    )
    with opened.database.read() as session:
        numbers = {(uid, key): number for uid, key, number in session.execute(wanted)}
    return study, tuple((numbers[one.uid, one.key], one) for one in study.series)


def document_of(opened: OpenHome, study_id: int, report_id: int, version: int | None = None) -> str:
    """The canonical text of a version (default: the last) of a study's report.

    Raises:
        NotFoundError: the study has no such report, or it no such version.
    """
    wanted = (
        select(VersionRow.document)
        .join(ReportRow, ReportRow.id == VersionRow.report_id)
        .where(ReportRow.id == report_id, ReportRow.study_id == study_id)
        .order_by(VersionRow.number.desc())
        .limit(1)
    )
    if version is not None:
        wanted = wanted.where(VersionRow.number == version)
    with opened.database.read() as session:
        found = session.scalar(wanted)
    if found is None:
        raise NotFoundError(f"Study {study_id} has no such version of report {report_id}.")
    return found


def kept_mask(opened: OpenHome, name: str, series: ShownSeries) -> Mask:
    """A mask file of the home on the grid of its series, ``[slice, row, column]``.

    ``name`` is the path relative to the home that the report's document has.

    Raises:
        NotFoundError: the file is missing.
        InputError: it is of another grid (``code`` "mask-grid").
        StorageError: it cannot be read.
    """
    path = opened.home.files.path(Path(name).name)
    try:
        full = _png(path) if path.suffix == ".png" else _nifti(path, series)
    except (OSError, ValueError, EOFError) as error:
        raise StorageError(
            f"{path} cannot be read: it is damaged.", "Restore the home from a backup."
        ) from error
    if full.shape != series.array.shape[:3]:
        raise InputError(
            "The mask is of another grid than its series.",
            "Draft the study again: its series was read anew since.",
            code="mask-grid",
        )
    return Mask.of(full)


def _png(path: Path) -> NDArray[np.bool_]:
    from PIL import Image

    with Image.open(path) as image:
        return np.asarray(image)[np.newaxis] > 0


def _nifti(path: Path, series: ShownSeries) -> NDArray[np.bool_]:
    """A NIfTI in the closest RAS+ back on the series' own order of axes (an exact permutation)."""
    import nibabel as nib

    stored = np.asarray(nib.load(path).dataobj) > 0  # type: ignore[attr-defined]
    full = np.zeros(series.array.shape[:3], dtype=np.bool_)
    if series.affine_lps is None:
        return stored
    # A view of `full`, so what is put into it lies where the series has it.
    turned, _ = closest_ras(full, series.affine_lps)
    if turned.shape != stored.shape:
        return stored
    turned[...] = stored
    return full
