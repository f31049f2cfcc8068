"""Windows that a series may be shown by: its own first, then percentiles or presets that fit."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medmm.assembly.viewing import ShownSeries
from medmm.nouns import Series

# Enough for percentiles to a tenth of a percent, few enough to read in milliseconds.
SAMPLES = 65536
SLICES = 16


@dataclass(frozen=True, slots=True)
class Preset:
    """A row of presets.toml; ``centre`` and ``width`` are in ``units``."""

    name: str
    modality: str
    units: str
    width: float
    centre: float
    key: str
    source: str


@cache
def presets() -> tuple[Preset, ...]:
    """All rows of presets.toml, in its order."""
    rows = tomllib.loads(files("ui.viewer").joinpath("presets.toml").read_text("utf-8"))
    return tuple(Preset(**row) for row in rows["preset"])


def fitting(series: Series) -> list[dict[str, Any]]:
    """The presets for a series' modality and units."""
    return [
        asdict(preset)
        for preset in presets()
        if (preset.modality, preset.units) == (series.modality, series.units)
    ]


def own_windows(series: Series, shown: ShownSeries) -> list[dict[str, Any]]:
    """The series' own windows, the first one being how it is first shown.

    First the header's (0028,1050/1051); values without a scale of their own and without a window
    get percentiles 1 to 99; 8-bit values are shown as they are. A CT without a window gets none:
    its first preset counts, never its least and greatest value.
    """
    if shown.channels == 3:
        return []
    if shown.window is not None:
        centre, width = shown.window
        return [_window("The image's own", centre, width, _function(series.header), "header")]
    if shown.array.dtype in (np.uint8, np.bool_):
        return [_window("As stored", 127.5, 255.0, "LINEAR_EXACT", "8-bit values as they are")]
    if series.units == "HU":
        return []
    low, high = percentiles(shown.array)
    width = max(high - low, 1e-6)
    return [_window("1st to 99th percentile", (low + high) / 2, width, "LINEAR_EXACT", "values")]


def percentiles(array: NDArray[Any]) -> tuple[float, float]:
    """Percentiles 1 and 99 of evenly taken samples of ``[slice, row, column, ...]``."""
    some = array[:: max(1, array.shape[0] // SLICES)]
    step = max(1, int(np.sqrt(some.size / SAMPLES)))
    values = np.asarray(some[:, ::step, ::step], dtype=np.float64)
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 1.0
    low, high = np.percentile(values, (1, 99))
    if low == high:
        low, high = values.min(), values.max()
    return float(low), float(high)


def _function(header: Mapping[str, str]) -> str:
    """VOI LUT Function (0028,1056) where the header is kept with it; LINEAR is its default."""
    named = header.get("VOILUTFunction", "LINEAR")
    return named if named in ("LINEAR", "LINEAR_EXACT", "SIGMOID") else "LINEAR"


def _window(name: str, centre: float, width: float, function: str, source: str) -> dict[str, Any]:
    return {
        "name": name,
        "centre": centre,
        "width": width,
        "function": function,
        "source": source,
    }
