"""The one rounding rule."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medmm.drafting.figures import Shown, decimals, shown, slice_number, written_unit


@pytest.mark.parametrize(
    ("value", "unit", "off", "written"),
    [
        (2312.4, "mL", 14.0, Shown("2.31", "L")),
        (2312.4, "mL", 120.0, Shown("2.3", "L")),
        (999.0, "mL", 2.0, Shown("999", "mL")),
        (640.0, "mL", 15.0, Shown("640", "mL")),
        (1.364, "mL", 0.2, Shown("1.4", "mL")),
        (0.0512, "mL", None, Shown("0.05", "mL")),
        (16.82, "mm", 0.6, Shown("16.8", "mm")),
        (16.82, "mm", 1.3, Shown("17", "mm")),
        (16.82, "mm", 0.9999999999999999, Shown("17", "mm")),
        (16.82, "mm", None, Shown("16.8", "mm")),
        (123.4, "mm", 0.01, Shown("123", "mm")),
        (-823.4, "[hnsf'U]", 2.0, Shown("-823", "HU")),
        (-0.3, "[hnsf'U]", 2.0, Shown("0", "HU")),
        (3.24, "%", 0.3, Shown("3.2", "%")),
        (452.2, "mm2", 12.0, Shown("450", "mm²")),
        (0.0, "mL", 0.1, Shown("0", "mL")),
    ],
)
def test_digits_end_where_the_uncertainty_or_the_unit_does(
    value: float, unit: str, off: float | None, written: Shown
) -> None:
    assert shown(value, unit, off) == written


@pytest.mark.parametrize(
    ("value", "unit", "off", "written"),
    [
        (0.003, "mL", 0.001, Shown("0.01", "mL", "less than")),
        (3.0, "mL", 40.0, Shown("50", "mL", "less than")),
        (0.02, "%", None, Shown("0.1", "%", "less than")),
        (99.98, "%", 0.01, Shown("99.9", "%", "more than")),
    ],
)
def test_what_rounding_would_turn_into_nothing_or_the_whole_is_a_bound(
    value: float, unit: str, off: float | None, written: Shown
) -> None:
    assert shown(value, unit, off) == written


@settings(deadline=None, max_examples=300, derandomize=True)
@given(
    value=st.floats(0.001, 1e5),
    unit=st.sampled_from(["mL", "mm", "mm2", "%", "[hnsf'U]", "kPa"]),
    off=st.none() | st.floats(1e-4, 1e3),
)
def test_a_written_figure_is_true_within_its_last_digit_and_shows_no_digit_beyond_the_uncertainty(
    value: float, unit: str, off: float | None
) -> None:
    written = shown(value, unit, off)
    factor, symbol = written_unit(value, unit)
    number = float(written.number)
    assert written.unit == symbol
    if written.bound == "less than":
        assert value * factor < number
        return
    if written.bound == "more than":
        assert value * factor > number
        return
    _, _, digits = written.number.partition(".")
    place = 10.0 ** -len(digits)
    if off is not None:
        assert place >= 10.0 ** (math.floor(math.log10(off * factor)) - 1e-9) or place == 1.0
        place = max(place, 10.0 ** math.floor(math.log10(off * factor)))
    significant = 10.0 ** (math.floor(math.log10(value * factor)) - 2)
    assert abs(number - value * factor) <= 0.5 * max(place, significant) * (1 + 1e-9)


def test_slices_are_counted_from_one() -> None:
    assert slice_number(0) == 1


@pytest.mark.parametrize(
    ("value", "text"), [(0.7, "0.7"), (2.5, "2.5"), (0.9765625, "0.98"), (5.0, "5"), (10.0, "10")]
)
def test_header_numbers_have_no_trailing_zeros(value: float, text: str) -> None:
    assert decimals(value) == text
