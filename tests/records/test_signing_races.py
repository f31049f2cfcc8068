"""Of two who sign at once exactly one does; the other is told who signed, and when."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier

import pytest

from medmm.errors import ConflictError, InputError
from medmm.records import integrity, reports
from medmm.records.edits import edit_report
from tests.conftest import REPOSITORY
from tests.records.conftest import Opened
from tests.records.signing_homes import TRUSTING, add_draft, events, prepare, sign

# 100 with threads and 100 with processes on SQLite, 10 and 10 on PostgreSQL.
ROUNDS = {"sqlite": 100, "postgresql": 10}


@pytest.fixture
def ready(opened: Opened) -> Opened:
    return prepare(opened)


def verify(opened: Opened, winners: list[str]) -> None:
    """One signature per report, by its winner; a failure recorded for each loser."""
    for number, winner in enumerate(winners, start=2):
        report = reports.load_report(opened.database, number)
        assert [one.signer for one in report.signatures] == [winner]
        assert report.status == "final"
    outcomes = [one[4] for one in events(opened)]
    assert outcomes.count("ok") == outcomes.count("failed") == len(winners)
    assert len(outcomes) == 2 * len(winners)
    assert integrity.check(opened.database, opened.home) == []


def test_of_two_threads_exactly_one_signs_each_report(ready: Opened) -> None:
    barrier = Barrier(2)

    def race(name: str, number: int) -> str:
        barrier.wait()
        try:
            sign(ready, number, name, origin=name, hasher=TRUSTING)
        except ConflictError as error:
            return f"lost {error.message}"
        return "won"

    winners = []
    with ThreadPoolExecutor(2) as pool:
        for _ in range(ROUNDS[ready.database.dialect]):
            number = add_draft(ready)
            said = dict(
                zip(("ann", "bob"), pool.map(race, ("ann", "bob"), [number] * 2), strict=True)
            )
            winners.append(winner(ready, number, said))
    verify(ready, winners)


def winner(opened: Opened, number: int, said: dict[str, str]) -> str:
    (won,) = (name for name, line in said.items() if line == "won")
    (lost,) = (line for line in said.values() if line != "won")
    (made,) = reports.load_report(opened.database, number).signatures
    assert lost == f"lost Report {number} was signed by {won} at {made.time}."
    return won


@contextmanager
def signer(opened: Opened, name: str) -> Iterator[subprocess.Popen[str]]:
    url = opened.database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.records.signing_process"]
    with subprocess.Popen(
        [*command, str(opened.home.path), url, name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.stdin.close()
        assert process.wait(timeout=20) == 0


def test_of_two_processes_exactly_one_signs_each_report(ready: Opened) -> None:
    winners = []
    with signer(ready, "ann") as ann, signer(ready, "bob") as bob:
        for _ in range(ROUNDS[ready.database.dialect]):
            number = add_draft(ready)
            for process in (ann, bob):
                assert process.stdin is not None
                process.stdin.write(f"{number}\n")
                process.stdin.flush()
            said = {
                name: process.stdout.readline().strip()
                for name, process in (("ann", ann), ("bob", bob))
                if process.stdout is not None
            }
            winners.append(winner(ready, number, said))
    verify(ready, winners)


def test_a_signature_and_an_edit_at_once_never_leave_an_edited_signed_report(
    ready: Opened,
) -> None:
    barrier = Barrier(2)

    def edit(number: int) -> bool:
        barrier.wait()
        try:
            edit_report(
                ready.database, ready.home, number, "[s1] Edited.", author="rex", based_on=1
            )
        except InputError:
            return False
        return True

    def put(number: int) -> bool:
        barrier.wait()
        try:
            sign(ready, number, origin="ann", hasher=TRUSTING, based_on=1)
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        for _ in range(10):
            number = add_draft(ready)
            edited = pool.submit(edit, number)
            signed = pool.submit(put, number)
            assert edited.result() != signed.result()
            report = reports.load_report(ready.database, number)
            assert (report.status == "final") == (report.last.number == 1)
    assert integrity.check(ready.database, ready.home) == []
