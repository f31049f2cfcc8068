"""What a series holds once its pixels or samples are asked for."""

from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from medmm.nouns import geometry
from medmm.nouns.geometry import Affine

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Volume:
    """A grid of voxels in the patient.

    ``array`` is ``[slice, row, column]``, with time (``axes`` ends in "t") or channel ("c") last if
    there is a fourth axis; its values are in ``units`` ("HU", "SUV", "1", ...). ``affine_lps`` maps
    an array index to LPS mm and may be sheared. ``padding`` marks voxels that were never measured.
    """

    array: Array
    affine_lps: Affine
    units: str
    axes: str = "kij"
    padding: NDArray[np.bool_] | None = None
    window: tuple[float, float] | None = None

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Steps in mm along slice, row and column."""
        return geometry.spacing_mm(self.affine_lps)

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in mL."""
        return geometry.voxel_volume_mm3(self.affine_lps) / 1000.0


@dataclass(frozen=True, eq=False)
class Picture:
    """A flat image ``[row, column]`` or ``[row, column, 3]`` (RGB).

    ``spacing_mm`` is (row gap, column gap) in the patient, or None where no calibration is known:
    no millimetre is ever made from None. ``detector_spacing_mm`` is the spacing at the detector of
    a projection, which is not the patient's. ``inverted`` says that low values are shown bright
    (MONOCHROME1); values themselves are never inverted.
    """

    array: Array
    units: str = "1"
    spacing_mm: tuple[float, float] | None = None
    detector_spacing_mm: tuple[float, float] | None = None
    window: tuple[float, float] | None = None
    inverted: bool = False


@dataclass(frozen=True, eq=False)
class Cine:
    """Frames over time ``[frame, row, column]`` or ``[frame, row, column, 3]``."""

    array: Array
    frame_seconds: float | None = None
    spacing_mm: tuple[float, float] | None = None
    units: str = "1"
    window: tuple[float, float] | None = None
    inverted: bool = False


@dataclass(frozen=True, eq=False)
class Waveform:
    """Samples ``[channel, sample]`` in mV, with their rate and lead names."""

    array: Array
    rate_hz: float
    leads: tuple[str, ...]
    units: str = "mV"


@dataclass(frozen=True)
class Document:
    """Text and structure of a report or an encapsulated document; its words are untrusted data.

    ``pages`` holds the character offset in ``text`` at which each page begins, and is empty where
    the format has no pages. Knowledge readers give Markdown ("text/markdown").
    """

    text: str
    title: str = ""
    media_type: str = "text/plain"
    headings: tuple[str, ...] = field(default_factory=tuple)
    pages: tuple[int, ...] = ()


Content: TypeAlias = Volume | Picture | Cine | Waveform | Document
