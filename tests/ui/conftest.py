"""A whole page over a home of its own, visitors with their cookies, and a real browser."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import absent
from tests.records.conftest import (  # noqa: F401  # fixtures, found by name
    Opened,
    database_url,
    empty,
    opened,
    postgres_admin,
    schema_url,
    sqlite_home,
)
from tests.ui.house import House, built

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture
def house(sqlite_home: Opened) -> Iterator[House]:  # noqa: F811
    """A page with a reader, a signer and an admin, and two studies, served within this process."""
    with built(sqlite_home) as made:
        yield made


@pytest.fixture
def any_house(opened: Opened) -> Iterator[House]:  # noqa: F811
    """The same on both databases."""
    with built(opened) as made:
        yield made


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Debian's Chromium, headless, started once."""
    if not CHROMIUM.exists():
        absent("chromium", f"{CHROMIUM} is not there; install Debian's chromium")
    from playwright.sync_api import sync_playwright

    # Chromium's own sandbox does not work for root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        yield browser
        browser.close()
