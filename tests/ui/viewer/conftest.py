"""One home, browser and site for all viewer tests: making and reading studies takes the time."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from medmm.assembly.drafting import draft
from medmm.assembly.homes import OpenHome, open_home
from medmm.demo.phantom import Phantom
from medmm.demo.study import write_phantom
from tests.ui.viewer.desk import application, served, stored
from tests.ui.viewer.phantoms import Known
from tests.ui.viewer.seen import Seen


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenHome]:
    """A home of the viewer tests' own."""
    before = {name: value for name, value in os.environ.items() if name.startswith("MEDMM_")}
    for name in before:
        if not name.startswith("MEDMM_TEST_"):
            del os.environ[name]
    opened = open_home(tmp_path_factory.mktemp("viewer-home"))
    os.environ.update(before)
    yield opened
    opened.database.close()


@pytest.fixture(scope="session")
def site(home: OpenHome) -> Iterator[str]:
    """The viewer's small application over that home, for a reader."""
    with served(application(home)) as url:
        yield url


@pytest.fixture
def seen(chromium: Browser, site: str) -> Iterator[Seen]:
    """A page of 1280 by 800, whose console stays free of errors."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    one = Seen(context.new_page(), site)
    yield one
    context.close()
    assert one.faults == []


@pytest.fixture(scope="session")
def known(home: OpenHome, tmp_path_factory: pytest.TempPathFactory) -> Known:
    """A phantom in the home, read, drafted, and with its truth."""
    folder = tmp_path_factory.mktemp("known")
    truth = write_phantom(Phantom(seed=1, shape=(64, 160, 160)), folder)
    [one] = stored(home, folder)
    made = draft(one, home=home)
    assert made.report_id
    return Known(one, made.report_id, made.regions, truth)
