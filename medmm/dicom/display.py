"""Values into 8-bit brightness, for eyes only: windows, tables, inversion (PS3.3 C.11.2)."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from medmm.errors import UsageError
from medmm.nouns import Cine, Picture, Volume

Array = NDArray[Any]
VoiFunction: TypeAlias = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]


@dataclass(frozen=True, slots=True)
class Window:
    """A VOI window in the units of the values.

    Raises:
        UsageError: the width is not allowed (PS3.3 C.11.2.1.2: at least 1, for LINEAR_EXACT and
            SIGMOID greater than 0), or a number is not finite.
    """

    centre: float
    width: float
    function: VoiFunction = "LINEAR"

    def __post_init__(self) -> None:
        least = self.width >= 1 if self.function == "LINEAR" else self.width > 0
        if not (np.isfinite(self.centre) and np.isfinite(self.width) and least):
            raise UsageError(
                f"A window of width {self.width} around {self.centre} shows nothing.",
                "Give a finite centre and a width of at least 1.",
            )


def windowed(values: Array, window: Window, low: float = 0.0, high: float = 255.0) -> Array:
    """Values through a window, as float64 from ``low`` to ``high`` (PS3.3 C.11.2.1.2 and .3)."""
    x = np.asarray(values, dtype=np.float64)
    centre, width = window.centre, window.width
    if window.function == "SIGMOID":
        steps = np.clip(-4.0 * (x - centre) / width, -700.0, 700.0)
        return np.asarray((high - low) / (1.0 + np.exp(steps)) + low)
    if window.function == "LINEAR":
        centre, width = centre - 0.5, width - 1.0
    edge = width / 2.0
    if width == 0.0:
        return np.where(x <= centre, low, high)
    shown = ((x - centre) / width + 0.5) * (high - low) + low
    shown = np.where(x <= centre - edge, low, shown)
    return np.where(x > centre + edge, high, shown)


def picture_8bit(
    values: Array,
    window: Window | tuple[float, float] | None = None,
    *,
    inverted: bool = False,
) -> NDArray[np.uint8]:
    """Gray ``[..., row, column]`` or RGB ``[..., row, column, 3]`` values as 8 bit to look at.

    Without a window, gray values span their own range (8-bit values stay as they are). ``inverted``
    shows low values bright (MONOCHROME1), after the window, as PS3.3 C.11.6 orders. RGB values are
    never windowed; RGB of 16 bits keeps its upper 8.
    """
    if values.ndim >= 3 and values.shape[-1] == 3 and values.dtype in (np.uint8, np.uint16):
        return (values >> 8 if values.dtype == np.uint16 else values).astype(np.uint8)
    if window is None and values.dtype == np.uint8:
        shown = values
    else:
        shown = np.rint(windowed(values, _window(values, window))).astype(np.uint8)
    return np.asarray(255 - shown if inverted else shown, dtype=np.uint8)


def view_8bit(content: Volume | Picture | Cine) -> NDArray[np.uint8]:
    """A content's pixels by its own window, frames or slices first."""
    inverted = not isinstance(content, Volume) and content.inverted
    return picture_8bit(content.array, content.window, inverted=inverted)


def _window(values: Array, window: Window | tuple[float, float] | None) -> Window:
    if isinstance(window, Window):
        return window
    if window is not None:
        return Window(*window)
    low, high = float(values.min(initial=0)), float(values.max(initial=0))
    if values.size:
        low, high = float(values.min()), float(values.max())
    return Window((low + high) / 2.0, max(high - low, 1e-6), "LINEAR_EXACT")
