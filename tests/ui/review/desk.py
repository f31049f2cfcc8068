"""The review room in a real browser, used as a person does."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import expect

from tests.ui.house import GOOD

SLOW_MS = 60_000


@dataclass
class Desk:
    """One browser window."""

    page: Any
    url: str
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @classmethod
    @contextmanager
    def window(
        cls, browser: Any, url: str, size: tuple[int, int] = (1280, 800), *, strict: bool = True
    ) -> Iterator["Desk"]:
        """A new window with no session; with ``strict`` it must complain of nothing."""
        context = browser.new_context(viewport={"width": size[0], "height": size[1]})
        context.set_default_timeout(SLOW_MS)
        made = cls(context.new_page(), url)
        made.page.on("console", made.hear)
        made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
        made.page.on("request", lambda request: made.asked.append(request.url))
        try:
            yield made
            if strict:
                assert made.complaints == []
            assert [one for one in made.asked if not one.startswith((url, "data:", "blob:"))] == []
        finally:
            context.close()

    def hear(self, said: Any) -> None:
        if said.type == "error":
            self.complaints.append(said.text)

    def sign_in(self, name: str, there: str = "/study/1") -> "Desk":
        """Sign in on the way to a path."""
        self.page.goto(f"{self.url}{there}")
        self.page.fill("#name", name)
        self.page.fill("#password", GOOD)
        self.page.keyboard.press("Enter")
        return self

    def ready(self) -> "Desk":
        """Wait until report and images are there."""
        expect(self.page.locator(".rv-root")).to_have_attribute(
            "data-ready", "all", timeout=SLOW_MS
        )
        return self

    def open(self, name: str, there: str = "/study/1") -> "Desk":
        return self.sign_in(name, there).ready()

    def sentence(self, name: str) -> Any:
        """A statement by its id."""
        return self.page.locator(f'.rv-st[data-key="{name}"]')

    def write(self, name: str, text: str) -> "Desk":
        """Type over a statement."""
        line = self.sentence(name).locator(".rv-line")
        line.focus()
        self.page.keyboard.press("e")
        area = self.sentence(name).locator("textarea")
        area.press("ControlOrMeta+a")
        self.page.keyboard.type(text)
        return self

    def settled(self) -> "Desk":
        """Wait until the server has all that was typed."""
        expect(self.page.locator(".rv-kept")).to_have_attribute("data-state", "kept")
        return self

    def says(self, text: str) -> "Desk":
        """Wait until it is announced."""
        expect(self.page.locator(".rv-said")).to_contain_text(text, timeout=SLOW_MS)
        return self

    def save(self) -> "Desk":
        self.page.keyboard.press("ControlOrMeta+s")
        return self

    def acknowledged(self) -> int:
        """How many changes the server has said that it keeps."""
        number: int = self.page.evaluate(
            "() => document.querySelector('.rv-root').desk.autosave.acked"
        )
        return number
