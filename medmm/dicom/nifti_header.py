"""A NIfTI header judged: where its voxels lie in the patient, and how their values are meant."""

import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from medmm.errors import GeometryError, InputError, PixelError
from medmm.nouns import Facts, Reason
from medmm.nouns.geometry import LPS_TO_RAS, Affine, corners, to_mm

_UNITS_MM: Final = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
_AGREE_MM: Final = 0.1
_TYPES: Final = frozenset({"u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"})


@dataclass(frozen=True, slots=True, eq=False)
class NiftiHeader:
    """The facts of one NIfTI header. ``affine_ras`` maps (i, j, k) to RAS mm."""

    shape: tuple[int, int, int, int]
    dtype: np.dtype[Any]
    offset: int
    slope: float
    intercept: float
    affine_ras: Affine
    reasons: tuple[Reason, ...]
    deviation_mm: float | None

    @property
    def affine_lps(self) -> Affine:
        """Array index [slice k, row j, column i] to LPS mm."""
        swap = np.eye(4)[[2, 1, 0, 3]]
        return np.asarray(LPS_TO_RAS @ self.affine_ras @ swap)

    @property
    def volume_shape(self) -> tuple[int, ...]:
        """[slice, row, column] and time if there is more than one."""
        i, j, k, t = self.shape
        return (k, j, i) if t == 1 else (k, j, i, t)


def first_bytes(path: Path, size: int) -> bytes:
    """Up to ``size`` bytes from the front of a file, inflated if it is gzip."""
    with path.open("rb") as file:
        head = file.read(64 * 1024)
    if head[:2] != b"\x1f\x8b":
        return head[:size]
    try:
        return zlib.decompressobj(31).decompress(head, size)
    except zlib.error as error:
        raise InputError(f"{path} is broken gzip.", code="gzip") from error


def version(head: bytes) -> int:
    """1 or 2 for a single-file NIfTI, 0 for anything else (magic at 344 or 4)."""
    if head[344:348] == b"n+1\0":
        return 1
    return 2 if head[4:12] == b"n+2\0\r\n\x1a\n" else 0


def header_of(path: Path, facts: Facts) -> NiftiHeader:
    """The header, judged.

    Raises:
        GeometryError: the voxels cannot be placed in the patient.
        PixelError: the type is not a plain number.
    """
    import nibabel as nib

    head = first_bytes(path, 544)
    kind: Any = nib.Nifti1Header if version(head) == 1 else nib.Nifti2Header
    size = 348 if version(head) == 1 else 540
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            header = kind(head[:size], check=False)
            return _judged(path, header, facts)
    except InputError:
        raise
    except Exception as error:
        raise PixelError(
            f"The NIfTI header of {path} is broken: {error}.",
            "Write it again.",
            code="nifti-header",
        ) from error


def _judged(path: Path, header: Any, facts: Facts) -> NiftiHeader:
    dims = [int(value) for value in header["dim"]]
    rank = dims[0]
    if not 2 <= rank <= 7 or any(size < 1 for size in dims[1 : rank + 1]):
        raise PixelError(f"{path} has impossible dimensions.", code="nifti-header")
    sizes = dims[1 : rank + 1] + [1] * (7 - rank)
    if any(size > 1 for size in sizes[4:]):
        raise PixelError(f"{path} has more than space and time.", code="nifti-dimensions")
    dtype = _dtype(path, header)
    affine, reasons, deviation = _affine(path, header)
    _check_spacing(path, header, affine, facts)
    slope, intercept = _scaling(path, header)
    return NiftiHeader(
        shape=(sizes[0], sizes[1], sizes[2], sizes[3]),
        dtype=dtype,
        offset=int(header["vox_offset"]),
        slope=slope,
        intercept=intercept,
        affine_ras=affine,
        reasons=reasons,
        deviation_mm=deviation,
    )


def _dtype(path: Path, header: Any) -> np.dtype[Any]:
    dtype: np.dtype[Any] = header.get_data_dtype()
    if dtype.fields or f"{dtype.kind}{dtype.itemsize}" not in _TYPES:
        raise PixelError(
            f"{path} holds colours or complex values, which are not read.", code="nifti-type"
        )
    return dtype


def _scaling(path: Path, header: Any) -> tuple[float, float]:
    """Slope and intercept; NIfTI says that a slope of 0 means none."""
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    if slope == 0 or np.isnan(slope):
        return 1.0, 0.0
    intercept = 0.0 if np.isnan(intercept) else intercept
    if not np.isfinite(slope) or not np.isfinite(intercept):
        raise PixelError(f"{path} has a scaling that is no number.", code="nifti-scaling")
    return slope, intercept


def _affine(path: Path, header: Any) -> tuple[Affine, tuple[Reason, ...], float | None]:
    """The affine to RAS mm: of sform and qform the one that was set, both if they agree."""
    codes = {"sform": int(header["sform_code"]), "qform": int(header["qform_code"])}
    forms = {
        name: np.asarray(header.get_sform() if name == "sform" else header.get_qform(), np.float64)
        for name, code in codes.items()
        if code > 0
    }
    if not forms:
        raise GeometryError(
            f"{path} does not say how its voxels lie in the patient (sform and qform code 0).",
            "Convert from the DICOM series again; orientation is never guessed.",
            code="no-orientation",
        )
    reasons: list[Reason] = []
    name, deviation = next(iter(forms)), None
    if len(forms) == 2:
        name, deviation, reason = _chosen(path, header, forms, codes)
        reasons.extend(reason)
    if codes[name] > 2:
        text = f"{path.name} lies in a standard space, not where the patient lay."
        reasons.append(Reason("standard-space", text))
    unit = int(header["xyzt_units"]) & 7
    if unit not in _UNITS_MM:
        raise GeometryError(f"{path} has an unknown unit of length.", code="nifti-units")
    if unit == 0:
        reasons.append(Reason("unit-assumed", f"{path.name} names no unit of length; mm is usual."))
    affine = forms[name].copy()
    affine[:3] *= _UNITS_MM[unit]
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-9:
        raise GeometryError(f"{path} has an affine that places no voxel.", code="nifti-affine")
    return affine, tuple(reasons), deviation


def _chosen(
    path: Path, header: Any, forms: dict[str, Affine], codes: dict[str, int]
) -> tuple[str, float, list[Reason]]:
    """Of two affines, the scanner's where they differ by intent; refused where they just differ."""
    size = [max(int(value), 1) for value in header["dim"][1:4]]
    places = corners(size)
    deviation = float(
        np.linalg.norm(to_mm(forms["sform"], places) - to_mm(forms["qform"], places), axis=1).max()
    )
    if deviation <= _AGREE_MM:
        return "sform", deviation, []
    if codes["sform"] == codes["qform"]:
        raise GeometryError(
            f"sform and qform of {path} place its voxels up to {deviation:.1f} mm apart.",
            "Convert from the DICOM series again.",
            code="affines-disagree",
        )
    name = min(codes, key=lambda form: codes[form])
    text = (
        f"sform and qform of {path.name} differ by up to {deviation:.1f} mm; "
        f"the {name} is taken, which is nearer to the scanner's."
    )
    return name, deviation, [Reason("affines-differ", text)]


def _check_spacing(path: Path, header: Any, affine: Affine, facts: Facts) -> None:
    """Voxel sizes of the header and of the user against the affine's."""
    steps = np.linalg.norm(affine[:3, :3], axis=0)
    unit = _UNITS_MM[int(header["xyzt_units"]) & 7]
    claimed = np.abs(np.asarray(header["pixdim"][1:4], np.float64)) * unit
    if not np.allclose(claimed, steps, rtol=0.01):
        raise GeometryError(
            f"{path} claims voxels of {claimed.round(3).tolist()} mm, "
            f"its affine {steps.round(3).tolist()} mm.",
            "Convert from the DICOM series again.",
            code="spacing",
        )
    if facts.spacing_mm is not None:
        given = facts.spacing_mm
        own = (steps[1], steps[0], steps[2])[: len(given)]
        if not np.allclose(given, own, rtol=0.01):
            raise GeometryError(
                f"The spacing given for {path} is not the file's own, {np.round(own, 3).tolist()}.",
                "Leave --spacing out; the file says it itself.",
                code="spacing",
            )
