"""Masks lie on their own pixels; lengths, angles and regions of interest are right."""

import numpy as np
import pytest

from medmm.assembly.homes import OpenHome
from medmm.nouns.geometry import to_mm
from tests.ui.viewer.desk import kept
from tests.ui.viewer.films import film_study
from tests.ui.viewer.phantoms import AXIAL, CORONAL, Known, nodule
from tests.ui.viewer.seen import Seen


def test_masks_lie_on_their_own_pixels_and_only_there(known: Known, seen: Seen) -> None:
    seen.open(known.study.id, known.report)
    seen.do("viewer.show(given[0])", nodule(known).id)
    seen.settle()
    k = seen.do("port.shownK")
    masks = {one.id: one.mask.full()[k] for one in known.regions if one.mask}
    assert masks[nodule(known).id].any()
    alpha = seen.pixels(AXIAL, "over")[..., 3]
    np.testing.assert_array_equal(alpha > 0, np.any(list(masks.values()), axis=0))
    # The outline of the one that is shown is opaque, its inside is not.
    own = masks[nodule(known).id]
    assert (alpha[own] == 255).any()
    box = nodule(known).box
    assert box
    assert not (alpha[~own] == 255).any()
    seen.press("m")
    assert seen.pixels(AXIAL, "canvas").std(axis=-1).max() > 0  # letters are coloured, images not
    assert seen.do("viewer.masks.shown(port.series.id).length") == 0


def test_a_region_is_switched_off_by_its_own_box(known: Known, seen: Seen) -> None:
    seen.open(known.study.id, known.report)
    seen.page.get_by_label("Show right lung").click()
    seen.settle()
    k = seen.do("port.shownK")
    left = next(one for one in known.regions if one.label == "left lung")
    assert left.mask
    np.testing.assert_array_equal(seen.pixels(AXIAL, "over")[..., 3] > 0, left.mask.full()[k])


def test_a_known_length_is_right_to_a_tenth_of_a_millimetre(known: Known, seen: Seen) -> None:
    seen.open(known.study.id).press(".", "d")
    start, end = (40, 30), (120, 101)
    k = seen.do("port.shownK")
    seen.drag(seen.place(*start), seen.place(*end))
    [mark] = seen.do("viewer.marks.all")
    ends = to_mm(known.affine, [(k, *start), (k, *end)])
    assert mark["result"]["length"]["unit"] == "mm"
    assert mark["result"]["length"]["value"] == pytest.approx(
        np.linalg.norm(ends[1] - ends[0]), abs=0.1
    )


def test_a_length_in_a_cut_across_slices_counts_the_gap_between_them(
    known: Known, seen: Seen
) -> None:
    seen.open(known.study.id).press("ArrowRight", "d")
    assert seen.do("port.plane") == "coronal"
    seen.drag(seen.place(10, 50, CORONAL), seen.place(50, 50, CORONAL))
    [mark] = seen.do("viewer.marks.all")
    gap = np.linalg.norm(known.affine[:3, 0])
    assert mark["result"]["length"]["value"] == pytest.approx(40 * gap, abs=0.1)


def test_an_ellipse_measures_the_values_inside(known: Known, seen: Seen) -> None:
    seen.open(known.study.id).press(".", "e")
    k = seen.do("port.shownK")
    seen.drag(seen.place(60, 50), seen.place(90, 90))
    [mark] = seen.do("viewer.marks.all")
    (r0, c0), (r1, c1) = mark["points"]
    rows, columns = np.mgrid[:160, :160]
    inside = ((rows - (r0 + r1) / 2) / ((r1 - r0) / 2)) ** 2 + (
        (columns - (c0 + c1) / 2) / ((c1 - c0) / 2)
    ) ** 2 <= 1
    values = known.array[k][inside].astype(float)
    result = mark["result"]
    assert result["count"] == values.size
    assert result["mean"] == pytest.approx(values.mean())
    assert result["sd"] == pytest.approx(values.std(ddof=1))
    assert (result["min"], result["max"]) == (values.min(), values.max())
    row_mm, column_mm = np.linalg.norm(known.affine[:3, 1:3], axis=0)
    area = np.pi / 4 * abs(r1 - r0) * abs(c1 - c0) * row_mm * column_mm
    assert result["area"] == {"value": pytest.approx(area), "unit": "mm2"}


def test_an_angle_is_measured_in_millimetres_not_in_pixels(known: Known, seen: Seen) -> None:
    seen.open(known.study.id).press("ArrowRight", "a")
    seen.drag(seen.place(20, 40, CORONAL), seen.place(20, 100, CORONAL))
    x, y = seen.place(50, 40, CORONAL)
    seen.page.mouse.move(x, y)
    seen.page.mouse.down()
    seen.page.mouse.up()
    [mark] = seen.settle().do("viewer.marks.all")
    ends = np.array(mark["points"]) * np.linalg.norm(known.affine[:3, [0, 2]], axis=0)
    one, other = ends[0] - ends[1], ends[2] - ends[1]
    wanted = np.degrees(np.arccos(one @ other / np.linalg.norm(one) / np.linalg.norm(other)))
    assert mark["result"]["angle"]["value"] == pytest.approx(wanted, abs=0.01)


def test_without_spacing_no_millimetre_is_made(home: OpenHome, seen: Seen) -> None:
    film = kept(home, film_study("1.51"))
    seen.open(film.id).press("d")
    seen.drag(seen.place(10, 10), seen.place(10, 60))
    seen.press("b")
    seen.drag(seen.place(20, 20), seen.place(30, 40))
    length, box = seen.do("viewer.marks.all")
    assert length["result"]["length"] == {"value": pytest.approx(50, abs=0.1), "unit": "px"}
    assert box["result"]["area"] == {"value": pytest.approx(200, abs=2), "unit": "px"}
    assert seen.do("port.spacing") is None
