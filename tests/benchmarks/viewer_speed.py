"""Speed of the viewer in a real browser: `python -m tests.benchmarks.viewer_speed`.

Everything is printed beside a calibration loop and nothing is asserted: seconds depend on the
machine, and here server and browser share its cores and the browser paints in software.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from medmm.assembly.homes import OpenHome, open_home
from medmm.nouns import Volume
from tests.benchmarks.speed import calibration
from tests.records.builders import study
from tests.ui.viewer.desk import application, kept, served, stored
from tests.ui.viewer.films import ct
from tests.ui.viewer.seen import READY, SETTLED

SLICES, SIDE = 300, 512
# Before anything else runs: when the first slice was on the screen, from the click on the link.
FIRST = """addEventListener('frame', () => requestAnimationFrame(() => {
  window.firstPicture ??= performance.now();
}), { once: true });"""
# One key for each painted frame, as fast as the browser paints, from the first slice on.
SCROLL = """async (seconds) => {
  const viewer = document.getElementById('viewer').viewer;
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  viewer.goTo(viewer.active, 0);
  while (viewer.active.waiting) await frame();
  const seen = new Set(), waits = [];
  let asked = 0;
  viewer.element.addEventListener('frame', (event) => {
    if (event.detail.plane !== viewer.active.plane) return;
    seen.add(event.detail.slice);
    waits.push(performance.now() - asked);
  });
  const began = performance.now();
  while (performance.now() - began < seconds * 1000 && viewer.active.k < viewer.active.count - 1) {
    if (!viewer.active.waiting) {
      asked = performance.now();
      document.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true }));
    }
    await frame();
  }
  waits.sort((a, b) => a - b);
  const took = (performance.now() - began) / 1000;
  return { rate: seen.size / took, p50: waits[waits.length >> 1],
           p95: waits[Math.floor(waits.length * 0.95)], slices: seen.size };
}"""
WINDOW = """(times) => {
  const viewer = document.getElementById('viewer').viewer, port = viewer.active;
  const began = performance.now();
  for (let at = 0; at < times; at += 1) {
    port.setWindow({ centre: 40 + at, width: 400, function: 'LINEAR', name: 'x' });
    port.draw();
  }
  return times / ((performance.now() - began) / 1000);
}"""


def busy_ct(uid: str) -> Any:
    """A CT of 300 slices of 512 by 512 with noise in it, as real ones have."""
    made = ct(uid, slices=SLICES, side=SIDE, gap_mm=1.0)
    content = made.content
    assert isinstance(content, Volume)
    noise = np.random.default_rng(1).normal(0, 20, content.array.shape[1:]).astype(np.int16)
    array = content.array + noise
    noisy = Volume(array, content.affine_lps, "HU", window=(400.0, 3000.0))
    return ct(uid, slices=SLICES, side=SIDE, gap_mm=1.0, content=noisy)


def measured(browser: Browser, url: str, number: int | None, what: str) -> None:
    """Open, scroll and window a study in a new browser context, and print what it took."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(FIRST)
    page = context.new_page()
    for visit in ("first visit", "again"):
        page.goto(f"{url}/start/{number}")
        page.get_by_role("link").click()
        page.wait_for_url("**/page/*")
        page.evaluate(READY)
        page.evaluate(SETTLED)
        seconds = page.evaluate("() => window.firstPicture") / 1000
        print(f"  {what}: first picture after the click, {visit}: {seconds:.2f} s")
    _scrolled(page, what, "three planes")
    page.keyboard.press(".")
    _scrolled(page, what, "one plane")
    rate = page.evaluate(WINDOW, 200)
    print(f"  {what}: window changes with repainting: {rate:.0f} a second")
    heap = page.evaluate("() => performance.memory.usedJSHeapSize") / 2**20
    print(f"  {what}: heap of the page: {heap:.0f} MiB")
    context.close()


def _scrolled(page: Page, what: str, hanging: str) -> None:
    page.reload()
    page.evaluate(READY)
    if hanging == "one plane":
        page.keyboard.press(".")
    page.evaluate(SETTLED)
    found = page.evaluate(SCROLL, 6)
    print(
        f"  {what}: {found['rate']:.0f} distinct slices a second by key, {hanging} "
        f"({found['slices']} slices; key to frame p50 {found['p50']:.0f} ms, "
        f"p95 {found['p95']:.0f} ms)"
    )


def studies(opened: OpenHome, data: Path | None) -> dict[str, int | None]:
    """The studies to look at, by what they are."""
    found = {f"CT of {SLICES} x {SIDE} x {SIDE}": kept(opened, study(busy_ct("1.2.7"))).id}
    if data is not None:
        [abdomen] = stored(opened, data / "ct_abdomen" / "dicom")
        shape = " x ".join(str(size) for size in abdomen.series[0].shape)
        found[f"real CT of the abdomen, {shape}"] = abdomen.id
    return found


def main() -> int:
    """Print the table."""
    from fastapi.responses import HTMLResponse

    program = shutil.which("chromium")
    if program is None:
        print("  Chromium is not here: install Debian's chromium")
        return 0
    print(f"  calibration loop: {calibration():.2f} s")
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    data = Path(os.environ.get("MEDMM_TEST_DATA", beside))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        opened = open_home(folder)
        app = application(opened)

        @app.get("/start/{number}")
        def start(number: int) -> HTMLResponse:
            return HTMLResponse(f'<!doctype html><a href="/page/{number}">Open</a>')

        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        with served(app) as url:
            for what, number in studies(opened, data if data.is_dir() else None).items():
                measured(browser, url, number, what)
        browser.close()
        opened.database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
