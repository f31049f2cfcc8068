"""The server killed in mid-edit: what was acknowledged is there, the rest is in the page."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from medmm.assembly.homes import open_home
from medmm.records import integrity, reading, reports
from tests.conftest import Medmm, free_port
from tests.ui.review.desk import SLOW_MS, Desk

SENTENCE = "A solid nodule of the right lung is not seen. "


@contextmanager
def serving(home: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """The real command on a port; killed at the end, if it is not dead yet."""
    process = subprocess.Popen(
        Medmm(home).command("serve", "--port", port, "--json"),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        assert json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")["url"]
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def kept_text(home: Path) -> str:
    """What the database has of sam's typing."""
    opened = open_home(home)
    try:
        assert integrity.check(opened.database, opened.home) == []
        assert len(reports.load_report(opened.database, 1).versions) == 1
        found = reading.texts_of(opened.database, 1, "sam")
        return json.loads(found[-1].text)["statements"][4].get("text", "") if found else ""
    finally:
        opened.database.close()


def test_killed_while_somebody_types_nothing_acknowledged_is_lost(
    chromium: Any, home: Path
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with Desk.window(chromium, url, strict=False) as desk:
        typed, acknowledged = "", ""
        with serving(home, port) as server:
            desk.open("sam").write("s5", "")
            # On until the server has acknowledged some of it three times, and then a little more.
            for _ in range(3):
                before = desk.acknowledged()
                while desk.acknowledged() == before:
                    desk.page.keyboard.type(SENTENCE)
                    typed += SENTENCE
                acknowledged = desk.page.evaluate(
                    "() => document.querySelector('.rv-root').desk.autosave.kept"
                )
            desk.page.keyboard.type("One more")
            server.kill()
            server.wait()
        words = json.loads(acknowledged)["statements"][4]["text"]
        assert SENTENCE in words
        kept = kept_text(home)
        # All that was acknowledged, and nothing that was not typed.
        assert kept.startswith(words)
        assert f"{typed}One more".startswith(kept)
        desk.page.keyboard.type(" and in the dark.")
        expect(desk.page.locator(".rv-trouble")).to_contain_text("held in this page")
        with serving(home, port):
            expect(desk.page.locator(".rv-kept")).to_have_attribute(
                "data-state", "kept", timeout=SLOW_MS
            )
            assert kept_text(home) == f"{typed}One more and in the dark."


def test_killed_with_the_browser_the_text_comes_back_to_the_next_window(
    chromium: Any, home: Path
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with serving(home, port) as server, Desk.window(chromium, url, strict=False) as desk:
        desk.open("sam").write("s5", "The right lung is well.").settled()
        server.kill()
        server.wait()
    with serving(home, port), Desk.window(chromium, url) as desk:
        desk.open("sam")
        expect(desk.sentence("s5").locator(".rv-text")).to_have_text("The right lung is well.")
        desk.save().says("Version 2 is saved.")
