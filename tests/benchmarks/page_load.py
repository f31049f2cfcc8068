"""Twenty people at once on the page: `python -m tests.benchmarks.page_load`.

A real server in a process of its own, on a home with the demo's small study drafted; twenty users,
each with a session, do without a pause what a person does with pauses: the worklist, the study, its
report, slices, typing that is kept, time that is counted. The same machine runs both sides. Printed
beside a calibration loop; an answer that is an error fails the run, slowness does not.
"""

import json
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.benchmarks.speed import calibration

USERS = 20
ROUNDS = 4
PASSWORD = "a quiet lung is good"
MEDIAN_BAR = 1.0


@dataclass
class Timed:
    """Seconds of the answers by what was asked, and what went wrong."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


@dataclass
class Person:
    """One browser's session."""

    name: str
    client: httpx.Client
    timed: Timed
    revision: int = 0

    def ask(self, what: str, method: str, path: str, **options: object) -> httpx.Response:
        """Ask, and note how long the answer took."""
        began = time.perf_counter()
        answer = self.client.request(method, path, **options)  # type: ignore[arg-type]
        self.timed.seconds.setdefault(what, []).append(time.perf_counter() - began)
        if answer.status_code >= 400:
            self.timed.errors.append(f"{what}: {answer.status_code} {answer.text[:120]}")
        return answer

    def sign_in(self) -> None:
        """Sign in, and take the token that writes need."""
        form = {"name": self.name, "password": PASSWORD}
        answer = self.ask("sign-in", "POST", "/sign-in", data=form)
        assert answer.status_code == 303, answer.text
        found = re.search(
            r'name="csrf_token" value="([0-9a-f]+)"', self.client.get("/password").text
        )
        assert found
        self.client.headers["x-csrf-token"] = found[1]

    def work(self) -> None:
        """Some rounds of a reading day."""
        for turn in range(ROUNDS):
            self.ask("worklist page", "GET", "/")
            self.ask("worklist", "POST", "/api/worklist", json={})
            self.ask("study page", "GET", "/study/1")
            self.ask("report", "GET", "/api/studies/1/desk")
            viewer = self.ask("viewer", "GET", "/api/studies/1/viewer?report=1").json()
            series = viewer["series"][0]["id"]
            for k in range(10):
                slices = f"/api/studies/1/series/{series}/slices/{turn * 10 + k}"
                self.ask("slice", "GET", slices)
            self._type(turn)
            spent = {"open_ms": 5000, "active_ms": 4000, "looked": {}}
            self.ask("time", "POST", "/api/reports/1/reading", json=spent)

    def _type(self, turn: int) -> None:
        given = {
            "based_on": 1, "page": f"page{self.name}00", "serial": turn + 1,
            "revision": self.revision,
            "text": {"addendum": f"{self.name} typed this in round {turn}."},
        }  # fmt: skip
        answer = self.ask("typing kept", "PUT", "/api/reports/1/unfinished", json=given)
        self.revision = answer.json().get("revision", self.revision)


def main() -> int:
    """Print the table; 1 if any answer was an error."""
    with tempfile.TemporaryDirectory(prefix="medmm-load-") as folder:
        home = Path(folder) / "home"
        _prepare(home, Path(folder) / "study")
        timed = Timed()
        with Served(home) as url:
            people = [_person(url, number, timed) for number in range(USERS)]
            _at_once([person.sign_in for person in people])
            began = time.perf_counter()
            _at_once([person.work for person in people])
            took = time.perf_counter() - began
    _print(timed, took)
    return 1 if timed.errors else 0


def _prepare(home: Path, source: Path) -> None:
    from medmm.assembly import drafting, homes, reading, users
    from medmm.demo.phantom import Phantom
    from medmm.demo.study import write_phantom

    write_phantom(Phantom(seed=1, shape=(64, 256, 256)), source)
    opened = homes.open_home(home)
    request = drafting.DraftRequest(experts=("ct_lungs",), knowledge=False)
    drafting.draft(reading.read(source), home=opened, request=request)
    for number in range(USERS):
        users.add(opened, f"user{number}", "signer", PASSWORD)
    opened.database.close()


class Served:
    """`medmm serve` on a free port."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def __enter__(self) -> str:
        command = [sys.executable, "-m", "medmm", "serve", "--port", "0", "--json"]
        self._process = subprocess.Popen(
            [*command, "--home", str(self._home)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        said = "".join(iter(self._process.stdout.readline, "}\n")) + "}"
        return str(json.loads(said)["url"]).rstrip("/")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate()


def _person(url: str, number: int, timed: Timed) -> Person:
    headers = {"origin": url, "sec-fetch-site": "same-origin", "accept-encoding": "gzip"}
    client = httpx.Client(base_url=url, headers=headers, timeout=120)
    return Person(f"user{number}", client, timed)


def _at_once(tasks: list) -> None:  # type: ignore[type-arg]
    threads = [threading.Thread(target=task) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _print(timed: Timed, took: float) -> None:
    print(f"calibration loop {calibration():.2f} s; {USERS} users, {ROUNDS} rounds, {took:.1f} s")
    print(f"{'what':<16} {'n':>5} {'median s':>9} {'p95 s':>8} {'most s':>8}")
    for what, values in timed.seconds.items():
        ordered = sorted(values)
        p95 = ordered[int(len(ordered) * 0.95) - 1]
        median = statistics.median(ordered)
        print(f"{what:<16} {len(ordered):>5} {median:>9.3f} {p95:>8.3f} {ordered[-1]:>8.3f}")
    answers = [one for what, values in timed.seconds.items() if what != "sign-in" for one in values]
    median = statistics.median(answers)
    print(f"all but sign-in: {len(answers)} answers, median {median:.3f} s (bar {MEDIAN_BAR} s), "
          f"errors {len(timed.errors)}")  # fmt: skip
    for error in timed.errors[:10]:
        print(f"  {error}")


if __name__ == "__main__":
    sys.exit(main())
