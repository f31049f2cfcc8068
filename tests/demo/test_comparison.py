"""A draft's document beside the truth."""

from typing import Any

import pytest

from medmm.demo.comparison import Row, compare
from medmm.demo.phantom import Phantom
from medmm.demo.truth import Truth


@pytest.fixture(scope="module")
def truth() -> Truth:
    return Truth.of(Phantom(0, shape=(40, 96, 96)))


def document(truth: Truth, **changed: float) -> dict[str, Any]:
    """A draft that measured everything right, apart from what is changed."""
    values = {
        "right": truth.right_lung_ml,
        "left": truth.left_lung_ml,
        "long": truth.nodule_long_axis_mm,
        "short": truth.nodule_short_axis_mm,
    } | changed
    other = "left" if truth.nodule_laterality == "right" else "right"
    return {
        "regions": [
            {"id": "r1", "label": "right lung", "laterality": "right"},
            {"id": "r2", "label": "left lung", "laterality": "left"},
            {"id": "r3", "label": "lung nodule", "laterality": other},
            {"id": "r4", "label": "lung nodule", "laterality": truth.nodule_laterality},
        ],
        "measurements": [
            _measurement("r1", "mean attenuation", -830.0, "[hnsf'U]"),
            _measurement("r1", "volume", values["right"], "mL"),
            _measurement("r2", "volume", values["left"], "mL"),
            _measurement("r3", "long axis", 4.0, "mm"),
            _measurement("r4", "long axis", values["long"], "mm"),
            _measurement("r4", "short axis", values["short"], "mm"),
        ],
    }


def _measurement(region: str, name: str, value: float, unit: str) -> dict[str, Any]:
    return {"region": region, "name": name, "value": value, "unit": unit}


def by_name(rows: list[Row]) -> dict[str, Row]:
    return {row.name: row for row in rows}


def test_right_measurements_are_within_their_bars(truth: Truth) -> None:
    rows = compare(document(truth), truth)
    assert [row.name for row in rows] == [
        "right lung volume",
        "left lung volume",
        "nodule long axis",
        "nodule short axis",
    ]
    assert all(row.within for row in rows)
    assert [row.unit for row in rows] == ["mL", "mL", "mm", "mm"]


@pytest.mark.parametrize(
    ("part", "name", "allowed"),
    [
        ("right", "right lung volume", 0.02),
        ("left", "left lung volume", 0.02),
        ("long", "nodule long axis", None),
        ("short", "nodule short axis", None),
    ],
)
@pytest.mark.parametrize("sign", [-1, 1])
def test_a_bar_is_held_just_inside_and_broken_just_outside(
    truth: Truth, part: str, name: str, allowed: float | None, sign: int
) -> None:
    true = by_name(compare(document(truth), truth))[name].true
    bar = true * allowed if allowed else 0.5
    inside = by_name(compare(document(truth, **{part: true + sign * bar * 0.98}), truth))
    outside = by_name(compare(document(truth, **{part: true + sign * bar * 1.02}), truth))
    assert inside[name].within
    assert not outside[name].within
    assert outside[name].difference == pytest.approx(sign * bar * 1.02)
    assert sum(not row.within for row in outside.values()) == 1


def test_a_draft_that_says_nothing_is_not_within(truth: Truth) -> None:
    rows = compare({"regions": [], "measurements": []}, truth)
    assert len(rows) == 4
    assert not any(row.within for row in rows)
    assert all(row.measured is None and row.difference is None for row in rows)


def test_a_nodule_on_the_wrong_side_does_not_count(truth: Truth) -> None:
    draft = document(truth)
    draft["regions"] = draft["regions"][:3]
    assert by_name(compare(draft, truth))["nodule long axis"].measured is None


def test_another_unit_is_not_taken_for_the_right_one(truth: Truth) -> None:
    draft = document(truth)
    draft["measurements"][1]["unit"] = "L"
    assert by_name(compare(draft, truth))["right lung volume"].measured is None
