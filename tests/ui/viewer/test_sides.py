"""Letters, planes and places in mm are the patient's, however an image is turned."""

import numpy as np
import pytest

from tests.ui.viewer.phantoms import AXIAL, CORONAL, SAGITTAL, Known, letters, nodule, voxel
from tests.ui.viewer.seen import Seen


def test_sides_are_the_patients(known: Known, seen: Seen) -> None:
    seen.open(known.study.id)
    assert letters(seen, AXIAL) == {"left": "R", "right": "L", "top": "A", "bottom": "P"}
    assert letters(seen, CORONAL) == {"left": "R", "right": "L", "top": "H", "bottom": "F"}
    assert letters(seen, SAGITTAL) == {"left": "A", "right": "P", "top": "H", "bottom": "F"}


def test_turned_and_mirrored_sides_stay_true(known: Known, seen: Seen) -> None:
    seen.open(known.study.id)
    seen.press("r")  # a quarter to the right: what was at the top is at the right
    assert letters(seen, AXIAL) == {"left": "P", "right": "A", "top": "R", "bottom": "L"}
    seen.press("h")
    assert letters(seen, AXIAL) == {"left": "A", "right": "P", "top": "R", "bottom": "L"}
    seen.press("r")  # still to the right as seen
    assert letters(seen, AXIAL) == {"left": "L", "right": "R", "top": "A", "bottom": "P"}
    seen.press("v")
    assert letters(seen, AXIAL) == {"left": "L", "right": "R", "top": "P", "bottom": "A"}
    seen.press("l", "l")
    assert letters(seen, AXIAL) == {"left": "R", "right": "L", "top": "A", "bottom": "P"}


@pytest.mark.parametrize("keys", [[], ["r"], ["h"], ["r", "v"], ["l", "h"]])
def test_the_letters_say_what_the_pixels_show(known: Known, seen: Seen, keys: list[str]) -> None:
    """However the image is turned, the known nodule is on the side that the letters name."""
    seen.open(known.study.id)
    seen.do("viewer.goTo(port, given[0])", voxel(known, known.truth.nodule_centre_mm)[0])
    seen.press(*keys)
    _, row, column = voxel(known, known.truth.nodule_centre_mm)
    x, y = seen.place(row, column)
    middle_x, middle_y = seen.place(79.5, 79.5)
    side = known.truth.nodule_laterality[0].upper()
    named = {letter: edge for edge, letter in letters(seen, AXIAL).items()}[side]
    assert {
        "left": x < middle_x, "right": x > middle_x, "top": y < middle_y, "bottom": y > middle_y,
    }[named]  # fmt: skip


@pytest.mark.parametrize("at", [AXIAL, CORONAL, SAGITTAL])
def test_the_known_nodule_is_where_each_plane_says(known: Known, seen: Seen, at: int) -> None:
    """Through the place in mm, the three cuts show the nodule's own voxel and name its place."""
    centre = known.truth.nodule_centre_mm
    seen.open(known.study.id, known.report)
    assert seen.do("viewer.show(given[0])", nodule(known).id)
    seen.settle()
    found = seen.do(
        """(async () => {
          const { toIndex } = await import(new URL('./geometry.js', viewer.keys).href);
          const one = viewer.ports[given[1]];
          const [k, row, column] = toIndex(one.cut.affine_lps, given[0]).map(Math.round);
          const value = one.slice.values[row * one.slice.columns + column];
          return { k, shown: one.shownK, row, column, value };
        })()""",
        list(centre),
        at,
    )
    assert abs(found["k"] - found["shown"]) <= 1
    assert known.array[voxel(known, centre)] > -300
    assert found["value"] > -300
    seen.page.mouse.move(*seen.place(found["row"], found["column"], at))
    seen.settle()
    said = seen.do("viewer.ports[given[0]].mmAt(viewer.ports[given[0]].cursor)", at)
    step = np.linalg.norm(known.affine[:3, :3], axis=0).max()
    assert np.abs(np.array(said) - centre).max() <= step
    assert "HU" in seen.do("viewer.ports[given[0]].readout", at)
