"""RECIST's long and short axis of a nodule in one axial slice, finer than its pixels.

Long axis: the longest diameter in the slice; short axis: the longest diameter perpendicular to it
in the same slice (Eisenhauer et al., Eur J Cancer 2009;45:228-247).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medmm.nouns.geometry import Affine

_FINE_MM = 0.15
_DISC = 0.4


@dataclass(frozen=True)
class Axes:
    """Both axes in mm and the slice (in the given array) that they were measured in.

    ``filling`` is the spot's area, with the vessels that hang on it, over that of the ellipse with
    the axes that it would have with them.
    """

    long_mm: float
    short_mm: float
    filling: float
    slice: int


def largest(
    hu: NDArray[np.float32], allowed: NDArray[np.bool_], border_hu: float, affine: Affine
) -> Axes | None:
    """The axes in the slice where the long axis is longest.

    ``hu`` is ``[slice, row, column]``, ``allowed`` where the nodule may be, ``affine`` the index to
    mm map. The border is where the image, linear between pixels, crosses ``border_hu``.
    """
    every = [
        Axes(*found, slice=index)
        for index in range(hu.shape[0])
        if allowed[index].any()
        and (found := _in_slice(hu[index], allowed[index], border_hu, affine[:3, 1:3])) is not None
    ]
    return max(every, key=lambda axes: axes.long_mm, default=None)


def _in_slice(
    hu: NDArray[np.float32], allowed: NDArray[np.bool_], border_hu: float, steps: Affine
) -> tuple[float, float, float] | None:
    """Long and short axis of the largest bright spot of one slice, and its filling."""
    from scipy import ndimage

    index, flat = _fine_grid(allowed, steps)
    values = ndimage.map_coordinates(hu, index, order=1, mode="nearest")
    permitted = ndimage.map_coordinates(allowed.astype(np.float32), index, order=0, mode="nearest")
    labels, count = ndimage.label((values > border_hu) & (permitted > 0))
    if count == 0:
        return None
    spot = labels == 1 + int(np.argmax(np.bincount(labels.ravel())[1:]))
    whole_long, whole_short = _axes_of(flat, spot)
    area = float(np.count_nonzero(spot)) * _FINE_MM**2
    filling = area / (np.pi / 4 * whole_long * whole_short)
    return (*_axes_of(flat, _without_stubs(spot)), filling)


def _without_stubs(spot: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A spot without what a disc of 0.4 of its largest inscribed disc cannot reach: cut vessels.

    An ellipse keeps its tips up to a ratio of 2.5 of its axes.
    """
    from scipy import ndimage

    depth = ndimage.distance_transform_edt(np.pad(spot, 1))[1:-1, 1:-1]
    radius = _DISC * float(depth.max())
    away = ndimage.distance_transform_edt(depth <= radius)
    labels, _ = ndimage.label(spot & (away < radius))
    top = np.unravel_index(int(np.argmax(depth)), depth.shape)
    return np.asarray(labels == labels[top])


def _fine_grid(
    allowed: NDArray[np.bool_], steps: Affine
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Index coordinates and plane coordinates in mm of a fine square grid over ``allowed``.

    The plane's axes are orthonormal whatever the pixels are.
    """
    first = steps[:, 0] / np.linalg.norm(steps[:, 0])
    second = steps[:, 1] - (steps[:, 1] @ first) * first
    second /= np.linalg.norm(second)
    to_plane = np.stack([first, second]) @ steps
    corners = np.argwhere(allowed)
    low, high = corners.min(axis=0) - 1.0, corners.max(axis=0) + 1.0
    ends = np.array([[a, b] for a in (low[0], high[0]) for b in (low[1], high[1])]) @ to_plane.T
    sides = [np.arange(ends[:, side].min(), ends[:, side].max(), _FINE_MM) for side in (0, 1)]
    flat = np.stack(np.meshgrid(sides[0], sides[1], indexing="ij"))
    index = np.einsum("ab,bij->aij", np.linalg.inv(to_plane), flat)
    return index, flat


def _axes_of(flat: NDArray[np.float64], spot: NDArray[np.bool_]) -> tuple[float, float]:
    """Longest distance between a spot's edge points, and the longest chord across it."""
    from scipy import ndimage

    edge = flat[:, spot & ~ndimage.binary_erosion(spot)].T
    angles = np.linspace(0.0, np.pi, 180, endpoint=False)
    directions = np.stack([np.cos(angles), np.sin(angles)])
    along = edge @ directions
    extent = along.max(axis=0) - along.min(axis=0)
    best = int(np.argmax(extent))
    across = directions[:, (best + 90) % 180]
    u, v = edge @ directions[:, best], edge @ across
    rows = np.round((u - u.min()) / _FINE_MM).astype(int)
    lowest = np.full(rows.max() + 1, np.inf)
    highest = np.full(rows.max() + 1, -np.inf)
    np.minimum.at(lowest, rows, v)
    np.maximum.at(highest, rows, v)
    chord = float(np.max(highest - lowest))
    return float(extent[best]) + _FINE_MM, chord + _FINE_MM
