"""A film as the net sees it: upright brightness, borders off, on a square; and masks back again."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.float32]

_DARK = 0.03
_LEAST_SIDE = 0.5
_LOOK = 512
_TINT, _TINTED = 24, 0.02


def is_nearly_gray(array: NDArray[np.generic]) -> bool:
    """Whether a colour picture ``[row, column, 3]`` of 8 bits is a gray one stored as colour.

    Compression tints a gray picture a little, and some carry a small coloured mark.
    """
    if array.ndim != 3 or array.shape[2] != 3 or array.dtype != np.uint8 or not array.size:
        return False
    tint = np.asarray(array.max(axis=2)) - np.asarray(array.min(axis=2))
    return float(np.mean(tint > _TINT)) < _TINTED


def brightness(array: NDArray[np.generic], *, inverted: bool = False) -> Gray:
    """Values ``[row, column]`` as brightness in [0, 1]: the film's own 0.5 to 99.5 percentiles.

    Colour channels, last, are averaged.

    ``inverted`` says that low values are shown bright (MONOCHROME1). A flat film is all zero;
    values that are not finite count as dark.
    """
    values = np.nan_to_num(np.asarray(array, dtype=np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    if values.ndim == 3:
        values = values.mean(axis=2)
    if inverted:
        values = -values
    steps = tuple(max(1, side // _LOOK) for side in values.shape)
    low, high = np.percentile(values[:: steps[0], :: steps[1]], (0.5, 99.5))
    if not high > low:
        return np.zeros(values.shape, dtype=np.float32)
    return np.asarray(np.clip((values - low) / (high - low), 0.0, 1.0), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Square:
    """A square of ``size`` pixels that holds the rows and columns ``box`` of a film.

    ``box`` is (row start, row stop, column start, column stop) in the film; it is scaled by
    ``scale`` and set in the middle, dark around it.
    """

    size: int
    box: tuple[int, int, int, int]
    shape: tuple[int, int]

    @classmethod
    def of(cls, film: Gray, size: int) -> "Square":
        """The square for a film, without its dark borders."""
        return cls(size, _lit(film), (film.shape[0], film.shape[1]))

    @property
    def inside(self) -> tuple[int, int, int, int]:
        """Where the film lies in the square: row start, row stop, column start, column stop."""
        top, bottom, left, right = self.box
        scale = self.size / max(bottom - top, right - left)
        rows = max(1, min(self.size, round((bottom - top) * scale)))
        columns = max(1, min(self.size, round((right - left) * scale)))
        row, column = (self.size - rows) // 2, (self.size - columns) // 2
        return row, row + rows, column, column + columns

    def put(self, film: Gray, *, nearest: bool = False) -> Gray:
        """The film on the square: averaged down or interpolated linearly, or labels by nearest."""
        top, bottom, left, right = self.box
        first, last, begin, end = self.inside
        square = np.zeros((self.size, self.size), dtype=np.float32)
        square[first:last, begin:end] = resized(
            film[top:bottom, left:right], (last - first, end - begin), nearest=nearest
        )
        return square

    def back(self, square: Gray) -> Gray:
        """Values on the square (one channel) on the film's own grid; zero outside of the box."""
        top, bottom, left, right = self.box
        first, last, begin, end = self.inside
        film = np.zeros(self.shape, dtype=np.float32)
        film[top:bottom, left:right] = resized(
            square[first:last, begin:end], (bottom - top, right - left)
        )
        return film


def standard(square: Gray) -> Gray:
    """Zero mean and unit deviation over the square."""
    deviation = float(square.std())
    return np.asarray((square - square.mean()) / max(deviation, 1e-3), dtype=np.float32)


def resized(
    values: Gray,
    shape: tuple[int, int],
    *,
    nearest: bool = False,
    box: tuple[float, float, float, float] | None = None,
) -> Gray:
    """``[row, column]`` on another grid; linear, and averaged over the area when made smaller.

    ``box`` is the part to take (left, top, right, bottom, in fractions of pixels).
    """
    from PIL import Image

    way = Image.Resampling.NEAREST if nearest else Image.Resampling.BILINEAR
    image = Image.fromarray(np.ascontiguousarray(values, dtype=np.float32))
    return np.asarray(image.resize((shape[1], shape[0]), way, box), dtype=np.float32)


def _lit(film: Gray) -> tuple[int, int, int, int]:
    """Rows and columns between the first and last that are not dark all along.

    A film of which less than half of a side is lit is kept whole: that is no border.
    """
    box: list[int] = []
    for axis, side in ((1, film.shape[0]), (0, film.shape[1])):
        hit = np.flatnonzero(film.max(axis=axis) > _DARK)
        span = (int(hit[0]), int(hit[-1]) + 1) if hit.size else (0, side)
        box += span if span[1] - span[0] >= _LEAST_SIDE * side else (0, side)
    return box[0], box[1], box[2], box[3]
