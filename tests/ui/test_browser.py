"""A real browser under the real policy: signs in, sees a room, signs out."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from medmm.nouns import Patient
from medmm.records import studies, users
from medmm.records.users import NewUser
from tests.records.builders import series, study
from tests.records.test_users import QUICK
from tests.ui.house import GOOD, OTHER, House, served

HOSTILE = (
    '<img src=x onerror="window.hit=1"><script>window.hit=1</script>\n\n# **x** [a](b:c) $$x$$'
)


@pytest.fixture
def address(house: House) -> Iterator[str]:
    with served(house.page) as found:
        yield found


@contextmanager
def window(
    browser: Any, address: str, width: int = 1280, height: int = 800, *, refusals: bool = False
) -> Iterator[Any]:
    """A new browser window; whatever its console complains of fails the test.

    With ``refusals`` answers that refuse are no complaint.
    """
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    try:
        yield page
        refused = "Failed to load resource" if refusals else "\0"
        assert [one for one in complaints if not one.startswith(refused)] == []
        assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
    finally:
        context.close()


def sign_in(page: Any, name: str = "rita", password: str = GOOD) -> None:
    page.fill("#name", name)
    page.fill("#password", password)
    page.click("button[type=submit]")


def test_from_sign_in_to_a_room_and_out(chromium: Any, address: str) -> None:
    with window(chromium, address) as page:
        page.goto(f"{address}/plain/x")
        assert page.url == f"{address}/sign-in?next=/plain/x"
        sign_in(page)
        page.wait_for_selector("table.plain-room")
        assert page.url == f"{address}/plain/x"
        rows = page.locator("table.plain-room tbody tr").all_inner_texts()
        assert [row.split("\t") for row in rows] == [
            ["2", "CASE^2", "P000002"],
            ["1", "CASE^1", "P000001"],
        ]
        assert page.locator(".at").inner_text() == "x"
        assert page.locator(".who").inner_text() == "rita reader"
        assert page.evaluate("document.cookie") == ""
        page.click("text=Sign out")
        page.wait_for_url(f"{address}/sign-in")
        page.go_back()
        page.wait_for_url(re.compile(r"/sign-in\?next=/plain/x$"))
        assert page.locator("table.plain-room").count() == 0


def test_a_rooms_handler_is_called_with_what_was_typed(chromium: Any, address: str) -> None:
    with window(chromium, address) as page:
        page.goto(f"{address}/plain/x")
        sign_in(page)
        page.wait_for_selector("table.plain-room >> text=CASE^1")
        page.get_by_label("Search").fill("case^2")
        page.get_by_label("Search").press("Enter")
        page.locator("table.plain-room tr").nth(1).wait_for(state="detached")
        assert page.locator("table.plain-room").inner_text().startswith("2")


def test_signing_in_works_without_javascript(chromium: Any, address: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/sign-in?next=/plain/x")
    sign_in(page, password="wrong password")
    assert page.locator("[role=alert]").inner_text() == (
        "The name or the password is wrong. Try again."
    )
    sign_in(page)
    assert page.url == f"{address}/plain/x"
    assert page.locator(".who").inner_text() == "rita reader"
    page.click("text=Sign out")
    assert page.url == f"{address}/sign-in"
    context.close()


def test_a_one_time_password_is_changed_first(chromium: Any, house: House, address: str) -> None:
    new = NewUser("nina", "signer", GOOD, must_change=True)
    users.add_user(house.frame.opened.database, new, hasher=QUICK)
    with window(chromium, address) as page:
        page.goto(f"{address}/plain/x")
        sign_in(page, "nina")
        assert page.url == f"{address}/password"
        page.fill("#old", GOOD)
        page.fill("#new", OTHER)
        page.fill("#again", OTHER)
        page.click("text=Change it")
        page.goto(f"{address}/plain/x")
        page.wait_for_selector("table.plain-room")


def test_text_of_files_is_shown_as_text(chromium: Any, house: House, address: str) -> None:
    patient = Patient("P<b>7", HOSTILE, "O", "1950-01-01")
    opened = house.frame.opened
    studies.save_study(
        opened.database, opened.home, study(series("1.2.8.1"), patient=patient, uid="1.2.8")
    )
    with window(chromium, address) as page:
        page.goto(f"{address}/plain/x")
        sign_in(page)
        page.wait_for_selector("table.plain-room")
        shown = page.locator("table.plain-room tbody tr").first.locator("td").nth(1).inner_text()
        assert shown == " ".join(HOSTILE.split())
        assert page.evaluate("window.hit") is None
        assert page.locator("table.plain-room img, table.plain-room script").count() == 0
        assert page.locator("gradio-app h1, gradio-app .katex, gradio-app a").count() == 0


def test_a_script_in_the_page_would_not_run(chromium: Any, address: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{address}/sign-in")
    page.evaluate(
        """() => {
            const body = document.body;
            body.insertAdjacentHTML("beforeend", '<img src="data:," onerror="window.hit = 1">');
            const script = document.createElement("script");
            script.textContent = "window.hit = 1";
            body.append(script);
            const style = document.createElement("style");
            style.textContent = "body { outline: 7px solid }";
            body.append(style);
        }"""
    )
    assert page.evaluate("window.hit") is None
    assert page.evaluate("getComputedStyle(document.body).outlineWidth") != "7px"
    context.close()


def test_a_first_visit_to_a_room_loads_under_a_megabyte_and_a_half(
    chromium: Any, address: str
) -> None:
    context = chromium.new_context()
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda said: sizes.append(said["encodedDataLength"]))
    page.goto(f"{address}/plain/x")
    sign_in(page)
    page.wait_for_selector("table.plain-room")
    page.wait_for_load_state("load")
    assert 100_000 < sum(sizes) < 1_500_000
    context.close()


def test_two_users_at_once_see_their_own_names(chromium: Any, address: str) -> None:
    with window(chromium, address) as one, window(chromium, address) as two:
        for page, name in ((one, "rita"), (two, "ada")):
            page.goto(f"{address}/plain/x")
            sign_in(page, name)
            page.wait_for_selector("table.plain-room")
        one.reload()
        one.wait_for_selector("table.plain-room")
        assert one.locator(".who").inner_text() == "rita reader"
        assert two.locator(".who").inner_text() == "ada admin"
