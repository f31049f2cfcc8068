"""Masks of regions, unpacked once and kept in memory up to a limit, so that slices come at once."""

from collections import OrderedDict
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medmm.assembly.homes import OpenHome
from medmm.assembly.viewing import ShownSeries, kept_mask
from medmm.nouns import Mask
from ui.viewer.planes import Plane

MOST_BYTES = 256 * 1024 * 1024


class MaskShelf:
    """Unpacked masks by home, file and series, the longest unused dropped first."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._held: OrderedDict[tuple[str, str, int], Mask] = OrderedDict()
        # Several slices of one mask are asked for at once: it is unpacked for the first of them.
        self._lock = Lock()

    def get(self, opened: OpenHome, name: str, series: ShownSeries) -> Mask:
        """The mask of a file of the home on its series' grid.

        Raises:
            NotFoundError: the file is missing.
            InputError: it is of another grid.
            StorageError: it is damaged.
        """
        key = (str(opened.path), name, series.id)
        with self._lock:
            if key not in self._held:
                self._held[key] = kept_mask(opened, name, series)
                self._shrink()
            self._held.move_to_end(key)
            return self._held[key]

    def _shrink(self) -> None:
        while len(self._held) > 1 and self._bytes() > self._most:
            self._held.popitem(last=False)

    def _bytes(self) -> int:
        return sum(mask.array.nbytes for mask in self._held.values())


def cut(mask: Mask, plane: Plane, number: int) -> NDArray[np.bool_]:
    """Slice ``number`` of a mask in a plane, ``[row, column]``, without the full grid in memory."""
    axis = plane.axes[0]
    rows_columns = [size for place, size in enumerate(mask.shape) if place != axis]
    flat = np.zeros(rows_columns, dtype=np.bool_)
    inside = number - mask.start[axis]
    if 0 <= inside < mask.array.shape[axis]:
        window = tuple(part for place, part in enumerate(mask.window) if place != axis)
        flat[window] = np.take(mask.array, inside, axis=axis)
    if plane.axes[1] > plane.axes[2]:
        flat = flat.T
    steps = tuple(slice(None, None, -1 if flip else 1) for flip in plane.flips)
    return np.asarray(flat[steps])


def told(mask: Mask) -> dict[str, Any]:
    """Where a mask is: first and last stored slice, the one with most of it, how many voxels."""
    if not mask.count:
        return {"slices": None, "largest": None, "voxels": 0}
    counts = np.count_nonzero(mask.array, axis=(1, 2))
    first = mask.start[0]
    return {
        "slices": [first, first + mask.array.shape[0] - 1],
        "largest": first + int(np.argmax(counts)),
        "voxels": mask.count,
    }
