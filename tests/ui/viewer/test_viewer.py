"""The viewer as a person uses it: by keys and mouse, with priors, links, marks and the report."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Route

from medmm.assembly.homes import OpenHome
from medmm.nouns import Reason, Region, Study, Verdict, Volume
from medmm.records import reports
from tests.records.builders import draft as plain_draft
from tests.records.builders import refused_series, study
from tests.ui.viewer.desk import kept, stored
from tests.ui.viewer.films import ct, film_study, two_times
from tests.ui.viewer.seen import Seen


@pytest.fixture(scope="module")
def long_ct(home: OpenHome) -> Study:
    """A CT of 300 slices, each with values of its own."""
    return kept(home, study(ct("1.300.1", slices=300, gap_mm=1.0), uid="1.300"))


def test_keys_move_through_slices_and_the_screen_shows_the_one_it_names(
    long_ct: Study, seen: Seen
) -> None:
    seen.open(long_ct.id)
    seen.press("Home")
    assert seen.do("port.shownK") == 0
    seen.press(*["ArrowDown"] * 5)
    assert seen.do("port.shownK") == 5
    assert seen.do("port.slice.values[0]") == 50
    seen.press("End", "ArrowDown")
    assert seen.do("port.shownK") == 299
    assert seen.do("port.slice.values[0]") == 2990
    seen.press("ArrowUp")
    assert seen.do("port.shownK") == 298
    label = seen.page.locator(".mv-port").first.get_attribute("aria-label")
    assert label == "CT Lung 2.5 mm, axial 299 of 300"
    seen.page.mouse.move(*seen.place(20, 20))
    seen.page.mouse.wheel(0, -300)
    assert seen.settle().do("port.shownK") == 295


def test_what_is_drawn_while_a_slice_is_on_its_way_is_named_as_what_it_is(
    long_ct: Study, seen: Seen
) -> None:
    seen.open(long_ct.id).press("Home")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    seen.page.route("**/slices/250?*", hold)
    with seen.page.expect_request("**/slices/250?*"):
        seen.do("viewer.goTo(port, 250)")
    seen.frames(3)
    assert seen.do("[port.k, port.shownK, port.waiting]") == [250, 0, True]
    texts = seen.do(
        "(await import(new URL('./overlays.js', viewer.keys).href)).cornerTexts(port).about"
    )
    assert "slice 1 / 300" in texts
    assert "waiting for slice 251" in texts
    held[0].continue_()
    assert seen.settle().do("[port.k, port.shownK, port.waiting]") == [250, 250, False]


def test_a_changed_window_asks_the_server_for_nothing(long_ct: Study, seen: Seen) -> None:
    seen.open(long_ct.id)
    before = len(seen.requests)
    seen.press("1", "2", "3", "4", "5", "i", "0")
    seen.drag(seen.place(20, 20), seen.place(30, 40))
    window = seen.do("port.window")
    assert window["name"] == "by hand"
    assert window["width"] > 400
    assert window["centre"] < 40
    assert len(seen.requests) == before


def test_a_slice_is_asked_for_once_and_kept_within_a_limit(long_ct: Study, seen: Seen) -> None:
    seen.open(long_ct.id).press("Home").press(*["ArrowDown"] * 20)
    assert not any("/slices/290?plane=stored" in url for url in seen.requests)
    seen.requests.clear()
    seen.press(*["ArrowUp"] * 20)
    assert seen.do("port.shownK") == 0
    assert seen.requests == []
    bytes_of_one = 48 * 48 * 2
    seen.do("(viewer.source.cache.limit = given[0], true)", 10 * bytes_of_one)
    seen.press("End")
    assert seen.do("port.shownK") == 299
    assert seen.do("viewer.source.cache.bytes") <= 10 * bytes_of_one


def test_a_slice_that_was_given_up_and_is_wanted_again_comes(long_ct: Study, seen: Seen) -> None:
    """Jumps back and forth before answers are there: none of them is lost."""
    seen.open(long_ct.id)
    seen.do(
        """(() => {
          for (const k of [10, 290, 100, 200, 10, 290, 10])
            viewer.goTo(port, k);
        })()"""
    )
    assert seen.settle().do("[port.shownK, port.waiting]") == [10, False]


def test_zoom_pan_and_fit_by_key_and_mouse(long_ct: Study, seen: Seen) -> None:
    seen.open(long_ct.id)
    seen.press("+", "+")
    assert seen.do("port.view.zoom") == pytest.approx(1.5625)
    seen.press("=")
    assert seen.do("port.view.zoom") == 1
    spot = seen.place(24, 24)
    seen.drag(spot, (spot[0] + 50, spot[1] + 30), button="middle")
    view = seen.do("port.view")
    assert (view["panX"], view["panY"]) == (pytest.approx(50), pytest.approx(30))
    seen.drag(spot, (spot[0], spot[1] - 100), button="right")
    assert seen.do("port.view.zoom") > 1.3
    seen.press("Space")
    view = seen.do("port.view")
    assert (view["zoom"], view["panX"], view["panY"]) == (1, 0, 0)


def test_no_key_acts_while_a_text_box_has_the_focus_but_those_with_ctrl(
    long_ct: Study, seen: Seen
) -> None:
    seen.open(long_ct.id)
    seen.listen("action")
    before = seen.do("[port.k, port.inverted, port.window.width, viewer.tool]")
    seen.page.locator("#text").focus()
    seen.page.keyboard.type("zir250 ")
    seen.press("ArrowDown", "Home", "PageDown", "Backspace", "Control+z")
    assert seen.do("[port.k, port.inverted, port.window.width, viewer.tool]") == before
    assert seen.heard() == []
    seen.press("Control+s", "Control+Enter")
    assert seen.heard() == [
        ["action", {"action": "save"}],
        ["action", {"action": "accept-sentence"}],
    ]


def test_everything_is_reached_without_a_mouse(long_ct: Study, seen: Seen) -> None:
    seen.open(long_ct.id)
    reached = set()
    for _ in range(60):
        seen.page.keyboard.press("Tab")
        reached.add(
            seen.page.evaluate(
                "() => document.activeElement.getAttribute('aria-label') ||"
                " document.activeElement.textContent.trim()"
            )
        )
    assert {"Window", "Hanging", "Length", "Key image", "Invert"} <= reached
    assert "CT Lung 2.5 mm, axial 151 of 300" in reached
    assert "CT Lung 2.5 mm, coronal 25 of 48" in reached
    seen.page.locator(".mv-port").first.focus()
    outline = "() => getComputedStyle(document.activeElement).outlineStyle"
    seen.page.keyboard.press("Tab")
    assert seen.page.evaluate(outline) == "solid"
    seen.press("ArrowLeft")
    assert seen.do("viewer.ports.indexOf(port)") == 0
    seen.press("ArrowRight", "ArrowRight")
    assert seen.do("port.plane") == "sagittal"


def test_hangings_are_stepped_through(long_ct: Study, seen: Seen) -> None:
    seen.open(long_ct.id)
    assert seen.do("viewer.ports.map((one) => one.plane)") == ["stored", "coronal", "sagittal"]
    seen.press(".")
    assert seen.do("viewer.ports.map((one) => one.plane)") == ["stored"]
    seen.press(",")
    assert seen.do("viewer.ports.length") == 3


def test_the_crosshair_takes_the_other_planes_to_its_place(long_ct: Study, seen: Seen) -> None:
    seen.open(long_ct.id).press("x").click(10, 30)
    k = seen.do("viewer.ports[0].shownK")
    assert seen.do("viewer.ports.map((one) => one.shownK)") == [k, 10, 30]
    # In the coronal cut rows run to the feet.
    seen.click(299 - 20, 30, at=1)
    assert seen.do("viewer.ports[0].shownK") == 20
    assert seen.do("viewer.ports[1].crosshairPlace()") == [pytest.approx(279), pytest.approx(30)]
    seen.press("Escape")
    assert seen.do("viewer.ports[0].crosshair") is None


def position(seen: Seen, at: int) -> float:
    found: float = seen.do(
        """(async () => {
          const { middleOf } = await import(new URL('./linking.js', viewer.keys).href);
          const one = viewer.ports[given[0]];
          return middleOf(one.cut.affine_lps, one.cut.shape, one.shownK)[2];
        })()""",
        at,
    )
    return found


def test_a_prior_of_the_same_scanner_follows_by_position_and_says_it_was_not_registered(
    home: OpenHome, seen: Seen
) -> None:
    current, before = (kept(home, one) for one in two_times("1.61"))
    assert before.id
    seen.open(current.id).press("p")
    assert seen.do("viewer.ports.map((one) => one.study)") == [current.id, before.id]
    words = seen.do("viewer.ports[1].linkWords")
    assert words == "prior 2024-05-06: linked by position without registration"
    for key in ("ArrowDown", "ArrowDown", "End", "Home"):
        seen.press(key)
        if key != "Home":
            assert abs(position(seen, 0) - position(seen, 1)) <= 0.75
    seen.press("n", "ArrowDown")
    assert seen.do("viewer.ports[1].linkWords") == "prior 2024-05-06: not linked"
    held = seen.do("viewer.ports[1].k")
    seen.press(*["ArrowDown"] * 6)
    assert seen.do("viewer.ports[1].k") == held
    seen.press("p")
    assert seen.do("viewer.ports.length") == 3


def test_a_prior_of_another_scanner_is_not_linked_until_it_is_asked_for(
    home: OpenHome, seen: Seen
) -> None:
    other = {"header": {"Manufacturer": "Another"}}
    current, _ = (kept(home, one) for one in two_times("1.62", prior=other))
    seen.open(current.id).press("p")
    words = seen.do("viewer.ports[1].linkWords")
    assert words.endswith("another or an unknown scanner: not linked")
    held = seen.do("viewer.ports[1].k")
    seen.press(*["ArrowDown"] * 6)
    assert seen.do("viewer.ports[1].k") == held
    seen.press("n")
    assert seen.do("viewer.ports[1].linkWords").endswith("linked by position without registration")
    seen.press("ArrowDown")
    assert abs(position(seen, 0) - position(seen, 1)) <= 0.75


def test_one_frame_of_reference_is_linked_and_two_are_not(home: OpenHome, seen: Seen) -> None:
    def header(frame: str) -> dict[str, Any]:
        return {"header": {"Manufacturer": "Maker", "FrameOfReferenceUID": frame}}

    series = [
        ct("1.63.1", description="A", modality="MR", number=1, **header("1.1")),
        ct("1.63.2", description="B", modality="MR", number=2, gap_mm=1.0, z_mm=-95.0,
           slices=50, **header("1.1")),
        ct("1.63.3", description="C", modality="MR", number=3, **header("1.2")),
    ]  # fmt: skip
    one = kept(home, study(*series, uid="1.63"))
    seen.open(one.id)
    assert seen.do("viewer.ports.map((one) => one.linkWords)") == [
        "", "same frame of reference", "another frame of reference: not linked",
    ]  # fmt: skip
    held = seen.do("viewer.ports[2].k")
    seen.press("ArrowDown", "ArrowDown")
    assert abs(position(seen, 0) - position(seen, 1)) <= 0.5
    assert seen.do("viewer.ports[2].k") == held


def test_marks_are_offered_deleted_and_brought_back(long_ct: Study, seen: Seen) -> None:
    seen.open(long_ct.id).press(".", "d")
    seen.listen("measurement", "keyimage")
    seen.drag(seen.place(10, 10), seen.place(30, 10))
    [[name, detail]] = seen.heard()
    assert (name, detail["change"]) == ("measurement", "added")
    assert detail["mark"]["result"]["length"]["value"] == pytest.approx(16.0, abs=0.1)
    assert detail["mark"]["series"] == seen.do("port.series.id")
    seen.press("Backspace")
    assert seen.do("viewer.marks.all.length") == 0
    seen.press("Control+z")
    assert seen.do("viewer.marks.all.length") == 1
    seen.press("Control+z", "Control+y")
    assert seen.do("viewer.marks.all.length") == 1
    seen.press("2", "k")
    [_, image] = seen.heard()[-1]
    assert image["slice"] == seen.do("port.shownK")
    assert image["window"]["width"] == 1500
    assert len(image["marks"]) == 1
    seen.press("ArrowDown")
    assert seen.do("viewer.marks.on(port.series.id, port.plane, port.shownK).length") == 0


@pytest.fixture(scope="module")
def boxed(home: OpenHome) -> tuple[Study, int]:
    """A film with a report in which a box is cited by a sentence."""
    made = kept(home, film_study("1.71"))
    region = Region(
        "r1", "opacity", "box", "1.71.1", series_key="1.71.1", box=(20.0, 30.0, 50.0, 60.0)
    )
    report = plain_draft("1.71", regions=(region,))
    assert made.id
    saved = reports.save_draft(home.database, home.home, made.id, report)
    assert saved.report_id
    return made, saved.report_id


def test_a_click_on_a_region_names_it_and_its_sentences(
    boxed: tuple[Study, int], seen: Seen
) -> None:
    one, report = boxed
    seen.open(one.id, report)
    seen.listen("region")
    seen.click(45, 35)
    assert seen.heard() == [["region", {"id": "r1", "statements": ["s1", "s2", "s3", "s4"]}]]
    seen.click(70, 80)
    assert len(seen.heard()) == 1
    assert seen.do("viewer.masks.selected") is None


def test_a_box_is_drawn_around_its_own_pixels(boxed: tuple[Study, int], seen: Seen) -> None:
    one, report = boxed
    seen.open(one.id, report)
    with_box = seen.pixels(0, "canvas").astype(int)
    matrix = seen.do("port.matrix")
    seen.press("m")
    differ = (seen.pixels(0, "canvas").astype(int) != with_box).any(axis=-1)
    rows, columns = np.nonzero(differ)
    left, right = (matrix["a"] * x + matrix["e"] for x in (20, 50))
    top, bottom = (matrix["d"] * y + matrix["f"] for y in (30, 60))
    assert columns.min() == pytest.approx(left, abs=4)
    assert columns.max() == pytest.approx(right, abs=4)
    assert rows.max() == pytest.approx(bottom, abs=4)
    assert rows.min() == pytest.approx(top, abs=24)  # the name stands above


def test_a_sentence_shows_its_place(boxed: tuple[Study, int], seen: Seen) -> None:
    one, report = boxed
    seen.open(one.id, report)
    seen.page.evaluate(
        "() => document.getElementById('viewer').dispatchEvent("
        "new CustomEvent('show-statement', {detail: {id: 's1'}}))"
    )
    assert seen.settle().do("viewer.masks.selected") == "r1"
    assert seen.do("viewer.showStatement('s99')") is False


def test_what_was_not_looked_at_is_counted_and_refused_series_say_why(
    home: OpenHome, seen: Seen
) -> None:
    doubtful = Verdict("repaired", (Reason("order", "Slices were sorted anew.", None),))
    one = kept(home, study(ct("1.81.1", slices=12, verdict=doubtful), refused_series(), uid="1.81"))
    seen.open(one.id)
    for key in ("Home", "ArrowDown", "ArrowDown"):
        seen.press(key)  # one at a time: a slice that was skipped over was not looked at
    looked = seen.do("viewer.looked()")
    [told] = looked["series"]
    assert (told["slices"], told["shown"]) == (12, 4)  # the middle one was shown first
    assert told["not_shown"] == [[3, 5], [7, 11]]
    assert looked["refused"][0]["why"] == "A slice is missing."
    panel = seen.page.locator(".mv-panel")
    panel.get_by_text("8 of 12 not shown").wait_for()
    assert panel.get_by_text("A slice is missing.").count() == 1
    assert panel.get_by_text("⚠ repaired").count() == 1
    signs = seen.do("(await import(new URL('./overlays.js', viewer.keys).href))"
                    ".signsOf(port.series)")  # fmt: skip
    assert signs == ["⚠ repaired"]


def test_a_cine_plays_and_stops(home: OpenHome, data_folder: Path, seen: Seen) -> None:
    [one] = stored(home, data_folder / "us" / "us_cine_12f_jpeg_regions.dcm")
    seen.open(one.id)
    count = seen.do("port.count")
    frames = seen.do(
        """new Promise((done) => {
          const seen = new Set();
          viewer.element.addEventListener('frame', (event) => {
            seen.add(event.detail.slice);
            if (seen.size === port.count) done([...seen]);
          });
          seen.add(port.shownK);
          viewer.act('cine');
        })"""
    )
    assert sorted(frames) == list(range(count))
    seen.press("c")
    held = seen.do("port.k")
    seen.frames(20)
    assert seen.do("[port.k, viewer.actions.playing]") == [held, False]


def test_names_in_files_are_text_and_never_markup(home: OpenHome, seen: Seen) -> None:
    evil = "<img src=x onerror=alert(1)>"
    one = kept(home, study(ct("1.91.1", description=evil), uid="1.91"))
    seen.open(one.id)
    assert seen.page.locator(".mv-serie").get_by_text(evil).count() == 1
    assert seen.page.locator(".mv img").count() == 0


def test_a_slice_that_cannot_be_had_is_said_and_the_rest_goes_on(
    long_ct: Study, seen: Seen
) -> None:
    seen.open(long_ct.id).press("Home")
    seen.page.route("**/slices/200?plane=stored", lambda route: route.fulfill(status=404, body=""))
    seen.do("viewer.goTo(port, 200)")
    seen.settle()
    assert seen.do("port.problem") == "slice 201 could not be loaded (404)"
    assert seen.do("port.shownK") == 0
    seen.do("viewer.goTo(port, 150)")
    assert seen.settle().do("[port.shownK, port.problem]") == [150, ""]
    seen.faults.clear()  # the browser itself says 404


def test_padding_does_not_count_in_a_region_of_interest(home: OpenHome, seen: Seen) -> None:
    made = ct("1.95.1", slices=4)
    content = made.content
    assert isinstance(content, Volume)
    padding = np.zeros(content.array.shape, dtype=bool)
    padding[:, :, :24] = True
    array = content.array.copy()
    array[padding] = -2000
    padded = Volume(array, content.affine_lps, "HU", padding=padding, window=(40.0, 400.0))
    one = kept(home, study(ct("1.95.1", slices=4, content=padded), uid="1.95"))
    seen.open(one.id).press(".", "b")
    seen.drag(seen.place(12, 12), seen.place(40, 40))
    [mark] = seen.do("viewer.marks.all")
    assert mark["result"]["min"] == mark["result"]["max"] == 10 * seen.do("port.shownK")


@pytest.mark.parametrize("size", [(1280, 800), (2560, 1440)])
def test_nothing_runs_out_of_the_window(long_ct: Study, seen: Seen, size: tuple[int, int]) -> None:
    seen.page.set_viewport_size({"width": size[0], "height": size[1]})
    seen.open(long_ct.id)
    boxes = seen.page.evaluate(
        """() => [...document.querySelectorAll('.mv-port, .mv-toolbar button, .mv-panel')]
          .map((one) => one.getBoundingClientRect())
          .map(({ left, top, right, bottom }) => [left, top, right, bottom])"""
    )
    for left, top, right, bottom in boxes:
        assert left >= 0
        assert top >= 0
        assert right <= size[0] + 1
        assert bottom <= size[1] + 1
    large = seen.do("port.canvas.clientWidth * port.canvas.clientHeight")
    assert large > 0.35 * size[0] * size[1]


def test_over_a_slow_line_pictures_are_scrolled_by_and_exact_values_come_at_rest(
    long_ct: Study, seen: Seen
) -> None:
    seen.open(long_ct.id)
    line = seen.page.context.new_cdp_session(seen.page)
    line.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 250, "downloadThroughput": -1, "uploadThroughput": -1},
    )
    seen.press("Home")
    assert seen.do("viewer.source.slow")
    seen.do("(() => { for (let k = 20; k <= 240; k += 20) viewer.goTo(port, k); })()")
    assert any("format=jpeg" in url for url in seen.requests)
    seen.do("port.exact()")
    seen.settle()
    assert seen.do("[port.shownK, port.preview, port.slice.type]") == [240, False, "int16"]
    assert seen.do("port.slice.values[0]") == 2400
