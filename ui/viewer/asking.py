"""What a path of the viewer names: a slice of a series in a plane, a region's mask, a window."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from medmm.assembly.homes import OpenHome
from medmm.assembly.viewing import (
    ShownSeries,
    VoiFunction,
    Window,
    document_of,
    shown_series,
)
from medmm.errors import InputError, NotFoundError
from ui.viewer import presets
from ui.viewer.document import parsed
from ui.viewer.planes import Plane, PlaneName, plane

FUNCTIONS: Mapping[str, VoiFunction] = {name: name for name in get_args(VoiFunction)}


@dataclass(frozen=True)
class Place:
    """A slice of a series in a plane."""

    series: ShownSeries
    plane: Plane
    number: int

    def values(self, time: int = 0) -> NDArray[Any]:
        """The slice ``[row, column]`` or ``[row, column, 3]``, a view into the pixel store.

        Raises:
            NotFoundError: there is no such time.
        """
        array = self.series.array
        if time >= self.series.steps:
            raise NotFoundError(f"Series {self.series.id} has {self.series.steps} times, from 0.")
        if array.ndim == 4 and self.series.channels == 1:
            array = array[..., time]
        return self.plane.cut(array, self.number)

    def tag(self, *what: object) -> str:
        """What an ETag says: the hash of the array's bytes and of what is asked of it."""
        asked = repr((self.series.sha256, self.plane.name, self.number, what))
        return hashlib.sha256(asked.encode()).hexdigest()[:32]


def place_of(opened: OpenHome, study: int, series: int, number: int, name: PlaneName) -> Place:
    """The slice that a path names.

    Raises:
        NotFoundError: there is no such series, plane or slice.
        InputError: the series has no pixels.
    """
    shown = shown_series(opened, study, series)
    found = plane(name, shown.array.shape, shown.affine_lps)
    if found is None:
        raise NotFoundError(f"Series {series} has no {name} plane.")
    if number >= found.shape[0]:
        raise NotFoundError(f"Series {series} has {found.shape[0]} {name} slices, from 0.")
    return Place(shown, found, number)


def report_document(
    opened: OpenHome, study: int, report: int, version: int | None
) -> Mapping[str, Any]:
    """A version's document, read as JSON once for all of its slices: versions never change.

    Raises:
        NotFoundError: the study has no such report, or it no such version.
    """
    return _parsed(document_of(opened, study, report, version))


@lru_cache(maxsize=8)
def _parsed(text: str) -> Mapping[str, Any]:
    return parsed(text)


def mask_name(document: Mapping[str, Any], region: str, series: ShownSeries) -> str:
    """The file of a region's mask, relative to the home.

    Raises:
        NotFoundError: the report has no such region on that series, or it has no mask.
    """
    for one in document["regions"]:
        if one["id"] == region and _on(one, series):
            if one["mask"]:
                return str(one["mask"])
            raise NotFoundError("This region has no mask.")
    raise NotFoundError(f"The report has no such region on series {series.id}.")


def _on(region: Mapping[str, Any], series: ShownSeries) -> bool:
    """Whether a region is of a series; reports of before series had keys name the UID alone."""
    key = region.get("series_key") or series.key
    return (region["series_uid"], key) == (series.uid, series.key)


def window_of(text: str) -> Window:
    """``W,L`` or ``W,L,FUNCTION``.

    Raises:
        InputError: it is neither, or no such window can be.
    """
    width, centre, name = [*text.split(","), "LINEAR", ""][:3]
    try:
        return Window(float(centre), float(width), FUNCTIONS[name])
    except (KeyError, ValueError) as error:
        raise InputError(
            "The window is none.", "Give W,L or W,L,FUNCTION, as 400,40.", code="window"
        ) from error


def first_window(series: ShownSeries) -> Window | None:
    """How a series is first shown: its own window, a CT's first preset, percentiles 1 to 99."""
    if series.channels == 3:
        return None
    if series.window is not None:
        return Window(*series.window)
    if series.array.dtype == np.uint8:
        return None
    if series.modality == "CT":
        first = next(one for one in presets.presets() if one.modality == "CT")
        return Window(first.centre, first.width)
    low, high = presets.percentiles(series.array)
    return Window((low + high) / 2, max(high - low, 1e-6), "LINEAR_EXACT")
