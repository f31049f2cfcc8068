"""What the browser paints has the brightness and colour that the standard gives each value."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medmm.assembly.homes import OpenHome
from medmm.dicom.display import Window, picture_8bit, windowed
from medmm.nouns import Study
from tests.ui.viewer.desk import kept, stored
from tests.ui.viewer.films import film_study
from tests.ui.viewer.phantoms import AXIAL, Known, letters
from tests.ui.viewer.seen import Seen


@pytest.mark.parametrize(("key", "window"), [
    ("1", (40.0, 400.0)), ("2", (-600.0, 1500.0)), ("4", (350.0, 2000.0)), ("7", (40.0, 40.0)),
    ("0", (-600.0, 1500.0)),
])  # fmt: skip
def test_brightness_is_the_windows_own_for_every_pixel(
    known: Known, seen: Seen, key: str, window: tuple[float, float]
) -> None:
    seen.open(known.study.id).press(key)
    k = seen.do("port.shownK")
    wanted = picture_8bit(known.array[k], window)
    got = seen.pixels(AXIAL)
    for channel in range(3):
        np.testing.assert_array_equal(got[..., channel], wanted)
    assert (got[..., 3] == 255).all()
    seen.press("i")
    np.testing.assert_array_equal(seen.pixels(AXIAL)[..., 0], 255 - wanted)


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize("kind", ["int16", "uint16", "float32"])
def test_each_window_function_follows_the_standard(
    known: Known, seen: Seen, function: Any, kind: str
) -> None:
    seen.open(known.study.id)
    low, high = (0, 65535) if kind == "uint16" else (-32768, 32767)
    whole = np.linspace(low, high, 997).astype(np.int64)
    near = np.arange(-190, 151) if low else np.arange(0, 300)
    values = np.union1d(whole, near) + (0.25 if kind == "float32" else 0)
    window = {"centre": 40.0 if low else 140.0, "width": 201.0, "function": function}
    got = seen.do(
        """(async () => {
          const { table, paint } = await import(new URL('./lut.js', viewer.keys).href);
          const types = { int16: Int16Array, uint16: Uint16Array, float32: Float32Array };
          const [window, type, values] = given;
          const slice = { type, samples: 1, values: types[type].from(values) };
          const pixels = new Uint32Array(values.length);
          paint(slice, table(type, window, false), window, pixels);
          return Array.from(pixels, (one) => one & 255);
        })()""",
        window,
        kind,
        values.tolist(),
    )
    wanted = windowed(values, Window(window["centre"], window["width"], function))
    if kind == "float32":
        # A table of 65,536 steps stands for all floats: at most one level beside the exact one.
        assert np.abs(np.array(got) - wanted).max() <= 1.0
    else:
        np.testing.assert_array_equal(got, np.rint(wanted))


def test_the_screen_shows_the_pixels_where_they_belong(known: Known, seen: Seen) -> None:
    """Enlarged so that single pixels are seen, each one has its own brightness on the screen."""
    seen.open(known.study.id).press(".", "2", *["+"] * 3)
    k = seen.do("port.shownK")
    wanted = picture_8bit(known.array[k], (-600.0, 1500.0)).astype(int)
    screen = seen.pixels(AXIAL, "canvas").astype(int)
    matrix = seen.do("port.matrix")
    assert matrix["a"] > 4
    for row in range(50, 110, 4):
        for column in range(50, 110, 4):
            x = matrix["a"] * (column + 0.5) + matrix["e"]
            y = matrix["d"] * (row + 0.5) + matrix["f"]
            assert screen[int(y), int(x), 0] == wanted[row, column]


@pytest.fixture(scope="module")
def film(home: OpenHome) -> Study:
    return kept(home, film_study())


def test_low_values_of_an_inverted_film_are_bright_and_its_sides_are_the_headers(
    film: Study, seen: Seen
) -> None:
    seen.open(film.id)
    content: Any = film.series[0].content
    wanted = picture_8bit(content.array, content.window, inverted=True)
    np.testing.assert_array_equal(seen.pixels()[..., 0], wanted)
    assert letters(seen, 0) == {"left": "R", "right": "L", "top": "H", "bottom": "F"}


def test_colours_are_as_stored(home: OpenHome, data_folder: Path, seen: Seen) -> None:
    [one] = stored(home, data_folder / "us" / "us_rgb_burned_in_fake_phi.dcm")
    content: Any = one.series[0].content
    seen.open(one.id)
    np.testing.assert_array_equal(seen.pixels()[..., :3], content.array)


def test_real_ct_is_painted_by_its_own_window(
    home: OpenHome, data_folder: Path, seen: Seen
) -> None:
    [one] = stored(home, data_folder / "ct_abdomen" / "dicom")
    content: Any = one.series[0].content
    seen.open(one.id)
    k = seen.do("port.shownK")
    name = seen.do("port.window.name")
    window = content.window or (40.0, 400.0)
    assert name in ("The image's own", "Soft tissue")
    np.testing.assert_array_equal(seen.pixels()[..., 0], picture_8bit(content.array[k], window))
