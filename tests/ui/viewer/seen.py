"""The viewer in a real browser, used as a person does: by mouse, keys and what is on screen."""

import base64
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from playwright.sync_api import Page

READY = """async () => {
  while (!document.getElementById('viewer')?.viewerReady)
    await new Promise((done) => requestAnimationFrame(done));
  await document.getElementById('viewer').viewerReady;
}"""
# The page's policy allows no eval, so waiting is done by functions, frame by frame.
SETTLED = """async () => {
  const viewer = document.getElementById('viewer').viewer;
  const busy = () => viewer.reading || viewer.source.queue.length || viewer.source.running.size ||
    viewer.masks.pending.size ||
    viewer.ports.some((port) => port.asked || (port.waiting && !port.problem));
  const began = performance.now();
  for (let quiet = 0; quiet < 3; quiet = busy() ? 0 : quiet + 1) {
    if (performance.now() - began > 60000) throw new Error('The viewer does not come to rest.');
    await new Promise((done) => requestAnimationFrame(done));
  }
}"""
PIXELS = """([at, name]) => {
  const canvas = document.getElementById('viewer').viewer.ports[at][name];
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let text = '';
  for (let at = 0; at < data.length; at += 32768)
    text += String.fromCharCode.apply(null, data.subarray(at, at + 32768));
  return [canvas.height, canvas.width, btoa(text)];
}"""
EVENTS = """(names) => {
  window.heard = [];
  for (const name of names)
    document.getElementById('viewer').addEventListener(name, (event) =>
      window.heard.push([name, JSON.parse(JSON.stringify(event.detail))]));
}"""


@dataclass
class Seen:
    """One page with the viewer of a study."""

    page: Page
    url: str
    requests: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def open(self, study: int | None, report: int | None = None) -> "Seen":
        """Open a study and wait until all of its viewports are drawn."""
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on(
            "console",
            lambda said: self.faults.append(said.text) if said.type == "error" else None,
        )
        self.page.goto(f"{self.url}/page/{study}?report={report or ''}")
        self.page.evaluate(READY)
        return self.settle()

    def settle(self) -> "Seen":
        """Wait until nothing is on its way any more."""
        self.page.evaluate(SETTLED)
        return self

    def frames(self, count: int) -> None:
        """Let the browser draw so many times."""
        self.page.evaluate(
            "async (count) => { for (let at = 0; at < count; at += 1)"
            " await new Promise((done) => requestAnimationFrame(done)); }",
            count,
        )

    def do(self, script: str, *given: Any) -> Any:
        """What an expression of ``viewer``, ``port`` (the active one) and ``given`` is."""
        return self.page.evaluate(
            "async (given) => { const viewer = document.getElementById('viewer').viewer;"
            f" const port = viewer.active; return await ({script}); }}",
            list(given),
        )

    def press(self, *keys: str) -> "Seen":
        """Press keys one after the other, then wait."""
        for key in keys:
            self.page.keyboard.press(key)
        return self.settle()

    def pixels(self, at: int = 0, name: str = "image") -> np.ndarray:
        """RGBA ``[row, column, 4]`` of a viewport's slice, masks ("over") or screen ("canvas")."""
        rows, columns, data = self.page.evaluate(PIXELS, [at, name])
        return np.frombuffer(base64.b64decode(data), np.uint8).reshape(rows, columns, 4)

    def place(self, row: float, column: float, at: int = 0) -> tuple[float, float]:
        """Where a pixel centre of a viewport's image is on the page."""
        x, y = self.page.evaluate(
            """([at, row, column]) => {
              const port = document.getElementById('viewer').viewer.ports[at];
              const m = port.matrix, box = port.canvas.getBoundingClientRect();
              const ratio = port.canvas.width / box.width;
              const [x, y] = [column + 0.5, row + 0.5];
              return [box.left + (m.a * x + m.c * y + m.e) / ratio,
                      box.top + (m.b * x + m.d * y + m.f) / ratio];
            }""",
            [at, row, column],
        )
        return x, y

    def drag(self, start: tuple[float, float], end: tuple[float, float], **how: Any) -> "Seen":
        """Drag over the page."""
        self.page.mouse.move(*start)
        self.page.mouse.down(**how)
        self.page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        self.page.mouse.move(*end)
        self.page.mouse.up(**how)
        return self.settle()

    def click(self, row: float, column: float, at: int = 0) -> "Seen":
        """Click on a pixel of a viewport."""
        self.page.mouse.click(*self.place(row, column, at))
        return self.settle()

    def listen(self, *names: str) -> None:
        """Write down events of these names from now on."""
        self.page.evaluate(EVENTS, list(names))

    def heard(self) -> list[Any]:
        """The events since, as name and detail."""
        found: list[Any] = self.page.evaluate("() => window.heard")
        return found
