"""Affines between array indices and the patient, in DICOM's LPS frame and in millimetres.

Index order is always the array's own: ``[slice, row, column]``. LPS means x grows to the patient's
left, y to the posterior and z to the head (PS3.3 C.7.6.2.1.1).
"""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Affine: TypeAlias = NDArray[np.float64]
Points: TypeAlias = NDArray[np.float64]

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def spacing_mm(affine: Affine) -> tuple[float, float, float]:
    """Distance in mm between neighbours along slice, row and column index.

    With a sheared (gantry tilted) affine the slice entry is the length of the step between slice
    origins, not the perpendicular distance; `slice_gap_mm` gives that one.
    """
    steps = np.linalg.norm(affine[:3, :3], axis=0)
    return (float(steps[0]), float(steps[1]), float(steps[2]))


def slice_gap_mm(affine: Affine) -> float:
    """Perpendicular distance in mm between neighbouring slice planes."""
    return voxel_volume_mm3(affine) / float(np.linalg.norm(np.cross(affine[:3, 1], affine[:3, 2])))


def voxel_volume_mm3(affine: Affine) -> float:
    """Volume of one voxel in mm3: the determinant, so shear does not inflate it."""
    return abs(float(np.linalg.det(affine[:3, :3])))


def to_mm(affine: Affine, indices: ArrayLike) -> Points:
    """Points in LPS mm of array indices ``[..., 3]`` in the order slice, row, column."""
    points = np.asarray(indices, dtype=np.float64)
    return np.asarray(points @ affine[:3, :3].T + affine[:3, 3], dtype=np.float64)


def to_index(affine: Affine, points_mm: ArrayLike) -> Points:
    """Fractional array indices ``[..., 3]`` (slice, row, column) of points in LPS mm."""
    offsets = np.asarray(points_mm, dtype=np.float64) - affine[:3, 3]
    indices = np.linalg.solve(affine[:3, :3], offsets.reshape(-1, 3).T).T
    return np.asarray(indices.reshape(offsets.shape), dtype=np.float64)


def corners(shape: Sequence[int]) -> Points:
    """The eight corner voxel centres of a ``[slice, row, column]`` grid, as indices ``[8, 3]``."""
    last = [size - 1 for size in shape[:3]]
    return np.array(
        [[k, i, j] for k in (0, last[0]) for i in (0, last[1]) for j in (0, last[2])],
        dtype=np.float64,
    )


def patient_axis(affine: Affine, patient_direction: Literal["left", "posterior", "head"]) -> int:
    """The array axis that runs closest to a patient direction."""
    row = {"left": 0, "posterior": 1, "head": 2}[patient_direction]
    unit = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    return int(np.argmax(np.abs(unit[row])))


def grows_towards(
    affine: Affine, axis: int, patient_direction: Literal["left", "posterior", "head"]
) -> bool:
    """Whether the index along ``axis`` grows towards the given patient direction."""
    row = {"left": 0, "posterior": 1, "head": 2}[patient_direction]
    return bool(affine[row, axis] > 0)
