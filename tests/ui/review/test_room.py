"""The review room in a real browser, over a real drafted study."""

from typing import Any

import pytest
from playwright.sync_api import expect

from medmm.cli.draft_text import BANNER, SIGNS
from medmm.records import reading, reports
from tests.ui.house import GOOD
from tests.ui.review.conftest import Served
from tests.ui.review.desk import SLOW_MS, Desk

SIZES = [(1280, 800), (2560, 1440)]
WIDER = """() => [document.documentElement, ...document.querySelectorAll('.rv-pane, #history')]
  .map((one) => one.scrollWidth - one.clientWidth)"""

# The page's own clock with hands that are moved by the test, in milliseconds.
CLOCK = """async () => {
  const main = [...document.scripts].find((one) => one.src.endsWith('/review/main.js')).src;
  const { Clock } = await import(new URL('./clock.js', main).href);
  const told = [];
  let time = 0;
  const send = async (method, path, body) => told.push([body.open_ms, body.active_ms]);
  const clock = new Clock({ api: { send }, report: 1, now: () => time });
  const pass = (ms, then) => { time += ms; return clock[then](); };
  clock.last = 0;
  pass(61_000, 'moved'); // a pause
  pass(39_000, 'left');
  await clock.beat();
  pass(40_000, 'moved'); // in another window until now
  pass(40_000, 'moved');
  await pass(20_000, 'beat');
  pass(30_000, 'moved'); // 50 seconds after the last time
  await clock.beat();
  return told;
}"""


def last(site: Served) -> Any:
    return reports.load_report(site.frame.opened.database, 1)


def tab_to(page: Any, what: str) -> None:
    """Press Tab until the focus is on it, and see that it shows."""
    for _ in range(150):
        page.keyboard.press("Tab")
        if page.evaluate("(what) => document.activeElement.matches(what)", what):
            style = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
            assert style != "none", what
            return
    raise AssertionError(f"no Tab leads to {what}")


def test_by_keys_alone_from_the_worklist_to_signature_and_addendum(
    desk: Desk, site: Served
) -> None:
    page, keys = desk.page, desk.page.keyboard
    desk.sign_in("sam", "/")
    link = "a[href='/study/1']"
    page.locator(link).first.wait_for()
    tab_to(page, link)
    keys.press("Enter")
    desk.ready()
    expect(page.locator(".rv-banner").first).to_contain_text(BANNER)
    for _ in range(5):
        keys.press("Alt+ArrowDown")
    keys.press("Enter")
    expect(desk.sentence("s5").locator(".rv-evidence")).to_contain_text("1700 mL ± 48.5")
    keys.press("Control+Enter")
    desk.says("Accepted. 1 of 11")
    keys.press("e")
    keys.press("Control+a")
    keys.type("The emphysema index is not to be relied on.")
    keys.press("Control+s")
    desk.says("Version 2 is saved.")
    keys.press("Control+Shift+Enter")
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text("You sign version 2, last written by sam: 11 statements")
    expect(dialog).to_contain_text(last(site).last.sha256)
    keys.type("not my password")
    keys.press("Enter")
    expect(dialog.locator("[role=alert]")).not_to_be_empty(timeout=SLOW_MS)
    assert last(site).status == "draft"
    dialog.locator("input[type=password]").focus()
    keys.type(GOOD)
    keys.press("Enter")
    desk.says("The report is signed.")
    expect(page.locator(".rv-signed")).to_contain_text("Signed by sam (signer)")
    expect(page.locator(".rv-signed")).to_contain_text("I have reviewed and approve this report")
    assert page.get_by_role("button", name="Save version").count() == 0
    page.evaluate("() => document.activeElement.blur()")
    tab_to(page, ".rv-steps button:nth-of-type(2)")
    keys.press("Enter")
    keys.type("Seen with the ward.")
    keys.press("Tab")
    keys.press("Tab")
    keys.type(GOOD)
    keys.press("Enter")
    desk.says("The addendum is signed.")
    expect(page.locator(".rv-addendum")).to_contain_text("Seen with the ward.")
    signed = last(site)
    assert (signed.status, signed.signed_by, len(signed.versions)) == ("amended", "sam", 2)
    (told,) = reading.readings_of(site.frame.opened.database, 1)
    assert told.signed_open_seconds is not None
    assert told.accepted == {"s5": 1}
    assert desk.complaints
    desk.complaints.clear()  # the browser's own words on the password that was refused


def test_states_are_told_by_sign_and_word(desk: Desk, site: Served) -> None:
    desk.open("rita")
    document = last(site).last.document
    for part in document["sections"]:
        for one in part["statements"]:
            row = desk.sentence(one["id"])
            expect(row.locator(".rv-sign")).to_have_text(SIGNS[one["state"]])
            expect(row.locator(".rv-words").first).to_have_text(f"{one['state']}: {one['text']}")


def test_a_reader_is_offered_nothing_to_change(desk: Desk) -> None:
    desk.open("rita")
    assert desk.page.locator(".rv-steps button").all_inner_texts() == ["Changes"]
    desk.sentence("s5").locator(".rv-line").click()
    assert desk.page.locator(".rv-tools button, .rv-add").count() == 0
    desk.page.keyboard.press("e")
    desk.page.keyboard.press("Delete")
    assert desk.page.locator("textarea").count() == 0
    assert desk.page.locator(".rv-st").count() == 11


def test_sentence_and_place_point_at_each_other(desk: Desk) -> None:
    desk.open("sam")
    page = desk.page
    viewer = "document.querySelector('.rv-root').desk.viewer"
    desk.sentence("s7").locator(".rv-line").click()
    expect(desk.sentence("s7").locator(".rv-why")).to_contain_text("by ct_lungs")
    page.locator(".mv-region.mv-selected >> text=left lung").wait_for()
    shown = page.evaluate(f"() => [{viewer}.masks.selected, {viewer}.active.k]")
    assert shown == ["r2", 16]
    page.evaluate(
        f"() => {viewer}.emit('region', {{id: 'r1', statements: ['s5']}})",
    )
    assert page.locator(".rv-marked").evaluate_all("(all) => all.map((e) => e.dataset.key)") == [
        "s5", "s6", "s11",
    ]  # fmt: skip


def test_checks_run_while_typing_and_a_version_tells_them(desk: Desk, site: Served) -> None:
    desk.open("sam").write("s5", "The right lung measures 9.99 L.")
    row = desk.sentence("s5")
    expect(row.locator(".rv-live")).to_contain_text("number: fail", timeout=SLOW_MS)
    assert len(last(site).versions) == 1
    desk.save().says("Version 2 is saved. Checks of what you wrote:")
    expect(row.locator(".rv-why")).to_contain_text("number: fail")
    desk.page.get_by_role("button", name="Changes").click()
    dialog = desk.page.locator("dialog[open]")
    expect(dialog.locator(".rv-d-changed del").first).to_contain_text("1.70")
    expect(dialog.locator(".rv-d-changed ins").first).to_contain_text("9.99")
    sign = "(e, one) => getComputedStyle(e, '::before').content"
    assert dialog.locator("ins").first.evaluate(sign) == '"+"'
    assert dialog.locator("del").first.evaluate(sign) == '"−"'


def test_undo_brings_back_what_was_deleted_and_written(desk: Desk) -> None:
    desk.open("sam").write("s5", "Other words")
    keys = desk.page.keyboard
    keys.press("Escape")
    keys.press("Delete")
    expect(desk.sentence("s5")).to_have_count(0)
    keys.press("Control+z")
    expect(desk.sentence("s5").locator(".rv-text")).to_have_text("Other words")
    desk.sentence("s5").locator(".rv-line").focus()
    keys.press("Control+z")
    expect(desk.sentence("s5").locator(".rv-text")).to_contain_text("measures 1.70 L")
    keys.press("Control+y")
    expect(desk.sentence("s5").locator(".rv-text")).to_have_text("Other words")


def test_what_is_in_no_version_is_not_signed_over(desk: Desk, site: Served) -> None:
    desk.open("sam").write("s5", "Not saved.")
    desk.page.keyboard.press("Control+Shift+Enter")
    expect(desk.page.locator(".rv-trouble")).to_contain_text("Save a version first")
    assert desk.page.locator("dialog[open]").count() == 0
    assert last(site).status == "draft"


def test_pauses_over_a_minute_and_other_windows_are_no_active_time(desk: Desk) -> None:
    desk.open("sam")
    told = desk.page.evaluate(CLOCK)
    assert told == [[100_000, 39_000], [100_000, 40_000], [30_000, 50_000]]


def test_handing_on_and_giving_up_ask_first(desk: Desk, site: Served) -> None:
    desk.open("sam")
    page = desk.page
    page.get_by_role("button", name="Hand on").click()
    page.locator("dialog[open]").get_by_role("button", name="Hand on").click()
    desk.says("The report is preliminary now.")
    page.get_by_role("button", name="Cancel report").click()
    page.keyboard.type("Wrong study.")
    page.keyboard.press("Enter")
    desk.says("The report is cancelled now.")
    assert last(site).status == "cancelled"
    expect(page.locator(".rv-banner").first).to_contain_text("CANCELLED")
    assert page.get_by_role("button", name="Sign…").count() == 0


def test_what_was_never_shown_is_said_and_kept(desk: Desk, site: Served) -> None:
    desk.open("sam")
    page = desk.page
    missed = page.locator(".rv-missed").first
    expect(missed).to_contain_text("63 of 64 slices never shown to you")
    page.locator(".mv-port").first.focus()
    for left in (62, 61, 60):
        # A slice that is passed before it is drawn was not shown.
        page.keyboard.press("ArrowDown")
        expect(missed).to_contain_text(f"{left} of 64 slices never shown to you")
    page.evaluate("() => document.querySelector('.rv-root').desk.clock.beat()")
    page.reload()
    desk.ready()
    expect(missed).to_contain_text("60 of 64 slices never shown to you")
    expect(page.locator(".rv-missed").last).to_contain_text("were not assessed")


def test_an_export_is_downloaded(desk: Desk) -> None:
    desk.open("sam")
    desk.page.get_by_text("Export", exact=True).click()
    with desk.page.expect_download() as got:
        desk.page.get_by_role("link", name="PDF", exact=True).click()
    assert got.value.suggested_filename == "report-1.pdf"
    assert got.value.path().read_bytes()[:5] == b"%PDF-"


@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_wider_than_the_window(
    chromium: Any, site: Served, size: tuple[int, int]
) -> None:
    with Desk.window(chromium, site.url, size) as desk:
        desk.open("sam")
        desk.sentence("s5").locator(".rv-line").click()
        assert max(desk.page.evaluate(WIDER)) <= 0
        desk.page.get_by_role("link", name="History").click()
        desk.page.locator("#history table").first.wait_for()
        expect(desk.page.locator(".rv-differences")).to_contain_text("Nothing differs")
        assert max(desk.page.evaluate(WIDER)) <= 0
