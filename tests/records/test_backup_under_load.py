"""Backups that are made while others write are each one state, whole, with all that came before."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select

from medmm.home import Home
from medmm.records import integrity, reports
from medmm.records.signing_tables import SignatureRow
from tests.conftest import REPOSITORY
from tests.records.backup_homes import bring, fill, new_home, opened_again, write
from tests.records.conftest import Opened

FOREVER = 1_000_000
BACKUPS = 10
"""Of each database."""


class Told:
    """Lines of a writing process as they come."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[list[str]] = []
        self.came = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            # A line that was cut by the end was not acknowledged.
            if line.endswith("\n"):
                with self.came:
                    self.lines.append(line.split())
                    self.came.notify_all()

    def wait_for(self, count: int) -> None:
        """Until so many more lines have come."""
        with self.came:
            wanted = len(self.lines) + count
            assert self.came.wait_for(lambda: len(self.lines) >= wanted, timeout=60)

    def end(self) -> str:
        """End the process; what it complained of."""
        self.process.kill()
        self._reader.join()
        assert self.process.stderr is not None
        complaint = self.process.stderr.read()
        self.process.stderr.close()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process.wait()
        return complaint


def start(module: str, *words: object) -> subprocess.Popen[str]:
    """A writing process, its stdout a pipe of lines."""
    return subprocess.Popen(
        [sys.executable, "-m", f"tests.records.{module}", *map(str, words)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=REPOSITORY,
    )  # fmt: skip


@contextmanager
def writers(opened: Opened, url: str) -> Iterator[list[Told]]:
    """Two processes that store studies and drafts, and one that drafts, edits and signs."""
    home = opened.home.path
    told = [
        Told(start("writing_process", home, url, 1, FOREVER)),
        Told(start("writing_process", home, url, FOREVER, FOREVER)),
        Told(start("signing_loop_process", home, url)),
    ]
    complaints = []
    try:
        for one in told:
            one.wait_for(3)
        yield told
    finally:
        complaints = [one.end() for one in told]
    assert complaints == ["", "", ""]


@contextmanager
def paused(told: list[Told]) -> Iterator[None]:
    """Nobody writes while a backup is looked at, so that there is not more and more to look at."""
    for one in told:
        one.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for one in told:
            one.process.send_signal(signal.SIGCONT)


def has_all(home: Home, acknowledged: list[list[str]]) -> int:
    """Look that a restored home is whole and holds what had been acknowledged; its signatures."""
    with opened_again(home) as again:
        assert integrity.check(again.database, home, hashes=True) == []
        kept = {one.id: one for one in reports.list_reports(again.database, limit=FOREVER)}
        with again.database.read() as session:
            signed = set(session.scalars(select(SignatureRow.bound_sha256)))
        for line in acknowledged:
            match line:
                case ["report", report, _]:
                    assert int(report) in kept
                case ["signed", report, bound]:
                    assert bound in signed
                    assert kept[int(report)].status == "final"
        return len(signed)


def test_each_backup_is_whole_and_has_all_that_was_acknowledged_before(
    opened: Opened, database_url: str, tmp_path: Path
) -> None:
    fill(opened)
    signatures, began = [], []
    with writers(opened, database_url) as told:
        for number in range(BACKUPS):
            for one in told:
                one.wait_for(1)
            acknowledged = [line for one in told for line in list(one.lines)]
            file = tmp_path / f"{number}.medmm"
            steps: list[int] = []
            write(
                opened,
                file,
                progress=lambda _, steps=steps: steps.append(sum(len(one.lines) for one in told)),
            )
            began.append(steps[-1] - steps[0])
            home = new_home(tmp_path / f"home{number}")
            with paused(told):
                assert bring(home, file).problems == ()
                signatures.append(has_all(home, acknowledged))
    # The others did write meanwhile, or this would show nothing.
    assert signatures == sorted(signatures)
    assert signatures[-1] > signatures[0]
    assert sum(began) > 0
