"""Of two who edit the same version exactly one makes the next; the other is told, nothing lost."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any

import pytest

from medmm.errors import ConflictError, InputError
from medmm.records import integrity, reports, studies
from medmm.records.edits import edit_report
from medmm.records.status_changes import cancel_report, status_changes
from tests.conftest import REPOSITORY
from tests.records.builders import draft, study
from tests.records.conftest import Opened

ROUNDS = 50


@pytest.fixture
def drafted(opened: Opened) -> Opened:
    """A home with one draft, report 1."""
    studies.save_study(opened.database, opened.home, study())
    reports.save_draft(opened.database, opened.home, 1, draft())
    return opened


def text_of(name: str, version: int) -> str:
    return f"[s1] Version {version} is by {name}."


def edit(drafted: Opened, name: str, based_on: int, **more: Any) -> int:
    text = text_of(name, based_on + 1)
    return edit_report(
        drafted.database, drafted.home, 1, text, author=name, based_on=based_on, **more
    )


def verify(drafted: Opened, winners: list[str]) -> None:
    """One version per round, by its winner and with the winner's words."""
    versions = reports.load_report(drafted.database, 1).versions
    assert [version.author for version in versions] == ["medmm", *winners]
    for version in versions[1:]:
        (said,) = reports.sentences(version.document)
        assert f"[s1] {said}" == text_of(version.author, version.number)
    assert integrity.check(drafted.database, drafted.home) == []


def test_the_loser_is_told_both_versions_and_how_to_go_on(drafted: Opened) -> None:
    assert edit(drafted, "ann", 1) == 2
    assert edit(drafted, "ann", 2) == 3
    with pytest.raises(ConflictError) as told:
        edit(drafted, "bob", 1)
    assert (told.value.based_on, told.value.last, told.value.exit_code) == (1, 3, 3)
    assert "Version 1 of report 1" in told.value.message
    assert "version 3 came first" in told.value.message
    assert "medmm reports show 1 --version 3" in told.value.mend
    assert "medmm reports diff 1 1 3" in told.value.mend
    verify(drafted, ["ann", "ann"])


def test_who_is_overtaken_at_the_last_moment_loses(drafted: Opened) -> None:
    def overtake(*_: Any) -> None:
        assert edit(drafted, "ann", 1) == 2

    with pytest.raises(ConflictError, match="version 2 came first"):
        edit(drafted, "bob", 1, recheck=overtake)
    verify(drafted, ["ann"])


def test_of_two_threads_exactly_one_wins_each_round(drafted: Opened) -> None:
    barrier = Barrier(2)

    def race(name: str, based_on: int) -> str | None:
        barrier.wait()
        try:
            edit(drafted, name, based_on)
        except ConflictError as error:
            return None if (error.based_on, error.last) == (based_on, based_on + 1) else "wrong"
        return name

    winners = []
    with ThreadPoolExecutor(2) as pool:
        for based_on in range(1, ROUNDS + 1):
            won = [name for name in pool.map(race, ("ann", "bob"), [based_on] * 2) if name]
            assert len(won) == 1
            winners += won
    verify(drafted, winners)


@contextmanager
def editor(drafted: Opened, name: str) -> Iterator[subprocess.Popen[str]]:
    url = drafted.database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.records.editing_process"]
    with subprocess.Popen(
        [*command, str(drafted.home.path), url, name],
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


def test_of_two_processes_exactly_one_wins_each_round(drafted: Opened) -> None:
    winners = []
    with editor(drafted, "ann") as ann, editor(drafted, "bob") as bob:
        for based_on in range(1, ROUNDS + 1):
            for process in (ann, bob):
                assert process.stdin is not None
                process.stdin.write(f"{based_on}\n")
                process.stdin.flush()
            said = {
                name: process.stdout.readline().strip()
                for name, process in (("ann", ann), ("bob", bob))
                if process.stdout is not None
            }
            assert sorted(said.values()) == [
                f"lost {based_on} {based_on + 1}",
                f"won {based_on + 1}",
            ]
            winners += [name for name, line in said.items() if line.startswith("won")]
    verify(drafted, winners)


def test_an_edit_and_a_cancellation_at_once_leave_no_edited_cancelled_report(
    drafted: Opened,
) -> None:
    for _ in range(9):
        reports.save_draft(drafted.database, drafted.home, 1, draft())
    barrier = Barrier(2)

    def change(number: int) -> bool:
        barrier.wait()
        text = text_of("ann", 2)
        try:
            edit_report(drafted.database, drafted.home, number, text, author="ann", based_on=1)
        except InputError:
            return False
        return True

    def cancel(number: int) -> bool:
        barrier.wait()
        cancel_report(drafted.database, number, author="bob", reason="Wrong study")
        return True

    with ThreadPoolExecutor(2) as pool:
        for number in range(1, 11):
            changed = pool.submit(change, number)
            assert pool.submit(cancel, number).result()
            report = reports.load_report(drafted.database, number)
            assert (report.status, report.last.number) == ("cancelled", 1 + changed.result())
            (row,) = status_changes(drafted.database, number)
            if changed.result():
                assert report.last.created <= row.time
