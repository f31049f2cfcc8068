"""Both lungs of an upright film: one net at three sizes, each also mirrored, then averaged."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from expert_models.cxr_lungs.film import Gray, Square, resized, standard

Net = Callable[[NDArray[np.float32]], NDArray[np.float32]]

SIZES = (192, 224, 256)
_RIM = 3
WORK = 448
"""The longest side in pixels of the grid on which passes are averaged and masks are mended."""


@dataclass(frozen=True, eq=False)
class Passes:
    """What each pass says on the work grid.

    ``each`` is ``[pass, side, row, column]``: probability of the lung at the image's left (0) and
    right (1). ``work`` is the film's brightness there, ``shape`` the film's own grid.
    """

    each: NDArray[np.float32]
    work: Gray
    shape: tuple[int, int]

    @cached_property
    def mean(self) -> NDArray[np.float32]:
        """``[side, row, column]``, averaged over the passes."""
        return np.asarray(self.each.mean(axis=0), dtype=np.float32)

    @cached_property
    def masks(self) -> NDArray[np.bool_]:
        """``[side, row, column]`` on the work grid: each lung one piece without holes."""
        return np.stack([mended(one) for one in _split(self.mean)])

    @cached_property
    def pass_masks(self) -> NDArray[np.bool_]:
        """``[pass, side, row, column]`` as each pass alone would have them, unmended."""
        return np.stack([_split(one) for one in self.each])

    def on_film(self) -> NDArray[np.bool_]:
        """``[side, row, column]`` on the film's own grid.

        Borders are found between pixels of the work grid, so that a fine film gets smooth ones.
        """
        kept = np.stack([_only(*pair) for pair in zip(self.mean, self.masks, strict=True)])
        found = np.zeros((2, *self.shape), dtype=np.bool_)
        for side in (0, 1):
            window = self._window(self.masks[side])
            if window is not None:
                fine = np.stack([_cut(one, window, self.shape) for one in kept])
                found[side][window] = mended(_split(fine)[side])
        return found

    def _window(self, mask: NDArray[np.bool_]) -> tuple[slice, slice] | None:
        """Rows and columns of the film that hold a mask of the work grid, with a rim; or None."""
        sides = []
        for axis in (0, 1):
            hit = np.flatnonzero(mask.any(axis=1 - axis))
            if not hit.size:
                return None
            scale = self.shape[axis] / mask.shape[axis]
            low, high = floor((hit[0] - _RIM) * scale), ceil((hit[-1] + 1 + _RIM) * scale)
            sides.append(slice(max(0, low), min(self.shape[axis], high)))
        return sides[0], sides[1]


def segment(net: Net, film: Gray) -> Passes:
    """The passes over an upright film (brightness ``[row, column]``)."""
    shape = (film.shape[0], film.shape[1])
    work = _work(film)
    each = [one for size in SIZES for one in _at(net, work, size)]
    return Passes(np.stack(each), work, shape)


def mended(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest piece of a mask, its holes filled."""
    pieces, count = ndimage.label(mask)
    if count > 1:
        sizes = np.bincount(pieces.ravel())
        sizes[0] = 0
        mask = pieces == int(sizes.argmax())
    return np.asarray(ndimage.binary_fill_holes(mask), dtype=np.bool_)


def _work(film: Gray) -> Gray:
    scale = WORK / max(film.shape)
    if scale >= 1:
        return film
    rows, columns = (max(1, round(side * scale)) for side in film.shape)
    return resized(film, (rows, columns))


def _at(net: Net, work: Gray, size: int) -> list[NDArray[np.float32]]:
    """The film as it is and mirrored, each ``[side, row, column]`` on the work grid."""
    square = Square.of(work, size)
    shown = standard(square.put(work))
    logits = net(np.stack([shown, shown[:, ::-1]])[:, None])
    likely = _softmax(logits)
    plain, mirrored = likely[0, 1:], likely[1, 1:][::-1, :, ::-1]
    return [np.stack([square.back(side) for side in both]) for both in (plain, mirrored)]


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float32)


def _split(likely: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Pixels that are more likely one lung than the other and than none."""
    none = 1 - likely.sum(axis=0)
    return np.stack([(likely[0] > likely[1]) & (likely[0] > none),
                     (likely[1] >= likely[0]) & (likely[1] > none)])  # fmt: skip


def _cut(values: Gray, window: tuple[slice, slice], shape: tuple[int, int]) -> NDArray[np.float32]:
    """A window of the film's grid ``shape`` out of values on the work grid."""
    rows, columns = window
    down, along = values.shape[0] / shape[0], values.shape[1] / shape[1]
    box = (columns.start * along, rows.start * down, columns.stop * along, rows.stop * down)
    return resized(values, (rows.stop - rows.start, columns.stop - columns.start), box=box)


def _only(likely: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Probability of the kept piece alone: other pieces out, holes in."""
    near = ndimage.binary_dilation(mask, iterations=2)
    return np.where(mask, np.maximum(likely, 0.51), np.where(near, likely, 0)).astype(np.float32)
