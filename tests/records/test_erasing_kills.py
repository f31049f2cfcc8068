"""Whoever is killed while erasing a patient leaves all or nothing, and the rest is finished."""

import subprocess
import sys
from pathlib import Path

import pytest

from medmm.records import integrity
from medmm.records.erasing import finish
from medmm.records.erasing.files import listed
from tests.records.conftest import Opened
from tests.records.erasing_homes import (
    FIRST,
    erase,
    fill,
    kept,
    rows,
    server_of,
    traces,
    triggers,
    well,
)

REPOSITORY = Path(__file__).resolve().parents[2]
STEPS = (
    "deleted", "listed", "recorded", "committed", "waiting for who is writing files",
    "removing files", "files removed", "rewriting the database", "rewritten",
)  # fmt: skip
BEFORE_COMMIT = STEPS[:3]


@pytest.fixture
def filled(opened: Opened) -> Opened:
    return fill(opened)


@pytest.fixture
def server(request: pytest.FixtureRequest, database_url: str) -> Path | None:
    return server_of(request, database_url)


@pytest.mark.parametrize("step", STEPS)
def test_a_process_killed_at_any_step_leaves_all_or_nothing(
    filled: Opened, database_url: str, server: Path | None, step: str
) -> None:
    before, files, refusing = rows(filled, FIRST), kept(filled.home), triggers(filled)
    ran = subprocess.run(
        [sys.executable, "-m", "tests.records.erasing_process", filled.home.path, database_url,
         step],
        capture_output=True, text=True, cwd=REPOSITORY, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (-9, "")
    assert ran.stdout.splitlines()[-1] == step
    if step in BEFORE_COMMIT:
        assert (rows(filled, FIRST), kept(filled.home)) == (before, files)
    else:
        assert [one for one in integrity.check(filled.database, filled.home) if "erasing" in one]
    assert triggers(filled) == refusing
    assert finish(filled.database, filled.home) == []
    assert listed(filled.home) == []
    assert not list(filled.home.path.glob("*.part"))
    well(filled)
    if step in BEFORE_COMMIT:
        erase(filled)
    assert traces(filled, server) == []
    well(filled)
