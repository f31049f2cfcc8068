"""A backup or a restore that is killed at any step leaves a whole home, or one that says so."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from medmm import home as home_module
from medmm.assembly import homes
from medmm.database import Database
from medmm.errors import HomeError
from medmm.home import Home
from medmm.records import being_restored, integrity, migrations, studies
from tests.conftest import REPOSITORY
from tests.records.backup_homes import Rows, bring, fill, new_home, opened_again, rows, write
from tests.records.conftest import Opened

BACKUP_STEPS = ("table audit_events", "file 2", "recording", "naming")
# Nothing of the home may have changed at these.
BEFORE = ("reading table users", "reading file 2", "restoring table users", "checking")
DURING = (
    "putting files in place", "marked", "put aside", "database in place", "key in place",
    "head in place",
)  # fmt: skip


def killed(action: str, home: Home, file: Path, step: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.records.backing_up_process", action, home.path, file, step],
        check=False, capture_output=True, text=True, cwd=REPOSITORY,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (-signal.SIGKILL, ""), step


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Rows]:
    """A home that holds much, a backup of it, and its rows."""
    folder = tmp_path_factory.mktemp("filled")
    home = home_module.prepare(folder / "home")
    with opened_again(home) as opened:
        fill(opened)
        write(opened, folder / "a.medmm")
        return home.path, folder / "a.medmm", rows(opened.database)


@pytest.mark.parametrize("step", BACKUP_STEPS)
def test_a_killed_backup_leaves_no_file_of_that_name(
    filled: tuple[Path, Path, Rows], tmp_path: Path, step: str
) -> None:
    home = home_module.prepare(filled[0])
    killed("backup", home, tmp_path / "b.medmm", step)
    assert [path.suffix for path in tmp_path.iterdir()] == [".part"]
    with opened_again(home) as opened:
        assert rows(opened.database) == filled[2]
        assert integrity.check(opened.database, home, hashes=True) == []
        write(opened, tmp_path / "b.medmm")


def look(home: Home, before: Rows, restored: Rows, step: str, file: Path) -> str:
    """What a killed restore left: "as it was", "restored" or "being restored"; else it fails."""
    if being_restored.is_set(home):
        with pytest.raises(HomeError, match="being restored") as told:
            homes.open_home(home.path)
        assert told.value.exit_code == 5
        assert f"from {file}" in str(told.value)
        return "being restored"
    opened = homes.open_home(home.path)
    found = rows(opened.database)
    assert integrity.check(opened.database, home, hashes=True) == []
    opened.database.close()
    if found == before:
        return "as it was"
    assert {**found, "audit_events": []} == {**restored, "audit_events": []}, step
    return "restored"


def holding_another(folder: Path, url: str = "") -> tuple[Home, Rows]:
    """A home with one study, to be put aside."""
    home = new_home(folder, url)
    opened = homes.open_home(folder)
    from tests.records.builders import numbered_study

    studies.save_study(opened.database, home, numbered_study(5))
    found = rows(opened.database)
    opened.database.close()
    return home, found


@pytest.mark.parametrize("step", BEFORE + DURING)
def test_a_killed_restore_leaves_the_old_home_or_one_that_says_so(
    filled: tuple[Path, Path, Rows], tmp_path: Path, step: str
) -> None:
    home, before = holding_another(tmp_path / "home")
    _, file, restored = filled
    killed("restore", home, file, step)
    left = look(home, before, restored, step, file)
    assert left == ("being restored" if step in DURING[1:] else "as it was")
    again(home, before, restored, file, force=left == "as it was")


def again(home: Home, before: Rows, restored: Rows, file: Path, *, force: bool) -> None:
    """The restore run again ends well, and what was there is still kept aside."""
    bring(home, file, force=force)
    assert look(home, before, restored, "again", file) == "restored"
    assert not (home.path / "restoring").exists()
    if Database(home.database_url).dialect == "sqlite":
        asides = [Database(f"sqlite:///{path}") for path in home.path.glob("before-*/medmm.db")]
        assert before in [rows(database) for database in asides]
        for database in asides:
            database.close()


@pytest.mark.parametrize(
    "step", ["restoring table users", "checking", "marked", "database in place", "head in place"]
)
def test_a_killed_restore_on_postgresql(
    filled: tuple[Path, Path, Rows], tmp_path: Path, postgres_url: str, step: str
) -> None:
    home, before = holding_another(tmp_path / "home", postgres_url)
    _, file, restored = filled
    killed("restore", home, file, step)
    left = look(home, before, restored, step, file)
    late = ("marked", "database in place", "head in place")
    assert left == ("being restored" if step in late else "as it was")
    again(home, before, restored, file, force=left == "as it was")


def test_a_restore_that_is_stopped_by_hand_goes_on_when_run_again(
    filled: tuple[Path, Path, Rows], tmp_path: Path
) -> None:
    home, before = holding_another(tmp_path / "home")

    for step in ("restoring table users", "put aside"):

        def stop(message: str, step: str = step) -> None:
            if message == step:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            bring(home, filled[1], force=True, progress=stop)
        assert not (home.path / "restoring").exists()
    again(home, before, filled[2], filled[1], force=False)


def test_a_disk_that_fills_up_while_things_change_hands(
    filled: tuple[Path, Path, Rows], tmp_path: Path
) -> None:
    home, before = holding_another(tmp_path / "home")
    blocked = home.path / "audit-key"

    def block(message: str) -> None:
        if message == "database in place":
            blocked.unlink(missing_ok=True)
            blocked.mkdir()
            (blocked / "x").touch()

    with pytest.raises(HomeError):
        bring(home, filled[1], force=True, progress=block)
    assert look(home, before, filled[2], "blocked", filled[1]) == "being restored"
    shutil.rmtree(blocked)
    again(home, before, filled[2], filled[1], force=False)


def test_two_restores_at_once_do_not_mix(filled: tuple[Path, Path, Rows], tmp_path: Path) -> None:
    home = new_home(tmp_path / "home")
    words = [sys.executable, "-m", "tests.records.backing_up_process", "restore", home.path]
    both = [
        subprocess.Popen([*words, filled[1], "never"], cwd=REPOSITORY, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    assert [one.communicate()[1] for one in both] == [b"", b""]
    assert look(home, {}, filled[2], "both", filled[1]) == "restored"
    with opened_again(home) as opened:
        assert migrations.schema_problem(opened.database) is None
        assert isinstance(opened, Opened)
