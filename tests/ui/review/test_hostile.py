"""Texts of files, models, documents and people command nothing in the room, on any of its parts."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import expect

from medmm.assembly import report_life
from medmm.assembly.homes import OpenHome
from medmm.nouns import (
    Check,
    Code,
    Evidence,
    ExpertRun,
    Finding,
    Measurement,
    Passage,
    Patient,
    Region,
    Statement,
    Uncertainty,
)
from medmm.nouns.characters import visible
from medmm.records import reports, studies, users
from medmm.records.users import NewUser
from tests.records.builders import draft, refused_series, series, study
from tests.records.conftest import Opened
from tests.records.exporters.hostile import STRINGS
from tests.ui.house import GOOD, served
from tests.ui.payloads import PAYLOADS
from tests.ui.review.conftest import PEOPLE, WHOLE, Served
from tests.ui.review.desk import Desk
from ui.app import build
from ui.frame import Frame

# A lone surrogate cannot be in a stored document.
TEXTS = (*(one.raw for one in STRINGS if one.label != "surrogate"), *PAYLOADS)
ALL = " ".join(PAYLOADS)
# Elements of ours whose words come from elsewhere; none may be wider than its box shows, and none
# may lie beyond the side that it belongs to.
ESCAPED = """() => {
  const side = document.querySelector('.rv-pane').getBoundingClientRect();
  return [...document.querySelectorAll('.rv-pane *, dialog *')].filter((one) => {
    const box = one.getBoundingClientRect();
    if (!box.width || one.closest('dialog') || one.closest('.rv-hidden')) return false;
    return box.left < side.left - 1 || box.right > side.right + 1;
  }).map((one) => one.className).slice(0, 5);
}"""
FOREIGN = """() => document.querySelectorAll(
  ':is(.rv-root, #review, #history) :is(script, iframe, svg, img, link, style, form[action])'
).length"""
OPEN_ALL = """() => {
  document.querySelector('.rv-root').desk.statements.views.forEach((one) => one.toggle(true));
}"""


def statement(number: int, text: str) -> Statement:
    kinds = ("measurement", "finding", "header", "passage", "prior", "vlm", "platform", "order")
    refs = {"measurement": f"m{number}", "finding": f"f{number}", "passage": f"p{number}"}
    evidence = tuple(Evidence(kind, refs.get(kind, text), text) for kind in kinds)  # type: ignore[arg-type]
    state = "contradicted" if number in (1, 30) else "supported"
    return Statement(f"s{number}", "Findings", text, state, evidence)


def hostile_draft() -> Any:
    """Each string in every text that a draft can carry."""
    numbered = list(enumerate(TEXTS, start=1))
    experts = [ExpertRun(text[:200], text, "refused", "refuses", text) for text in TEXTS]
    return replace(
        draft("1.2.3"),
        statements=tuple(statement(number, text) for number, text in numbered),
        experts=tuple(experts),
        findings=tuple(
            Finding(f"f{number}", Code("SCT", text, text), "present", text)
            for number, text in numbered
        ),
        measurements=tuple(
            Measurement(f"m{number}", text, 1.5, text, text, text, Uncertainty(text, 0.5), "r1")  # type: ignore[arg-type]
            for number, text in numbered
        ),
        regions=tuple(
            Region(f"r{number}", text, "box", "1.2.3.1", slice=1, box=(1.0, 1.0, 5.0, 5.0))
            for number, text in numbered
        ),
        retrieved=tuple(
            Passage(f"p{number}", text, text, text, text, text, 0.4, kept=True, why=text)
            for number, text in numbered
        ),
        checks=tuple(Check(f"s{number}", text[:80], "fail", text) for number, text in numbered),
        warnings=TEXTS,
    )


@pytest.fixture
def hostile(sqlite_home: Opened) -> Iterator[Served]:
    """The page over a home in which every text is hostile."""
    patient = Patient(f"ID{ALL}", f"{ALL}\u202e{ALL}", "<b>", "<i>", "<u>")
    parts = (
        series("1.2.3.1", description=f"{ALL}\u202e"),
        refused_series(description=ALL),
    )
    held = replace(study(*parts, patient=patient), description=ALL)
    for name, role in PEOPLE.items():
        new = NewUser(name, role, GOOD)
        users.add_user(sqlite_home.database, new, hasher=WHOLE)
    studies.save_study(sqlite_home.database, sqlite_home.home, held)
    reports.save_draft(sqlite_home.database, sqlite_home.home, 1, hostile_draft())
    opened = OpenHome(sqlite_home.home, sqlite_home.database)
    frame = Frame(opened)
    with served(build(frame)) as url:
        yield Served(frame, url)


def unharmed(desk: Desk, dialogs: list[str]) -> None:
    assert desk.page.evaluate("() => window.hit") is None
    assert dialogs == []
    assert desk.page.evaluate(FOREIGN) == 0


def test_no_text_gets_out_of_its_place(chromium: Any, hostile: Served) -> None:
    with Desk.window(chromium, hostile.url) as desk:
        dialogs: list[str] = []
        desk.page.on("dialog", lambda one: dialogs.append(one.message) or one.dismiss())
        desk.open("sam")
        page = desk.page
        page.evaluate(OPEN_ALL)
        for number, text in enumerate(TEXTS, start=1):
            expect(desk.sentence(f"s{number}").locator(".rv-text")).to_have_text(
                " ".join(visible(text).split()) or "(no words yet)"
            )
        assert page.evaluate(ESCAPED) == []
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        unharmed(desk, dialogs)
        # Typed words are as hostile, in the box, beside it, and in a version.
        desk.write("s25", ALL)
        page.evaluate(OPEN_ALL)
        desk.settled()
        page.keyboard.press("Escape")
        expect(desk.sentence("s25").locator("ins").first).to_be_visible()
        desk.sentence("s25").locator(".rv-line").focus()
        unharmed(desk, dialogs)
        page.get_by_role("button", name="Changes").click()
        expect(page.locator("dialog[open] .rv-diff").first).to_be_visible()
        unharmed(desk, dialogs)
        page.get_by_role("button", name="Close").click()
        desk.save().says("Version 2 is saved.")
        page.get_by_role("button", name="Sign…").click()
        expect(page.locator("dialog[open] textarea")).to_have_count(2)
        unharmed(desk, dialogs)
        page.locator("dialog[open] input").first.fill(ALL)
        for area in page.locator("dialog[open] textarea").all():
            area.fill(ALL)
        page.locator("dialog[open] input[type=password]").fill(GOOD)
        page.keyboard.press("Enter")
        desk.says("The report is signed.")
        expect(page.locator(".rv-signed")).to_contain_text("window.hit=1")
        page.get_by_role("button", name="Addendum…").click()
        page.keyboard.type(ALL)
        page.locator("dialog[open] input[type=password]").fill(GOOD)
        page.keyboard.press("Enter")
        desk.says("The addendum is signed.")
        unharmed(desk, dialogs)
        assert page.evaluate(ESCAPED) == []
        page.get_by_role("link", name="History").click()
        expect(page.locator(".rv-differences")).to_contain_text("1 changed")
        expect(page.locator(".history-holds")).to_contain_text("every signature is of the text")
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        unharmed(desk, dialogs)


def test_two_hostile_texts_side_by_side(chromium: Any, hostile: Served) -> None:
    opened = hostile.frame.opened
    with Desk.window(chromium, hostile.url, strict=False) as desk:
        dialogs: list[str] = []
        desk.page.on("dialog", lambda one: dialogs.append(one.message) or one.dismiss())
        desk.open("sam").write("s25", f"{ALL} by sam").settled()
        lines = report_life.edit_text(reports.load_report(opened.database, 1).last.document)
        text = "".join(
            f"[s25] {ALL} by rex\n" if line.startswith("[s25]") else f"{line}\n"
            for line in lines.splitlines()
        )
        reason = PAYLOADS[0]
        report_life.edit(
            opened, 1, text.encode(), author="<img src=x onerror=hit()>", reason=reason
        )
        desk.save()
        expect(desk.page.locator("dialog[open]")).to_contain_text("by rex")
        unharmed(desk, dialogs)
        width = "(one) => one.scrollWidth - one.clientWidth"
        assert desk.page.locator("dialog[open]").evaluate(width) <= 0
