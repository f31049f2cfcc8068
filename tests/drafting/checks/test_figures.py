"""Numbers and units are read as people write them, and compared by what they mean."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medmm.drafting.checks.reading.characters import plain
from medmm.drafting.checks.reading.quantities import figures, number, units
from medmm.drafting.checks.reading.tokens import tokenise
from medmm.drafting.checks.recompute import disagrees, recomputed
from medmm.nouns import (
    Evidence,
    FilmView,
    Mask,
    Measurement,
    Origin,
    Region,
    Series,
    Uncertainty,
    Upright,
    Verdict,
)
from tests.drafting.checks.cases import fails, masked_case, verdicts

SPELLINGS = [
    (form, unit)
    for name, unit in units()[0].items()
    for form in units()[1].find(tokenise(name)) and [name]
    if unit.dimension in ("length", "volume", "attenuation", "ratio")
]


def read(text: str) -> list[tuple[float, str]]:
    return [
        (round(one.value, 6), one.unit.dimension if one.unit else "")
        for one in figures(tokenise(plain(text)))
    ]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.decimals(min_value=0, max_value=99999, places=2, allow_nan=False),
    st.sampled_from(SPELLINGS),
    st.sampled_from(["", " ", " "]),
)
def test_a_written_figure_reads_back_to_its_value_in_base_units(value, spelling, gap):
    form, unit = spelling
    (figure,) = figures(tokenise(plain(f"{value}{gap}{form}")))
    assert figure.unit == unit
    assert figure.value == pytest.approx(float(value) * unit.factor)
    assert figure.step == pytest.approx(0.01 * unit.factor)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(min_value=1000, max_value=9_999_999))
def test_thousands_with_commas_read_like_plain_numbers(value):
    assert number(f"{value:,}") == number(str(value))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("14 x 10 mm", [(14, "length"), (10, "length")]),
        ("16.8 mm × 11.6 mm", [(16.8, "length"), (11.6, "length")]),
        ("1.4 by 1.0 cm", [(14, "length"), (10, "length")]),
        ("from 12 to 17 mm", [(12, "length"), (17, "length")]),
        ("12–17 mm", [(12, "length"), (17, "length")]),
        ("−812 HU", [(-812, "attenuation")]),
        ("minus 812 Hounsfield units", [(-812, "attenuation")]),
        ("2,31 L", [(2310, "volume")]),
        ("640 cm³", [(640, "volume")]),
        ("two centimetres", [(20, "length")]),
        ("7 per cent", [(7, "ratio")]),
        ("image 48 of series 3", [(48, ""), (3, "")]),
        ("T5 and L3", []),
    ],
)
def test_figures_are_read_in_the_ways_that_radiologists_write_them(text, expected):
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "The nodule measures 16.8 x 11.6 mm.",
        "The nodule measures 17 x 12 mm.",
        "The nodule measures 1.7 cm.",
        "Short axis of the nodule: 12 mm.",
        "The right lung measures 2310 mL.",
        "The right lung measures 2,310 cm3.",
        "The right lung measures 2.3 litres.",
        "Both lungs together measure 4.35 L.",
        "The nodule is seen on image 48 of series 3 and lies at T5.",
        "Follow-up in 3 months.",
        "The nodule is larger than 8 mm.",
    ],
)
def test_a_true_figure_raises_no_alarm_however_it_is_written(text):
    assert fails(text) == set()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("The nodule measures 16 x 12 mm.", "cut instead of rounded"),
        ("The nodule measures 2 cm.", "rounded to another meaning"),
        ("The right lung measures 2.31 mL.", "wrong unit"),
        ("The right lung measures 2040 mL.", "the other lung's figure"),
        ("Short axis of the nodule: 17 mm.", "the other axis"),
        ("The nodule is smaller than 8 mm.", "a bound that does not hold"),
        ("The aorta measures 41 mm.", "nobody measured it"),
        ("A 76-year-old man.", "another age"),
    ],
)
def test_a_wrong_figure_fails_the_number_check(text, why):
    assert "number" in fails(text), why


def test_the_slice_thickness_of_the_header_may_be_named_in_the_technique_only():
    assert fails("Slices of 1.25 mm.", section="Technique") == set()
    assert "number" in fails("The nodule measures 1.25 mm.")


def test_a_measurement_that_its_stored_mask_gives_stays_measured():
    cited = (Evidence("measurement", "n:long axis"), Evidence("measurement", "n:volume"))
    case = masked_case()
    said = verdicts("The nodule is 18.0 mm long.", case, state="measured", evidence=cited)
    assert (said["number"], said["state"]) == ("pass", "measured")


@pytest.mark.parametrize("changed", [{"long_axis": 24.0}, {"short_axis": 15.5}, {"volume": 0.9}])
def test_a_measurement_that_its_stored_mask_does_not_give_is_contradicted(changed):
    ((name, value),) = changed.items()
    name = name.replace("_", " ")
    unit = "mL" if name == "volume" else "mm"
    said = verdicts(
        f"The {name} of the nodule is {value} {unit}.",
        masked_case(**changed),
        state="measured",
        evidence=(Evidence("measurement", f"n:{name}"),),
    )
    assert (said["number"], said["state"]) == ("fail", "contradicted")


def test_a_mask_of_one_voxel_is_measured_too():
    affine = np.diag([2.0, 1.0, 1.0, 1.0])
    mask = Mask(np.ones((1, 1, 1), dtype=np.bool_), (3, 4, 5), (9, 9, 9))
    region = Region("r", "lung nodule", "mask", "1.2", mask=mask, affine_lps=affine)
    assert recomputed(region, "long_axis") == (1.0, 1.42)
    assert recomputed(region, "volume")[0] == pytest.approx(0.002)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    st.floats(min_value=8, max_value=24),
    st.floats(min_value=0.5, max_value=1.0),
    st.floats(min_value=0, max_value=np.pi),
)
def test_axes_of_a_turned_ellipse_come_back_within_the_tolerance(long_mm, ratio, angle):
    gap = 0.7
    y, x = np.meshgrid(*(np.arange(60) * gap - 20.6,) * 2, indexing="ij")
    along, across = y * np.cos(angle) + x * np.sin(angle), x * np.cos(angle) - y * np.sin(angle)
    inside = (2 * along / long_mm) ** 2 + (2 * across / (long_mm * ratio)) ** 2 <= 1
    affine = np.diag([1.0, gap, gap, 1.0])
    region = Region("r", "x", "mask", "1.2", mask=Mask.of(inside[None]), affine_lps=affine)
    for measure, true in (("long_axis", long_mm), ("short_axis", long_mm * ratio)):
        value, tolerance = recomputed(region, measure)
        assert abs(value - true) <= tolerance


def flat_region(mask: np.ndarray) -> Region:
    return Region("r", "right lung", "mask", "1.2", "k", laterality="right", mask=Mask.of(mask))


def film_of(
    orientation: tuple[str, ...] = (), spacing: tuple[float, float] | None = None
) -> Series:
    return Series(
        "1.2", "k", "DX", "CHEST", "picture", Verdict("usable"), Origin("1"), load=lambda: None,
        spacing_mm=spacing, view=FilmView(patient_orientation=orientation),
    )  # fmt: skip


@pytest.mark.parametrize(
    "orientation", [(), ("L", "F"), ("R", "F"), ("L", "H"), ("F", "L"), ("H", "R")]
)
def test_a_lungs_area_and_zones_come_back_from_its_flat_mask(orientation):
    upright = np.zeros((240, 160), dtype=np.bool_)
    for row in range(30, 210):
        upright[row, 20 : 40 + row // 3] = True
    stored = Upright.of(orientation).back(upright)
    region, film = flat_region(stored), film_of(orientation, (0.5, 0.4))
    total = upright.sum()
    assert recomputed(region, "area_fraction", film)[0] == pytest.approx(100 * total / (240 * 160))
    assert recomputed(region, "area", film)[0] == pytest.approx(total * 0.2)
    for place, name in enumerate(("upper", "middle", "lower")):
        part = 100 * upright[30 + 60 * place : 90 + 60 * place].sum() / total
        value, tolerance = recomputed(region, f"{name}_zone_share", film)
        assert value == pytest.approx(part)
        assert tolerance < 2


def test_an_area_needs_a_calibrated_film_and_an_unknown_measure_gives_nothing():
    region = flat_region(np.ones((10, 10), dtype=np.bool_))
    assert recomputed(region, "area", film_of()) is None
    assert recomputed(region, "volume", film_of()) is None
    assert recomputed(region, "area_fraction") is None


@pytest.mark.parametrize(("said", "outcome"), [(50.0, None), (51.0, 50.0)])
def test_an_area_fraction_that_the_mask_does_not_give_is_found(said, outcome):
    mask = np.zeros((20, 20), dtype=np.bool_)
    mask[:10] = True
    measurement = Measurement("m", "area fraction", said, "%", "m", "e", Uncertainty("r", 0.1))
    assert disagrees(measurement, flat_region(mask), "area_fraction", film_of()) == outcome
