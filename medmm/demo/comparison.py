"""What a draft measured on a phantom beside what is true."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from medmm.demo.film import Film
from medmm.demo.truth import Truth

VOLUME_BAR = 0.02
"""A lung's volume may be off by this part of itself."""
AXIS_BAR_MM = 0.5
SHARE_BAR = 2.0
"""The right lung's share on a film may be off by so many percentage points."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the comparison; ``measured`` and ``difference`` are None where a draft is silent.

    ``difference`` is measured minus true, ``bar`` the largest size it may have, in ``unit``.
    """

    name: str
    measured: float | None
    true: float
    difference: float | None
    unit: str
    bar: float
    within: bool


def compare(document: Mapping[str, Any], truth: Truth) -> list[Row]:
    """Both lungs' volumes and the nodule's axes, from a draft's JSON document.

    Of several nodules the one on the true side whose long axis the draft gives first counts, since
    candidates stand in the order of their score.
    """
    lungs = (("right lung", truth.right_lung_ml), ("left lung", truth.left_lung_ml))
    axes = (("long axis", truth.nodule_long_axis_mm), ("short axis", truth.nodule_short_axis_mm))
    rows = [
        _row(f"{label} volume", _value(document, _first(document, label), "volume", "mL"), true,
             "mL", true * VOLUME_BAR)
        for label, true in lungs
    ]  # fmt: skip
    nodule = _first(document, "lung nodule", truth.nodule_laterality)
    rows += [
        _row(f"nodule {name}", _value(document, nodule, name, "mm"), true, "mm", AXIS_BAR_MM)
        for name, true in axes
    ]
    return rows


def compare_film(document: Mapping[str, Any], film: Film) -> list[Row]:
    """The right lung's share of both lungs' area, from the film's draft.

    Areas themselves are not compared: a film hides the part of a lung in front of and behind the
    dome of the diaphragm, and who outlines a lung leaves it out.
    """
    right, left = film.shadow_mm2("right"), film.shadow_mm2("left")
    measured = next(
        (
            float(one["value"])
            for one in document["measurements"]
            if one["name"] == "right lung share" and one["unit"] == "%"
        ),
        None,
    )
    true = 100.0 * right / (right + left)
    return [_row("right lung's share on the film", measured, true, "%", SHARE_BAR)]


def _first(document: Mapping[str, Any], label: str, laterality: str | None = None) -> str | None:
    """Id of the first region with a label, and on a side if one is asked for."""
    for region in document["regions"]:
        if region["label"] == label and laterality in (None, region["laterality"]):
            return str(region["id"])
    return None


def _value(document: Mapping[str, Any], region: str | None, name: str, unit: str) -> float | None:
    """A region's measurement in the unit it must have."""
    for measurement in document["measurements"]:
        if region is not None and (measurement["region"], measurement["name"]) == (region, name):
            return float(measurement["value"]) if measurement["unit"] == unit else None
    return None


def _row(name: str, measured: float | None, true: float, unit: str, bar: float) -> Row:
    if measured is None:
        return Row(name, None, true, None, unit, bar, within=False)
    difference = measured - true
    return Row(name, measured, true, difference, unit, bar, abs(difference) <= bar)
