"""Whether a series is a chest CT: by its header, its geometry, and a look at its pixels."""

from collections.abc import Callable

import numpy as np

from expert_models.anatomy import SILENT_PARTS
from expert_models.chest_ct import coverage, shared
from expert_models.chest_ct.frame import Frame
from medmm.errors import MedmmError
from medmm.nouns import Applicability, Selection, Series, Study, Volume

_CHEST_WORDS = ("CHEST", "THORAX", "LUNG", "CHESTABDPELVIS", "CHESTABDOMEN", "WHOLEBODY", "TRUNK")
_NOT_SLICES = ("LOCALIZER", "SCOUT", "TOPOGRAM", "SURVIEW", "PROJECTION", "MIP", "MIN IP", "MINIP")
_FEWEST_SLICES = 8
_SHORTEST_MM = 40.0
_WIDEST_GAP_MM = 10.0
_WIDE_GAP_MM = 5.0
_WIDEST_PIXEL_MM = 4.0
_NARROWEST_FIELD_MM = 120.0
_LEAST_ALIGNED = 0.75
_LEAST_LUNG_ML = 30.0

Refusal = str


def selections(study: Study) -> list[Selection]:
    """Every CT series of a study, each with applies, doubtful or refuses and a reason."""
    return [Selection((series,), judged(series)) for series in study.series]


def judged(series: Series) -> Applicability:
    """The answer for one series; pixels are loaded only if header and geometry allow it."""
    for look in (_by_header, _by_geometry):
        refusal = look(series)
        if refusal:
            return Applicability("refuses", refusal)
    try:
        content = series.content
    except MedmmError as error:
        return Applicability("refuses", f"Its pixels cannot be read: {error}")
    if not isinstance(content, Volume) or content.array.ndim != 3:
        return Applicability("refuses", "It is no single volume of slices.")
    refusal = _by_volume(content)
    if refusal:
        return Applicability("refuses", refusal)
    return _by_pixels(content, series)


def _by_header(series: Series) -> Refusal:
    if not series.usable:
        return f"The reader refused it: {series.verdict.sentence}".strip()
    if series.modality != "CT":
        return f"It is {series.modality or 'of no stated modality'}, not CT."
    if series.kind != "volume":
        return f"It is a {series.kind}, not a volume of slices."
    words = f"{series.header.get('ImageType', '')} {series.description}".upper()
    for word in _NOT_SLICES:
        if word in words.replace("\\", " ").replace("_", " ").replace(",", " ").split():
            return f"It is a localizer or projection by its header ({word})."
    return ""


def _by_geometry(series: Series) -> Refusal:
    if len(series.shape) != 3:
        return "It is no single volume of slices."
    if min(series.shape) < _FEWEST_SLICES:
        few = min(series.shape)
        return f"It has {few} slice{'s' if few != 1 else ''}; at least {_FEWEST_SLICES} are needed."
    if series.units and series.units != "HU":
        return f"Its values are in {series.units}, not in Hounsfield units."
    return ""


def _by_volume(volume: Volume) -> Refusal:
    if volume.units != "HU":
        return f"Its values are in {volume.units}, not in Hounsfield units."
    if volume.array.size == 0 or min(volume.array.shape) < _FEWEST_SLICES:
        return f"It is empty or has fewer than {_FEWEST_SLICES} slices."
    if not np.isfinite(volume.affine_lps).all() or volume.voxel_ml < 1e-9:
        return "Its place in the patient is not known."
    frame = Frame.of(volume)
    head, posterior, left = frame.spacing
    if head > _WIDEST_GAP_MM or max(posterior, left) > _WIDEST_PIXEL_MM:
        return f"Voxels of {head:.1f} x {posterior:.1f} x {left:.1f} mm are too large."
    if head * frame.shape[0] < _SHORTEST_MM:
        return f"It covers only {head * frame.shape[0]:.0f} mm along the body."
    if min(posterior * frame.shape[1], left * frame.shape[2]) < _NARROWEST_FIELD_MM:
        return "Its field of view is too narrow for a chest."
    return ""


def _by_pixels(volume: Volume, series: Series) -> Applicability:
    look = shared.look_at(volume)
    lung_ml = float(np.count_nonzero(look.lungs)) * look.blocks.voxel_ml
    if lung_ml < _LEAST_LUNG_ML:
        return Applicability("refuses", _no_lung(lung_ml, look.gas_ml, series.body_part), 0.0)
    doubts = [doubt for doubt in (look_for(volume, series) for look_for in _DOUBTS) if doubt]
    if doubts:
        return Applicability("doubtful", " ".join(doubts), 0.5)
    return Applicability("applies", "There is lung in it.", 1.0)


def _no_lung(lung_ml: float, gas_ml: float, body_part: str) -> Refusal:
    parts = ["No lung was found in its pixels"]
    if lung_ml >= 1:
        parts.append(f" beyond {lung_ml:.0f} mL")
    if gas_ml >= 1:
        parts.append(f"; the other air in it ({gas_ml:.0f} mL) is too dark or too small to be lung")
    said = f" Its header says {body_part}." if body_part.upper() not in SILENT_PARTS else ""
    return "".join(parts) + "." + said


def _uncovered(volume: Volume, series: Series) -> str:  # noqa: ARG001
    seen = coverage.of(shared.look_at(volume))
    return seen.sentence if seen.bases_only or seen.head_missing else ""


def _contradicted(volume: Volume, series: Series) -> str:  # noqa: ARG001
    part = series.body_part.upper().replace(" ", "").replace("_", "")
    if part in SILENT_PARTS or any(word in part for word in _CHEST_WORDS):
        return ""
    return f"Its header says {series.body_part}, its pixels show lung."


def _coarse(volume: Volume, series: Series) -> str:  # noqa: ARG001
    gap = Frame.of(volume).spacing[0]
    return f"Slices {gap:.1f} mm apart are coarse for this." if gap > _WIDE_GAP_MM + 0.05 else ""


def _oblique(volume: Volume, series: Series) -> str:  # noqa: ARG001
    if Frame.of(volume).alignment >= _LEAST_ALIGNED:
        return ""
    return "Its slices lie far from every plane of the patient."


_DOUBTS: tuple[Callable[[Volume, Series], str], ...] = (
    _uncovered,
    _contradicted,
    _coarse,
    _oblique,
)
