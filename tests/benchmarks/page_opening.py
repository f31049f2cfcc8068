"""From the click in the worklist to the picture: `python -m tests.benchmarks.page_opening`.

The whole page as people have it: `medmm serve` in a process of its own, a session, Gradio's rooms,
the strict policy, a CT of 300 slices with a report, Chromium on the same machine. Printed beside a
calibration loop; nothing is asserted.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from medmm.assembly import homes, reading, users
from medmm.records import reports
from tests.benchmarks.page_load import PASSWORD, Served
from tests.benchmarks.speed import calibration
from tests.benchmarks.viewer_speed import FIRST, SIDE, SLICES, busy_ct
from tests.records.builders import draft, study

VISITS = ("first visit", "again", "once more")


def main() -> int:
    """Print the table."""
    program = shutil.which("chromium")
    if program is None:
        print("  Chromium is not here: install Debian's chromium")
        return 0
    print(f"  calibration loop: {calibration():.2f} s")
    with tempfile.TemporaryDirectory(prefix="medmm-opening-") as folder:
        home = Path(folder) / "home"
        _prepare(home)
        with Served(home) as url, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
            context = browser.new_context(viewport={"width": 1280, "height": 800})
            context.add_init_script(FIRST)
            page = context.new_page()
            page.goto(f"{url}/sign-in")
            page.fill("#name", "sam")
            page.fill("#password", PASSWORD)
            page.keyboard.press("Enter")
            for visit in VISITS:
                page.wait_for_selector("#wl-list[aria-busy=false] .wl-open")
                page.locator(".wl-open").first.click()
                page.wait_for_url("**/study/*")
                page.wait_for_function("() => window.firstPicture !== undefined")
                picture = page.evaluate("() => window.firstPicture") / 1000
                page.wait_for_selector(".rv-root[data-ready=all]")
                whole = page.evaluate("() => performance.now()") / 1000
                print(
                    f"  CT of {SLICES} x {SIDE} x {SIDE} from the worklist, {visit}: "
                    f"picture {picture:.2f} s after the click, report and all {whole:.2f} s"
                )
                page.goto(f"{url}/")
            browser.close()
    return 0


def _prepare(home: Path) -> None:
    opened = homes.open_home(home)
    number = reading.keep(opened, study(busy_ct("1.2.7.1"), uid="1.2.7")).study_id
    reports.save_draft(opened.database, opened.home, number, draft("1.2.7"))
    users.add(opened, "sam", "signer", PASSWORD)
    opened.database.close()


if __name__ == "__main__":
    sys.exit(main())
