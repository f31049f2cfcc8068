"""What is typed is kept: through a reload, a lost server, an ended session, and other people."""

from typing import Any

from playwright.sync_api import expect

from medmm.records import reading, reports
from tests.ui.house import GOOD
from tests.ui.review.conftest import Served
from tests.ui.review.desk import Desk

FETCHED = """async () => {
  const { source } = document.querySelector('.rv-root').desk.viewer;
  while (source.queue.length || source.running.size)
    await new Promise((done) => requestAnimationFrame(done));
}"""


def last(site: Served) -> Any:
    return reports.load_report(site.frame.opened.database, 1)


def texts(site: Served) -> list[str]:
    document = last(site).last.document
    return [one["text"] for part in document["sections"] for one in part["statements"]]


def test_what_was_typed_is_there_after_the_page_is_loaded_again(desk: Desk, site: Served) -> None:
    desk.open("sam").write("s5", "Half a sentence")
    desk.sentence("s7").locator(".rv-line").focus()
    desk.page.keyboard.press("Delete")
    desk.page.keyboard.press("n")
    desk.page.keyboard.type("A new one.\nAnd another.")
    desk.settled()
    desk.page.reload()
    desk.ready()
    expect(desk.page.locator(".rv-note")).to_contain_text("did not save is here again")
    expect(desk.sentence("s5").locator(".rv-text")).to_have_text("Half a sentence")
    expect(desk.sentence("s7")).to_have_count(0)
    assert len(last(site).versions) == 1
    desk.save().says("Version 2 is saved.")
    assert {"Half a sentence", "A new one.", "And another."} <= set(texts(site))
    assert not any("left lung measures" in text for text in texts(site))


def test_who_types_on_and_on_is_kept_every_two_seconds(desk: Desk) -> None:
    desk.open("sam").write("s5", "x").settled()
    # Time stands still from here on but for what the test lets pass.
    desk.page.clock.install()
    desk.page.clock.pause_at("2030-01-01T00:00:00")
    kept = "() => document.querySelector('.rv-root').desk.autosave.serial"
    sent = "() => document.querySelector('.rv-root').desk.autosave.acked"
    for _ in range(3):
        before = desk.page.evaluate(kept)
        with desk.page.expect_response(lambda one: one.url.endswith("/unfinished")):
            # Never half a second of quiet within two seconds.
            for _ in range(9):
                desk.page.keyboard.type("a")
                desk.page.clock.run_for(200)
        # The page takes in the answer after it has arrived here.
        assert any(desk.page.evaluate(sent) > before for _ in range(1000))


def test_without_the_server_the_text_is_held_and_sent_later(chromium: Any, site: Served) -> None:
    with Desk.window(chromium, site.url, strict=False) as desk:
        desk.open("sam")
        desk.page.context.set_offline(True)
        desk.write("s5", "Typed into the dark.")
        expect(desk.page.locator(".rv-trouble")).to_contain_text("held in this page")
        assert desk.acknowledged() == 0
        desk.page.context.set_offline(False)
        desk.settled()
        expect(desk.page.locator(".rv-trouble")).to_be_empty()
        (kept,) = reading.texts_of(site.frame.opened.database, 1, "sam")
        assert "Typed into the dark." in kept.text


def test_a_session_that_ends_takes_no_text_with_it(chromium: Any, site: Served) -> None:
    with Desk.window(chromium, site.url, strict=False) as desk:
        desk.open("sam")
        # With nothing unkept the next answer of the viewer's would rightly lead to the sign-in.
        desk.page.evaluate(FETCHED)
        other = desk.page.context.new_page()
        other.goto(f"{site.url}/password")
        other.get_by_role("button", name="Sign out").click()
        other.wait_for_url("**/sign-in")
        desk.write("s5", "Typed after the end.")
        expect(desk.page.locator(".rv-trouble")).to_contain_text("You are signed out")
        other.fill("#name", "sam")
        other.fill("#password", GOOD)
        other.keyboard.press("Enter")
        other.wait_for_url(f"{site.url}/")
        desk.page.bring_to_front()
        desk.settled()
        (kept,) = reading.texts_of(site.frame.opened.database, 1, "sam")
        assert "Typed after the end." in kept.text


def test_two_who_edit_at_once_lose_nothing(chromium: Any, site: Served) -> None:
    with (
        Desk.window(chromium, site.url) as rex,
        Desk.window(chromium, site.url, strict=False) as sam,
    ):
        rex.open("rex").write("s5", "The right lung is of 1.70 L, says rex.")
        sam.open("sam").write("s5", "The right lung is of 1.70 L, says sam.")
        sam.write("s7", "Only sam wrote this.")
        rex.write("s2", "Only rex wrote this.")
        rex.save().says("Version 2 is saved.")
        sam.save()
        dialog = sam.page.locator("dialog[open]")
        expect(dialog).to_contain_text("says rex.")
        expect(dialog).to_contain_text("says sam.")
        expect(dialog).to_contain_text("Yours and version 2 by rex differ in 3 statements")
        dialog.get_by_role("button", name="Go on").click()
        expect(dialog.locator("[role=alert]")).to_have_text("Choose for 1 statement more.")
        dialog.locator("[data-choice=s5] input[value=both]").check()
        dialog.get_by_role("button", name="Go on").click()
        sam.says("You go on with version 2.")
        sam.save().says("Version 3 is saved.")
        assert {
            "The right lung is of 1.70 L, says rex.",
            "The right lung is of 1.70 L, says sam.",
            "Only sam wrote this.",
            "Only rex wrote this.",
        } <= set(texts(site))
        assert reading.texts_of(site.frame.opened.database, 1, "sam") == ()


def test_a_choice_put_off_is_there_after_the_page_is_loaded_again(
    chromium: Any, site: Served
) -> None:
    with (
        Desk.window(chromium, site.url) as rex,
        Desk.window(chromium, site.url, strict=False) as sam,
    ):
        rex.open("rex").write("s5", "By rex.")
        sam.open("sam").write("s5", "By sam.").settled()
        rex.save().says("Version 2 is saved.")
        sam.save()
        sam.page.get_by_role("button", name="Later").click()
        sam.settled()
        sam.page.reload()
        sam.ready()
        expect(sam.sentence("s5").locator(".rv-text")).to_have_text("By rex.")
        sam.page.get_by_role("button", name="Compare and choose").click()
        sam.page.locator("[data-choice=s5] input[value=mine]").check()
        sam.page.get_by_role("button", name="Go on").click()
        expect(sam.sentence("s5").locator(".rv-text")).to_have_text("By sam.")


def test_two_windows_of_one_user_do_not_write_over_each_other(chromium: Any, site: Served) -> None:
    with (
        Desk.window(chromium, site.url) as one,
        Desk.window(chromium, site.url, strict=False) as other,
    ):
        one.open("sam")
        other.open("sam")
        one.write("s5", "From the first window.").settled()
        other.write("s7", "From the second window.")
        dialog = other.page.locator("dialog[open]")
        expect(dialog).to_contain_text("Yours and your other window differ in 2 statements")
        dialog.get_by_role("button", name="Go on").click()
        other.settled()
        (kept,) = reading.texts_of(site.frame.opened.database, 1, "sam")
        assert "From the first window." in kept.text
        assert "From the second window." in kept.text
