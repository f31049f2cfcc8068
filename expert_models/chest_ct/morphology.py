"""Growing, shrinking and measuring masks by millimetres on grids whose steps differ."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask3 = NDArray[np.bool_]
Spacing = tuple[float, float, float]


def grown(mask: Mask3, radius_mm: float, spacing: Spacing) -> Mask3:
    """``mask`` grown by about ``radius_mm``, each axis by the nearest number of its steps."""
    return _grown_by(mask, [round(radius_mm / step) for step in spacing])


def _grown_by(mask: Mask3, counts: Sequence[int]) -> Mask3:
    """``mask`` grown by so many voxels along each axis.

    Steps as crosses and squares in turn give an octagonal ball; each axis takes part as often
    as its spacing fits into the radius, so thick slices are not grown further than thin ones.
    """
    rounds = max(counts)
    result = mask
    for turn in range(rounds):
        moving = [
            axis
            for axis, count in ((1, counts[1]), (2, counts[2]), (0, counts[0]))
            if (turn + 1) * count // rounds > turn * count // rounds
        ]
        result = _one_step(result, moving, square=turn % 2 == 1)
    return result


def _one_step(mask: Mask3, moving: Sequence[int], *, square: bool) -> Mask3:
    """``mask`` and its neighbours along ``moving`` axes, 0 last; ``square`` adds diagonals."""
    result = mask.copy()
    for axis in moving:
        # The second in-plane axis starts from what the first one has reached: a square.
        source = result.copy() if square and axis == 2 else mask
        _spread_along(source, result, axis)
    return result


def _spread_along(source: Mask3, target: Mask3, axis: int) -> None:
    """Both neighbours along one axis, set in place (much faster than a general dilation)."""
    from_, to = np.moveaxis(source, axis, 0), np.moveaxis(target, axis, 0)
    to[1:] |= from_[:-1]
    to[:-1] |= from_[1:]


def shrunk(mask: Mask3, radius_mm: float, spacing: Spacing) -> Mask3:
    """``mask`` without its outer ``radius_mm``; the grid's border does not eat it."""
    return ~grown(~mask, radius_mm, spacing)


def opened(mask: Mask3, radius_mm: float, spacing: Spacing) -> Mask3:
    """What is at least about ``2 * radius_mm`` thick; an axis with longer steps does not count."""
    counts = [int(radius_mm / step) for step in spacing]
    return _grown_by(~_grown_by(~mask, counts), counts) & mask


def closed(mask: Mask3, radius_mm: float, spacing: Spacing) -> Mask3:
    """``mask`` with gaps up to about ``2 * radius_mm`` wide filled; padded, so borders are safe."""
    pad = [(max(1, round(radius_mm / step)),) * 2 for step in spacing]
    # Slices beyond the first and last are unknown, not empty: the mask goes on as it ends.
    wide = np.pad(np.pad(mask, [pad[0], (0, 0), (0, 0)], mode="edge"), [(0, 0), pad[1], pad[2]])
    full = shrunk(grown(wide, radius_mm, spacing), radius_mm, spacing)
    return full[tuple(slice(before, -after) for before, after in pad)]


def filled_in_slices(mask: Mask3) -> Mask3:
    """``mask`` with the holes of each axial slice filled."""
    from scipy import ndimage

    in_slice = np.zeros((3, 3, 3), dtype=np.bool_)
    in_slice[1] = ndimage.generate_binary_structure(2, 1)
    labels, count = ndimage.label(~mask, structure=in_slice)
    outside = np.zeros(count + 1, dtype=np.bool_)
    for edge in (labels[:, 0], labels[:, -1], labels[:, :, 0], labels[:, :, -1]):
        outside[np.unique(edge)] = True
    outside[0] = False
    return np.asarray(~outside[labels])


def components(mask: Mask3) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Labels of face-connected parts from 1 on, and how many voxels each has (index 0 unused)."""
    from scipy import ndimage

    labels, count = ndimage.label(mask)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    sizes[0] = 0
    return labels, sizes


def largest(mask: Mask3) -> Mask3:
    """The part with most voxels (the first of equals)."""
    labels, sizes = components(mask)
    return np.asarray(labels == int(np.argmax(sizes))) if sizes.any() else np.zeros_like(mask)


def box_of(mask: NDArray[np.bool_], margin: Sequence[int]) -> tuple[slice, ...]:
    """Slices that hold all of a mask and ``margin`` more voxels along each axis."""
    parts = []
    for axis in range(mask.ndim):
        others = tuple(other for other in range(mask.ndim) if other != axis)
        hit = np.flatnonzero(mask.any(axis=others))
        first, last = (int(hit[0]), int(hit[-1])) if hit.size else (0, -1)
        parts.append(
            slice(max(0, first - margin[axis]), min(mask.shape[axis], last + 1 + margin[axis]))
        )
    return tuple(parts)
