"""The admin's room in a real browser: users added, text that stays text, the proof, keys alone."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from medmm.nouns.characters import visible
from medmm.records.audit import Event, audited, record
from medmm.records.user_tables import UserRow
from rag.tables import DocumentRow
from tests.assembly.audit_tampering import tamper
from tests.records.exporters.hostile import STRINGS
from tests.ui.house import GOOD, OTHER, House, served
from tests.ui.payloads import PAYLOADS
from tests.ui.test_browser import sign_in
from tests.ui.test_browser import window as browser_window

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def address(house: House) -> Iterator[str]:
    with served(house.page) as found:
        yield found


# Its forms are refused on purpose.
window = partial(browser_window, refusals=True)


def enter(page: Any, address: str, tab: str = "users") -> None:
    """Sign in as the admin and wait until the tab is filled."""
    page.goto(f"{address}/sign-in?next=/admin")
    sign_in(page, "ada")
    page.wait_for_selector("#panel-users:not([aria-busy]) h2")
    if tab != "users":
        to(page, tab)


def to(page: Any, tab: str) -> None:
    page.click(f"#tab-{tab}")
    page.wait_for_selector(f"#panel-{tab}:not([aria-busy]) h2")


def test_a_user_is_added_signs_in_and_chooses_a_password(
    chromium: Any, address: str, house: House
) -> None:
    with window(chromium, address) as page:
        enter(page, address)
        page.get_by_role("button", name="Add a user").click()
        page.get_by_label("Name", exact=True).fill("joe")
        page.get_by_label("Role", exact=True).select_option("signer")
        page.get_by_label("Your own password").fill(OTHER)
        page.keyboard.press("Enter")
        page.wait_for_selector("dialog [role=alert]:has-text('not your own password')")
        assert page.get_by_label("Name", exact=True).input_value() == "joe"
        page.get_by_label("Your own password").fill(GOOD)
        page.keyboard.press("Enter")
        one_time = page.locator("dialog .secret").inner_text()
        page.get_by_role("button", name="I have noted it").click()
        page.wait_for_selector("text=Added joe.")
        row = page.locator("#panel-users tr", has_text="joe")
        assert "has to change the password" in row.inner_text()
        assert one_time not in page.content()
    with window(chromium, address) as page:
        page.goto(f"{address}/sign-in")
        sign_in(page, "joe", one_time)
        page.wait_for_url(f"{address}/password")
        page.fill("#old", one_time)
        page.fill("#new", OTHER)
        page.fill("#again", OTHER)
        page.click("text=Change it")
        page.wait_for_url(f"{address}/")
        assert page.locator(".who").inner_text() == "joe signer"
        page.goto(f"{address}/admin")
        assert "A signer may not" in page.locator("main").inner_text()
        assert page.locator("[role=tab]").count() == 0


def test_roles_passwords_and_accounts_are_kept_by_the_page(
    chromium: Any, address: str, house: House
) -> None:
    house.signed_in("rita")
    with window(chromium, address) as page:
        enter(page, address)
        row = page.locator("#panel-users tr", has=page.locator("th", has_text="rita"))
        row.get_by_role("button", name="Sign out rita").click()
        page.wait_for_selector("text=1 session of rita ended.")
        row.get_by_role("button", name="Role rita").click()
        page.get_by_label("Role", exact=True).select_option("reporter")
        page.get_by_label("Your own password").fill(GOOD)
        page.get_by_role("button", name="Change it").click()
        page.wait_for_selector("text=The role of rita is reporter now.")
        row.get_by_role("button", name="Disable rita").click()
        page.get_by_role("button", name="Disable", exact=True).click()
        page.wait_for_selector("text=rita can sign in no more.")
        assert "disabled" in row.inner_text()
        row.get_by_role("button", name="Enable rita").click()
        page.get_by_label("Your own password").fill(GOOD)
        page.get_by_role("button", name="Enable", exact=True).click()
        page.wait_for_selector("text=rita can sign in again.")
        row.get_by_role("link", name="Events of rita").click()
        page.wait_for_selector("#panel-audit:not([aria-busy]) table")
        assert page.get_by_label("Who").input_value() == "rita"


def hostile(house: House) -> tuple[str, ...]:
    """Strings in every column that the room shows, put there behind medmm's back."""
    texts = (*PAYLOADS, *(one.raw for one in STRINGS))
    opened = house.frame.opened
    with audited(opened.database, opened.home) as session:
        for number, text in enumerate(texts):
            session.execute(insert(UserRow).values(
                name=text, key=f"k{number}", skeleton=f"s{number}", role=text, password_hash="",
                must_change=False, created=NOON,
            ))  # fmt: skip
            session.execute(insert(DocumentRow).values(
                source=f"{text}{number}", version=text, title=text, domain=text, language="en",
                licence=text, origin=text, media_type="", sha256="", text="", words=[],
                citations=[], added_by=text, added=NOON,
            ))  # fmt: skip
            detail = {"setting": "vlm", "before": text, "after": text}
            event = Event(text, text, text, text, "ok", detail, text)
            record(session, event)
    return texts


def test_hostile_text_is_shown_as_text_and_does_nothing(
    chromium: Any, address: str, house: House
) -> None:
    texts = hostile(house)
    shown = [visible(text).replace("\ufffd", "") for text in PAYLOADS]
    with window(chromium, address) as page:
        enter(page, address)
        for tab in ("users", "knowledge", "audit"):
            to(page, tab)
            panel = page.locator(f"#panel-{tab}")
            for details in panel.locator("details").all()[:40]:
                details.evaluate("element => { element.open = true }")
            told = panel.text_content()
            assert [text for text in shown if text not in told] == [], tab
            # Nothing that hides, turns or breaks reached the page.
            assert not {"\x1b", "\u202e", "\u200b", "\x9b"} & set(told), tab
            inside = "script, img, svg, iframe, style, link, base, meta, math, object, [onerror]"
            assert panel.locator(inside).count() == 0
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= 1280, tab
        assert len(texts) > 30
        assert page.evaluate("window.hit") is None
        assert page.url.startswith(address)


def test_the_page_says_which_event_was_changed(chromium: Any, address: str, house: House) -> None:
    with window(chromium, address) as page:
        enter(page, address, "audit")
        page.get_by_role("button", name="Verify now").click()
        page.wait_for_selector(".proof .state.on")
        assert "are as they were recorded" in page.locator(".proof").inner_text()
        tamper(house.frame.opened.database, 1, actor="mallory")
        page.get_by_role("button", name="Verify now").click()
        page.wait_for_selector(".proof .problems")
        assert "Audit event 1 was changed" in page.locator(".problems li").first.inner_text()


def test_the_log_is_filtered_paged_and_downloaded(
    chromium: Any, address: str, house: House, tmp_path: Path
) -> None:
    opened = house.frame.opened
    with audited(opened.database, opened.home) as session:
        for number in range(1, 151):
            record(session, Event("paul", "reader", "read", f"study:{number}"))
    with window(chromium, address) as page:
        enter(page, address, "audit")
        page.get_by_label("Who").fill("paul")
        page.keyboard.press("Enter")
        page.wait_for_selector("#panel-audit:not([aria-busy]) >> text=Events 150 to 51")
        page.get_by_role("link", name="Older").click()
        page.wait_for_selector("#panel-audit:not([aria-busy]) >> text=Events 50 to 1")
        page.go_back()
        page.wait_for_selector("#panel-audit:not([aria-busy]) >> text=Events 150 to 51")
        with page.expect_download() as download:
            page.get_by_role("link", name="Download these").click()
        download.value.save_as(tmp_path / "lines")
        lines = (tmp_path / "lines").read_text("utf-8").splitlines()
        assert [json.loads(line)["thing"] for line in lines] == [
            f"study:{number}" for number in range(1, 151)
        ]
        page.get_by_label("From (UTC)").fill("yesterday")
        page.keyboard.press("Enter")
        page.wait_for_selector("[role=alert]:has-text('no time')")


def test_a_document_is_added_and_removed_by_the_page(
    chromium: Any, address: str, tmp_path: Path
) -> None:
    guide = tmp_path / "guide.md"
    guide.write_text("# <b>Nodules</b> & more\n\nA solid nodule of 7 mm is followed by CT.\n")
    with window(chromium, address, 2560, 1440) as page:
        enter(page, address, "knowledge")
        page.get_by_role("button", name="Add a document").click()
        page.get_by_label("File").set_input_files(guide)
        page.locator("dialog").get_by_label("Domain").fill("chest-ct")
        page.locator("dialog").get_by_role("button", name="Add").click()
        page.wait_for_selector(".said:has-text('added,')")
        row = page.locator("#panel-knowledge tr", has_text="upload:guide.md")
        assert "current" in row.inner_text()
        page.get_by_label("Search").fill("follow-up of a solid nodule")
        page.keyboard.press("Enter")
        page.wait_for_selector(".found table")
        assert "score at least" in page.locator(".found").inner_text()
        row.get_by_role("button", name="Remove").click()
        page.locator("dialog").get_by_role("button", name="Remove").click()
        page.wait_for_selector("text=Removed with")
        assert row.count() == 0


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (2560, 1440)])
def test_it_goes_by_keys_alone_and_fits(
    chromium: Any, address: str, width: int, height: int
) -> None:
    with window(chromium, address, width, height) as page:
        enter(page, address)
        page.locator("#tab-users").focus()
        seen = []
        for _ in range(5):
            page.keyboard.press("ArrowRight")
            name = page.evaluate("document.activeElement.id").removeprefix("tab-")
            page.wait_for_selector(f"#panel-{name}:not([aria-busy]) h2")
            seen.append(name)
            assert page.locator("[role=tabpanel]:visible").count() == 1
            assert page.locator(f"#tab-{name}").get_attribute("aria-selected") == "true"
            unnamed = page.evaluate(
                "[...document.querySelectorAll('main input, main select, main textarea')]"
                ".filter((one) => !one.labels.length).length"
            )
            assert unnamed == 0
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert seen == ["models", "knowledge", "audit", "health", "users"]
        # A dialog takes the focus and gives it back.
        page.get_by_role("button", name="Add a user").focus()
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.name") == "name"
        page.keyboard.press("Escape")
        page.wait_for_selector("dialog", state="detached")
        assert page.evaluate("document.activeElement.textContent") == "Add a user"


def test_a_session_that_is_over_leads_to_the_sign_in_and_back(
    chromium: Any, address: str, house: House
) -> None:
    context = chromium.new_context()
    page = context.new_page()
    enter(page, address)
    house.pass_time(minutes=16)
    page.click("#tab-audit")
    page.wait_for_url(f"{address}/sign-in?next=/admin*")
    sign_in(page, "ada")
    page.wait_for_selector("[role=tabpanel]:visible h2")
    context.close()
