"""Volumes as NIfTI in the closest RAS+: an exact permutation and flips, no value changes."""

import gzip
import itertools
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from medmm.errors import PixelError
from medmm.nouns.geometry import LPS_TO_RAS, Affine

Array = NDArray[Any]

_FLOAT_EXACT: Final = 2**24


def closest_ras(array: Array, affine_lps: Affine) -> tuple[Array, Affine]:
    """Permute and flip ``[slice, row, column(, time)]`` so that its axes run closest to R, A, S.

    Returns the view ``[x, y, z(, time)]`` and its affine from index to RAS mm; no value changes.
    """
    affine = LPS_TO_RAS @ affine_lps
    unit = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    order = max(
        itertools.permutations(range(3)),
        key=lambda axes: sum(abs(unit[world, axis]) for world, axis in enumerate(axes)),
    )
    turned = np.transpose(array, (*order, *range(3, array.ndim)))
    ras = affine[:, [*order, 3]].copy()
    for world, axis in enumerate(order):
        if unit[world, axis] < 0:
            ras[:3, 3] += ras[:3, world] * (turned.shape[world] - 1)
            ras[:3, world] *= -1
            turned = np.flip(turned, world)
    return turned, ras


def nifti_bytes(array: Array, affine_lps: Affine, *, step_seconds: float | None = None) -> bytes:
    """A gzipped NIfTI-1 file of ``[slice, row, column(, time)]``; the same input, the same bytes.

    int16, float32 and uint8 stay as they are, without slope; other types become int16 or float32 if
    every value keeps its number. The sform holds the affine; the qform too, unless it is sheared.

    Raises:
        PixelError: values fit neither type, or an axis is longer than NIfTI-1 can say.
    """
    import nibabel as nib

    turned, ras = closest_ras(written_type(array), affine_lps)
    if max(turned.shape) > 32767:
        raise PixelError("The volume is larger than NIfTI-1 can say.", code="nifti-size")
    header: Any = nib.Nifti1Header()  # type: ignore[no-untyped-call]
    header.set_data_dtype(turned.dtype)
    header.set_data_shape(turned.shape)
    header.set_zooms(
        (*np.linalg.norm(ras[:3, :3], axis=0), *([step_seconds or 1.0] * (turned.ndim - 3)))
    )
    header.set_sform(ras, code=1)
    if _orthogonal(ras):
        header.set_qform(ras, code=1)
    header.set_xyzt_units("mm", "sec")
    header["scl_slope"], header["scl_inter"] = 1, 0
    header["vox_offset"], header["magic"] = 352, b"n+1"
    plain = (
        header.binaryblock + b"\0" * 4 + turned.astype(turned.dtype.newbyteorder("<")).tobytes("F")
    )
    return gzip.compress(plain, compresslevel=3, mtime=0)


def written_type(array: Array) -> Array:
    """The array as int16, float32 or uint8 without a change of any value.

    Raises:
        PixelError: no such type holds all values.
    """
    if array.dtype in (np.int16, np.float32, np.uint8):
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8)
    if array.dtype.kind in "iu" and array.size:
        low, high = int(array.min()), int(array.max())
        if low >= -(2**15) and high < 2**15:
            return array.astype(np.int16)
        if max(-low, high) <= _FLOAT_EXACT:
            return array.astype(np.float32)
    elif array.dtype.kind == "f":
        single = array.astype(np.float32)
        if np.array_equal(single, array):
            return single
    raise PixelError(
        f"Values of type {array.dtype} do not fit int16 or float32.",
        "Convert to npz, which keeps them.",
        code="nifti-type",
    )


def _orthogonal(affine: Affine) -> bool:
    unit = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    return bool(np.abs(unit.T @ unit - np.eye(3)).max() < 1e-5)
