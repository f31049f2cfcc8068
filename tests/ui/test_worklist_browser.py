"""The worklist in a real browser: hostile names, a study uploaded and drafted, keys alone."""

import gzip
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from medmm.assembly.working import Worker
from medmm.database import storable
from medmm.nouns import Patient
from medmm.records import jobs, reports, studies
from tests.records.builders import draft, series, study
from tests.records.exporters.hostile import STRINGS
from tests.ui.house import House, served
from tests.ui.payloads import PAYLOADS
from tests.ui.test_browser import sign_in, window

PAYLOAD = 1_500_000
"""Bytes that the page may take with all it loads, compressed."""


@pytest.fixture
def address(house: House) -> Iterator[str]:
    with served(house.page) as found:
        yield found


@contextmanager
def room(chromium: Any, address: str, name: str = "sam", **size: int) -> Iterator[Any]:
    with window(chromium, address, **size) as page:
        page.goto(f"{address}/")
        sign_in(page, name)
        page.wait_for_selector("#wl-list[aria-busy=false] tr.here")
        yield page


def focused(page: Any) -> str:
    text: str = page.evaluate("document.activeElement.textContent.trim()")
    return text


def test_hostile_names_are_text_and_run_nothing(chromium: Any, house: House, address: str) -> None:
    opened = house.frame.opened
    texts = [one.raw[:300] for one in STRINGS] + list(PAYLOADS)
    for number, one in enumerate(texts):
        patient = Patient(one, one, "O", "1950-01-01")
        made = study(series(f"1.6.{number}.1"), patient=patient, uid=f"1.6.{number}")
        words = replace(made, description=one)
        saved = studies.save_study(opened.database, opened.home, words)
        told = draft(f"1.6.{number}", [f"Pneumothorax {storable(one[:200])}"])
        reports.save_draft(opened.database, opened.home, saved.study_id, told)
    # `window` refuses any request to elsewhere, any complaint of the policy, any script's fault.
    with room(chromium, address) as page:
        table = page.locator(".wl-table")
        assert "<script>fetch('http://evil.example')</script>" in table.inner_text()
        assert "‹U+202E›" in table.inner_text()
        assert page.evaluate("window.hit") is None
        assert page.locator("#worklist :is(script, img, iframe, a[href*=evil])").count() == 0
        for key in ("a", "Escape", "d"):
            page.keyboard.press(key)
        page.wait_for_selector("#wl-draft[open] textarea")
        page.keyboard.press("Escape")
        page.keyboard.press("/")
        page.keyboard.type("pneumothorax")
        page.keyboard.press("Enter")
        page.wait_for_selector(".wl-found li")
        # Nothing is wider than the window.
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.locator("#worklist :is(script, img, iframe, a[href*=evil])").count() == 0


def test_a_study_is_uploaded_drafted_and_opened(
    chromium: Any, house: House, address: str, small_study: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "chest.zip", "w") as archive:
        for path in sorted(small_study.rglob("*")):
            if path.is_file():
                archive.write(path, path.name)
    with (
        Worker(house.frame.opened, 0.05).running(),
        room(chromium, address) as page,
    ):
        page.keyboard.press("u")
        page.set_input_files("#wl-files", tmp_path / "chest.zip")
        page.get_by_role("button", name="Upload", exact=True).click()
        page.wait_for_selector(".wl-one.running, .wl-one.done")
        page.wait_for_selector(".wl-one.done", timeout=120_000)
        page.locator("[data-results]").click()
        page.wait_for_selector("#wl-results[open]")
        assert "● usable" in page.locator("#wl-results").inner_text()
        page.keyboard.press("Escape")
        page.wait_for_selector('tr[data-study="3"]')
        page.keyboard.press("Home")
        page.keyboard.press("d")
        page.wait_for_selector("#wl-draft[open]")
        page.keyboard.type("Cough for six weeks")
        page.get_by_role("button", name="Draft", exact=True).last.click()
        page.wait_for_selector('tr[data-study="3"] .wl-status.drafting')
        page.wait_for_selector(".wl-one.running .wl-told:not(:empty)", timeout=120_000)
        page.wait_for_selector('tr[data-study="3"] .wl-status.draft', timeout=120_000)
        assert "Report 2" in page.locator("#wl-jobs").inner_text()
        page.locator('tr[data-study="3"] .wl-open').click()
        page.wait_for_url(f"{address}/study/3")


def test_everything_is_reached_by_keys_alone(chromium: Any, house: House, address: str) -> None:
    opened = house.frame.opened
    told = draft("1.2.9.2", ["There is a large pneumothorax."])
    reports.save_draft(opened.database, opened.home, 2, told)
    with room(chromium, address) as page:
        assert focused(page) == "CASE, 2"
        for key, there in (
            ("ArrowDown", 1),
            ("ArrowDown", 1),
            ("ArrowUp", 2),
            ("End", 1),
            ("Home", 2),
        ):
            page.keyboard.press(key)
            assert focused(page) == f"CASE, {there}"
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert page.evaluate(outline) != "none"
        page.keyboard.press("?")
        assert page.locator("#wl-help").evaluate("one => one.open")
        page.keyboard.press("Escape")
        page.keyboard.press("a")
        page.wait_for_selector("#wl-critical[open]")
        page.keyboard.type("Dr Who")
        page.keyboard.press("Tab")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector(".wl-flag.noted >> text=told Dr Who by phone")
        page.keyboard.press("d")
        page.wait_for_selector("#wl-draft[open]")
        page.keyboard.type("Cough")
        for _ in range(8):
            if page.evaluate("document.activeElement.type") == "submit":
                break
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector(".wl-one.waiting")
        page.wait_for_selector('tr[data-study="2"] .wl-status.drafting')
        page.locator("[data-cancel]").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(".wl-one.cancelled")
        page.keyboard.press("/")
        page.keyboard.type("case^1")
        page.keyboard.press("Enter")
        page.wait_for_selector('tr[data-study="2"]', state="detached")
        page.keyboard.press("Escape")
        assert focused(page) == "CASE, 1"
        page.keyboard.press("Enter")
        page.wait_for_url(f"{address}/study/1")
    assert [job.asked["indication"] for job in jobs.listed(opened.database)] == ["Cough"]


def test_filters_outlive_a_visit_to_a_study(chromium: Any, address: str) -> None:
    with room(chromium, address, "rita") as page:
        page.get_by_label("Status").select_option("none")
        page.wait_for_selector('tr[data-study="1"]', state="detached")
        page.keyboard.press("Escape")
        page.goto(f"{address}/")
        page.wait_for_selector('#wl-list[aria-busy=false] tr[data-study="2"]')
        assert page.get_by_label("Status").input_value() == "none"
        assert page.locator("tr[data-study]").count() == 1
        page.get_by_role("button", name="Clear").click()
        page.wait_for_selector('tr[data-study="1"]')
        assert page.locator("#wl-add").count() == 0


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (2560, 1440)])
def test_the_page_is_light_and_fits(
    chromium: Any, house: House, address: str, width: int, height: int
) -> None:
    with window(chromium, address, width, height) as page:
        page.goto(f"{address}/sign-in")
        sign_in(page)
        page.wait_for_selector("#wl-list[aria-busy=false] tr.here")
        loaded: list[Any] = []
        other = page.context.new_page()
        other.set_viewport_size({"width": width, "height": height})
        other.on("requestfinished", lambda one: loaded.append(one))  # noqa: PLW0108
        other.goto(f"{address}/")
        other.wait_for_selector("#wl-list[aria-busy=false] tr.here")
        other.wait_for_load_state("networkidle")
        sizes = [len(gzip.compress(one.response().body())) for one in loaded]
        assert sum(sizes) < PAYLOAD, sum(sizes)
        assert other.evaluate("document.documentElement.scrollWidth <= innerWidth")
