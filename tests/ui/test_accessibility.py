"""axe-core finds nothing serious in any room, in the states that people meet."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.ui.review.conftest import Served, drafted, home, site  # noqa: F401  # fixtures
from tests.ui.review.desk import SLOW_MS, Desk

SERIOUS = {"serious", "critical"}


@pytest.fixture
def window(chromium: Any, site: Served) -> Iterator[Desk]:  # noqa: F811
    with Desk.window(chromium, site.url) as made:
        yield made


def findings(page: Any) -> list[str]:
    """What axe says is serious, with the elements."""
    return [
        f"{found['id']}: {[node['target'] for node in found['nodes']][:4]}"
        for found in Axe().run(page).response["violations"]
        if found["impact"] in SERIOUS
    ]


def test_signing_in(window: Desk) -> None:
    window.page.goto(f"{window.url}/sign-in")
    assert findings(window.page) == []
    window.page.fill("#name", "sam")
    window.page.fill("#password", "a wrong password")
    window.page.keyboard.press("Enter")
    expect(window.page.locator("[role=alert]")).to_be_visible()
    assert findings(window.page) == []
    window.complaints.clear()


def test_the_worklist(window: Desk) -> None:
    window.sign_in("sam", "/")
    expect(window.page.locator("text=/2024/").first).to_be_visible(timeout=SLOW_MS)
    assert findings(window.page) == []


def test_the_review_room_as_it_opens_and_with_its_parts_open(window: Desk) -> None:
    window.open("sam")
    assert findings(window.page) == []
    window.sentence("s1").locator(".rv-line").click()
    assert findings(window.page) == []
    window.write("s1", "Cough for six weeks.").settled()
    assert findings(window.page) == []


def test_the_history(window: Desk) -> None:
    window.sign_in("sam", "/report/1")
    expect(window.page.locator("text=Versions").first).to_be_visible(timeout=SLOW_MS)
    assert findings(window.page) == []


def test_the_admins_room(window: Desk) -> None:
    window.sign_in("ada", "/admin")
    expect(window.page.locator("text=rita").first).to_be_visible(timeout=SLOW_MS)
    for tab in window.page.get_by_role("tab").all():
        tab.click()
        assert findings(window.page) == []
