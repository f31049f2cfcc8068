"""Full and read-only disks: a clear error, earlier records kept, and work goes on."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from medmm import home as home_module
from medmm.database import Database
from medmm.errors import HomeError, StorageError
from medmm.nouns import Study, Volume
from medmm.records import integrity, migrations, reports, studies
from tests.records.builders import draft, numbered_study, region_with_mask, series, study
from tests.records.conftest import Opened


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Opened]:
    """A home on a file system of 6 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "medmm-test", disk],
        check=False, capture_output=True,
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip("mounting a small file system needs root")
    home = home_module.prepare(disk / "home")
    database = Database(home.database_url)
    migrations.ensure(database, home)
    yield Opened(home, database)
    database.close()
    # Lazily: what a failed test left open must not keep it for good.
    subprocess.run(["umount", "-l", disk], check=True)


def remount(opened: Opened, option: str) -> None:
    disk = opened.home.path.parent
    subprocess.run(["mount", "-o", f"remount,{option}", disk], check=True)


def large_study() -> Study:
    voxels = np.frombuffer(os.urandom(8 << 20), dtype=np.int16).reshape(4, 1024, 1024)
    content = Volume(voxels, np.eye(4), "HU")
    return study(series("1.2.8.1", content=content), uid="1.2.8")


def test_a_full_disk_refuses_a_study_and_keeps_the_earlier_ones(small: Opened) -> None:
    studies.save_study(small.database, small.home, study())
    with pytest.raises(StorageError, match="No space left"):
        studies.save_study(small.database, small.home, large_study())
    assert [one.uid for one in studies.list_studies(small.database)] == ["1.2.3"]
    assert integrity.check(small.database, small.home, hashes=True) == []
    remount(small, "size=64m")
    assert studies.save_study(small.database, small.home, large_study()).new


def test_a_disk_that_fills_up_under_the_database_loses_no_report(small: Opened) -> None:
    studies.save_study(small.database, small.home, study())
    made = draft(regions=(region_with_mask(small.home),))
    saved = []
    filler = small.home.path / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 4096)

    def until_full() -> None:
        while True:
            saved.append(reports.save_draft(small.database, small.home, 1, made).report_id)

    with pytest.raises(StorageError) as refused:
        until_full()
    assert "Free space" in refused.value.mend
    filler.unlink()
    saved.append(reports.save_draft(small.database, small.home, 1, made).report_id)
    found = [one.id for one in reports.list_reports(small.database, limit=100_000)]
    assert found == saved[::-1]
    assert integrity.check(small.database, small.home, hashes=True) == []


def test_a_read_only_home_is_told_and_unharmed(small: Opened) -> None:
    studies.save_study(small.database, small.home, study())
    small.database.close()
    remount(small, "ro")
    for given in (study(), numbered_study(1)):
        with pytest.raises(StorageError, match=r"[Rr]ead-only") as told:
            studies.save_study(small.database, small.home, given)
        assert told.value.exit_code == 5
    small.database.close()
    remount(small, "rw")
    assert integrity.check(small.database, small.home, hashes=True) == []


def test_a_network_file_system_is_refused_for_sqlite(
    sqlite_home: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "network_file_system", lambda _: "nfs4")
    with pytest.raises(HomeError, match="nfs4"):
        migrations.ensure(sqlite_home.database, sqlite_home.home)
