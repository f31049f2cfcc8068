"""Volumes and axes recomputed from a region's stored mask, independent of who measured them."""

import numpy as np
from numpy.typing import NDArray

from medmm.drafting.checks.recompute_film import of_film
from medmm.nouns import Measurement, Region, Series, geometry

# A mask of whole pixels gives a diameter to half a pixel's diagonal at each end, less where thick
# slices dim a border, and a volume to 2 % or a third of its outermost layer of voxels; what is
# finer was measured on the image itself.
AXIS_MM = 0.5
AXIS_PIXELS = 1.42
AXIS_GAPS = 0.5
VOLUME_SHARE = 0.02


def recomputed(
    region: Region, measure: str, series: Series | None = None
) -> tuple[float, float] | None:
    """A measure and its tolerance from the mask, in mm or mL; None where a mask cannot give it.

    Films need their ``series``: spacing and orientation are not the region's.

    ``long_axis`` is the largest in-plane diameter over all slices, ``short_axis`` the largest
    diameter perpendicular to it in the same slice (RECIST 1.1, Eisenhauer et al. 2009).
    """
    mask = region.mask
    if mask is not None and series is not None and mask.array.ndim == 2:
        return of_film(mask, measure, series)
    if mask is None or region.affine_lps is None or mask.array.ndim != 3 or not mask.count:
        return None
    if measure == "volume":
        return _volume(mask.array, region.affine_lps)
    if measure in ("long_axis", "short_axis"):
        axes = in_plane_axes(mask.array, region.affine_lps)
        gap, *pixel = geometry.spacing_mm(region.affine_lps)
        tolerance = max(AXIS_MM, AXIS_PIXELS * max(pixel), AXIS_GAPS * gap)
        return axes[measure == "short_axis"], tolerance
    return None


def disagrees(
    measurement: Measurement, region: Region, measure: str, series: Series | None = None
) -> float | None:
    """What the mask gives (mm or mL) where that is another value than the measurement's, else None.

    The measurement's own uncertainty widens the tolerance; a doubtful one is held to twice of it.
    """
    again = recomputed(region, measure, series)
    if again is None:
        return None
    value, tolerance = again
    own = measurement.uncertainty.value if measurement.uncertainty else 0.0
    allowed = max(tolerance, 2 * own) * (2 if measurement.doubtful else 1)
    return value if abs(value - measurement.value) > allowed + 1e-9 else None


def in_plane_axes(array: NDArray[np.bool_], affine: geometry.Affine) -> tuple[float, float]:
    """Long and short axis in mm of a mask ``[slice, row, column]``.

    A run of n pixels is n pixels long: half a pixel at both ends belongs to it.
    """
    steps = np.asarray(affine[:3, 1:3], dtype=np.float64)
    return max((_layer_axes(layer, steps) for layer in array if layer.any()), default=(0.0, 0.0))


def _layer_axes(layer: NDArray[np.bool_], steps: NDArray[np.float64]) -> tuple[float, float]:
    indices = np.argwhere(layer).astype(np.float64)
    pixel = float(np.linalg.norm(steps, axis=0).mean())
    points = _hull(indices) @ steps.T
    longest = float(np.linalg.norm(points[:, None, :] - points[None, :, :], axis=-1).max())
    widths = points @ _across(indices @ steps.T)
    return longest + pixel, min(longest, float(widths.max() - widths.min())) + pixel


def _across(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The unit vector in plane, perpendicular to where the pixels ``[n, 3]`` spread most.

    The direction of the farthest pair jumps by many degrees on a grid; that of the spread does not.
    """
    gaps = points - points.mean(axis=0)
    _, directions = np.linalg.eigh(gaps.T @ gaps)  # from the plane's normal to the widest spread
    return np.asarray(directions[:, 1], dtype=np.float64)


def _hull(indices: NDArray[np.float64]) -> NDArray[np.float64]:
    """The pixels on the convex hull; all of them where they lie on a line."""
    from scipy.spatial import ConvexHull, QhullError

    try:
        return np.asarray(indices[ConvexHull(indices).vertices], dtype=np.float64)
    except (QhullError, ValueError):
        return indices


def _volume(array: NDArray[np.bool_], affine: geometry.Affine) -> tuple[float, float]:
    voxel = geometry.voxel_volume_mm3(affine) / 1000.0
    count = int(np.count_nonzero(array))
    padded = np.pad(array, 1)
    surface = sum(
        int(np.count_nonzero(np.diff(padded.astype(np.int8), axis=axis))) for axis in range(3)
    )
    return count * voxel, max(VOLUME_SHARE * count, surface / 2 / 3) * voxel
