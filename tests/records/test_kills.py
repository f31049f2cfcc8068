"""A process that is killed at any moment loses nothing that it had acknowledged."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from medmm import home as home_module
from medmm.database import Database
from medmm.home import Home, file_sha256
from medmm.records import integrity, migrations, reports, studies
from tests.records.conftest import Opened

REPOSITORY = Path(__file__).resolve().parents[2]
FOREVER = 1_000_000
ROUNDS = int(os.environ.get("MEDMM_TEST_KILLS", "10"))


def start(home: Path, url: str, first: int, count: int) -> subprocess.Popen[str]:
    """The writing process, its stdout a pipe of lines."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.records.writing_process", home, url, str(first), str(count)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    )


def killed_lines(home: Path, url: str, first: int, chance: random.Random) -> Iterator[list[str]]:
    """What a writer acknowledged before it was killed at a moment that nobody chose."""
    with start(home, url, first, FOREVER) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(chance.randrange(1, 12))]
        try:
            process.wait(timeout=chance.uniform(0, 0.03))
        except subprocess.TimeoutExpired:
            process.kill()
        lines += process.stdout.readlines()
        assert process.stderr is not None
        assert process.stderr.read() == ""
    # A line that was cut by the kill was not acknowledged.
    yield from (line.split() for line in lines if line.endswith("\n"))


def verify(home: Home, url: str, acknowledged: list[list[str]]) -> None:
    """Nothing acknowledged is missing, nothing is damaged, nothing half-written has a real name."""
    database = Database(url or home.database_url)
    migrations.ensure(database, home)
    assert integrity.check(database, home, hashes=True) == []
    for line in acknowledged:
        match line:
            case ["study", number, _]:
                loaded = studies.load_study(database, home, int(number))
                assert loaded.series[0].content.array.shape == (4, 16, 20)  # type: ignore[union-attr]
            case ["report", report, number]:
                found = reports.load_report(database, int(report))
                assert found.study_uid == f"1.2.9.{number}"
                assert [hit.id for hit in reports.search(database, f"case{number}")] == [
                    int(report)
                ]
    for store in (home.pixels, home.files):
        for path in store.folder.iterdir():
            if path.suffix != ".part":
                assert file_sha256(path) == path.name.partition(".")[0]
    database.close()


def kill_rounds(home: Home, url: str, rounds: int) -> int:
    chance = random.Random(7)
    acknowledged: list[list[str]] = []
    for turn in range(rounds):
        acknowledged += killed_lines(home.path, url, 1 + turn * 10_000, chance)
        verify(home, url, acknowledged[-40:])
    verify(home, url, acknowledged)
    return sum(line[0] != "ready" for line in acknowledged)


@pytest.mark.crash
def test_kills_lose_nothing_acknowledged(tmp_path: Path) -> None:
    assert kill_rounds(home_module.prepare(tmp_path / "home"), "", ROUNDS) > ROUNDS


def test_kills_lose_nothing_acknowledged_on_postgres(tmp_path: Path, postgres_url: str) -> None:
    assert kill_rounds(home_module.prepare(tmp_path / "home"), postgres_url, 3) > 2


def test_a_stray_part_file_of_a_killed_writer_does_no_harm(sqlite_home: Opened) -> None:
    (sqlite_home.home.pixels.folder / "tmpabc.part").write_bytes(b"half")
    assert integrity.check(sqlite_home.database, sqlite_home.home, hashes=True) == []


def finish(processes: list[subprocess.Popen[str]]) -> list[list[str]]:
    """All lines of processes that end well."""
    lines = []
    for process in processes:
        output, errors = process.communicate()
        assert (process.returncode, errors) == (0, "")
        lines += [line.split() for line in output.splitlines()]
    return lines


def test_four_processes_write_at_once_without_an_error(empty: Opened, database_url: str) -> None:
    lines = finish(
        [start(empty.home.path, database_url, 1 + 100 * number, 5) for number in range(4)]
    )
    assert len({line[1] for line in lines if line[0] == "study"}) == 20
    assert len({line[1] for line in lines if line[0] == "report"}) == 20
    verify(empty.home, database_url, lines)


def test_two_processes_that_ingest_the_same_make_one_set_of_rows(
    empty: Opened, database_url: str
) -> None:
    lines = finish([start(empty.home.path, database_url, 1, 8) for _ in range(2)])
    outcomes = [line[2] for line in lines if line[0] == "study"]
    assert (outcomes.count("new"), outcomes.count("known")) == (8, 8)
    assert len({line[1] for line in lines if line[0] == "study"}) == 8
    assert len(studies.list_studies(empty.database)) == 8
    assert integrity.check(empty.database, empty.home, hashes=True) == []
