"""Windows follow PS3.3 C.11.2 to the letter, and only what is shown is inverted."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from medmm.dicom.display import Window, picture_8bit, view_8bit, windowed
from medmm.errors import UsageError
from medmm.nouns import Cine, Picture

FUNCTIONS = ["LINEAR", "LINEAR_EXACT", "SIGMOID"]
centres = st.floats(-3000, 3000)
widths = st.floats(1, 5000)


def standard(x: float, c: float, w: float, function: str, low: float, high: float) -> float:
    """The pseudo-code of PS3.3 C.11.2.1.2.1, C.11.2.1.3.2 and C.11.2.1.3.1, one value at a time."""
    if function == "SIGMOID":
        return (high - low) / (1 + np.exp(min(-4 * (x - c) / w, 700.0))) + low
    if function == "LINEAR_EXACT":
        if x <= c - w / 2:
            return low
        return high if x > c + w / 2 else ((x - c) / w + 0.5) * (high - low) + low
    if x <= c - 0.5 - (w - 1) / 2:
        return low
    if x > c - 0.5 + (w - 1) / 2:
        return high
    return ((x - (c - 0.5)) / (w - 1) + 0.5) * (high - low) + low


@pytest.mark.parametrize("function", FUNCTIONS)
@settings(max_examples=150, derandomize=True, deadline=None)
@given(values=st.lists(st.integers(-5000, 5000), min_size=1, max_size=20), c=centres, w=widths)
def test_a_window_is_the_standards(function: str, values: list[int], c: float, w: float) -> None:
    shown = windowed(np.array(values), Window(c, w, function))
    expected = [standard(x, c, w, function, 0.0, 255.0) for x in values]
    np.testing.assert_allclose(shown, expected, atol=1e-6)


@pytest.mark.parametrize("function", FUNCTIONS)
@settings(max_examples=100, derandomize=True, deadline=None)
@given(a=st.integers(-5000, 5000), b=st.integers(-5000, 5000), c=centres, w=widths)
def test_a_window_never_swaps_dark_and_bright(
    function: str, a: int, b: int, c: float, w: float
) -> None:
    assume(a <= b)
    dark, bright = windowed(np.array([a, b]), Window(c, w, function))
    assert 0 <= dark <= bright <= 255


def test_the_example_of_the_standard() -> None:
    """PS3.3 C.11.2.1.2.1, note 4: centre 2048, width 4096 keeps 12 bits as they are."""
    values = np.array([0, 1, 2047, 2048, 4095])
    np.testing.assert_allclose(windowed(values, Window(2048, 4096), 0, 4095), values, atol=1e-9)


def test_a_window_of_width_one_is_a_threshold() -> None:
    assert windowed(np.array([9, 10, 11]), Window(10.5, 1)).tolist() == [0, 0, 255]


@pytest.mark.parametrize(
    ("centre", "width", "function"),
    [(0, 0, "LINEAR"), (0, 0.5, "LINEAR"), (0, -3, "LINEAR"), (0, 0, "SIGMOID"),
     (np.nan, 5, "LINEAR"), (0, np.inf, "LINEAR_EXACT")],
)  # fmt: skip
def test_a_window_that_shows_nothing_is_refused(centre: float, width: float, function: str) -> None:
    with pytest.raises(UsageError):
        Window(centre, width, function)


def test_inverting_changes_what_is_shown_and_not_the_values() -> None:
    values = np.array([[0, 100], [200, 255]], np.uint8)
    film = Picture(values.copy(), inverted=True)
    assert view_8bit(film).tolist() == [[255, 155], [55, 0]]
    np.testing.assert_array_equal(film.array, values)


def test_inverting_comes_after_the_window() -> None:
    values = np.array([[-1000, 40, 400]], np.int16)
    plain = picture_8bit(values, (40, 400))
    np.testing.assert_array_equal(picture_8bit(values, (40, 400), inverted=True), 255 - plain)


def test_without_a_window_values_span_what_is_shown() -> None:
    assert picture_8bit(np.array([[-5.0, 0.0, 5.0]])).tolist() == [[0, 128, 255]]
    assert np.unique(picture_8bit(np.full((2, 2), 7, np.int16))).size == 1


def test_eight_bits_without_a_window_and_colours_stay_as_they_are() -> None:
    gray = np.arange(50, 74, dtype=np.uint8).reshape(4, 6)
    np.testing.assert_array_equal(picture_8bit(gray), gray)
    rgb = np.arange(72, dtype=np.uint8).reshape(4, 6, 3)
    np.testing.assert_array_equal(picture_8bit(rgb, (40, 400)), rgb)
    np.testing.assert_array_equal(picture_8bit(rgb.astype(np.uint16) << 8), rgb)


def test_frames_of_a_cine_are_shown_alike() -> None:
    frames = np.array([[[0, 100]], [[50, 100]]], np.int16)
    shown = view_8bit(Cine(frames, window=(50, 101)))
    assert shown[0, 0, 1] == shown[1, 0, 1]
    assert shown[0, 0, 0] < shown[1, 0, 0]
