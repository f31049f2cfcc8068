"""Full, limited, failing and locked disks under each kind of write: told, undone, and made good."""

import errno
import logging
import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import event, text

from medmm import database as database_module
from medmm import home as home_module
from medmm.assembly.exporting import export_report
from medmm.assembly.homes import OpenHome
from medmm.database import Database
from medmm.errors import HomeError, StorageError
from medmm.home import write_whole
from medmm.records import audit, integrity, migrations
from medmm.records.audit_head import head_path, read_head
from tests.records import ledger
from tests.records.conftest import Opened
from tests.records.deeds import BEFORE, DEEDS, Doer, do_round
from tests.records.faults import Fault, coded
from tests.records.test_bad_times import remount, small

__all__ = ["small"]
WRITES = ("ingest", "draft", "edit", "hand_on", "sign", "addend", "add_user", "add_document")
# So many of one kind fill the free space of pages and of the log that are there already.
MOST = 30
Bad = Callable[[Opened], AbstractContextManager[None]]


@contextmanager
def full_disk(opened: Opened) -> Iterator[None]:
    """No byte left on the file system."""
    shrink_log(opened)
    filler = opened.home.path / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0" * 4096)
    with filler.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0")
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def full_database(opened: Opened) -> Iterator[None]:
    """As many pages as there are, and no more (https://www.sqlite.org/pragma.html)."""
    with opened.database.read() as session:
        pages = session.scalar(text("PRAGMA page_count"))

    def limit(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}").close()

    opened.database.close()
    event.listen(opened.database.engine, "connect", limit)
    try:
        yield
    finally:
        event.remove(opened.database.engine, "connect", limit)
        opened.database.close()


@contextmanager
def limited_files(opened: Opened) -> Iterator[None]:
    """No file of this process may grow past 1 KiB: the database's log does at once."""
    shrink_log(opened)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def read_only(opened: Opened) -> Iterator[None]:
    """A file system that became read-only."""
    opened.database.close()
    remount(opened, "ro")
    try:
        yield
    finally:
        opened.database.close()
        remount(opened, "rw")


BAD: dict[str, Bad] = {
    "full disk": full_disk,
    "full database": full_database,
    "limited files": limited_files,
    "read-only": read_only,
}
DISKS = [name for name in BAD if name != "full database"]


def shrink_log(opened: Opened) -> None:
    """Room that is there already in the log would take some writes more."""
    with opened.database.engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").close()
        connection.exec_driver_sql("BEGIN")


def ready(opened: Opened, deed: str) -> list[Doer]:
    """People who can do the deed now, each by itself."""
    doers = [Doer(opened.home, opened.database, number) for number in range(1, MOST + 1)]
    doers[0].add_signer()
    for doer in doers:
        for name in BEFORE[deed]:
            DEEDS[name](doer)
    return doers


def until_refused(doers: list[Doer], deed: str) -> tuple[Doer, StorageError]:
    """Do it again and again; who was refused first, and what was told."""
    for doer in doers:
        try:
            DEEDS[deed](doer)
        except StorageError as error:
            return doer, error
    raise AssertionError(deed)


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("deed", WRITES)
def test_a_write_that_the_disk_refuses_is_told_and_undone(
    small: Opened, deed: str, bad: str
) -> None:
    remount(small, "size=24m")
    doers = ready(small, deed)
    with BAD[bad](small):
        doer, told = until_refused(doers, deed)
        before = ledger.dump(small.database) if bad != "read-only" else {}
    assert told.exit_code == 5
    assert told.mend
    assert ledger.told(small.database) == []
    if before:
        assert ledger.dump(small.database) == before
    DEEDS[deed](doer)
    assert ledger.told(small.database) == []
    assert integrity.check(small.database, small.home, hashes=True) == []
    assert stray(small) == []


def stray(opened: Opened) -> list[Path]:
    """Half files that a write left."""
    return list(opened.home.path.rglob("*.part"))


@pytest.mark.parametrize("bad", DISKS)
def test_an_export_that_the_disk_refuses_leaves_no_file(small: Opened, bad: str) -> None:
    (doer, *_) = ready(small, "sign")
    doer.sign()
    home = OpenHome(small.home, small.database)
    target = small.home.path / "report.pdf"
    earlier = small.home.path / "earlier.json"
    write_whole(earlier, b"before")
    with BAD[bad](small):
        for path, form in ((target, "pdf"), (earlier, "json")):
            with pytest.raises(StorageError) as told:
                export_report(home, 1, form, path)
            assert told.value.exit_code == 5
            assert told.value.mend
    assert not target.exists()
    assert earlier.read_bytes() == b"before"
    export_report(home, 1, "pdf", target)
    assert target.read_bytes().startswith(b"%PDF-")
    assert integrity.check(small.database, small.home, hashes=True) == []


@pytest.mark.parametrize("bad", DISKS)
def test_a_seal_that_the_disk_refuses_is_made_good_by_the_next(
    small: Opened, bad: str, caplog: pytest.LogCaptureFixture
) -> None:
    Doer(small.home, small.database, 1).ingest()
    with small.database.write() as session:
        audit.record(session, audit.Event("ada", "admin", "read", "report:1"))
    before = head_path(small.home).read_bytes()
    with BAD[bad](small):
        if bad == "limited files":
            resource.setrlimit(resource.RLIMIT_FSIZE, (16, resource.RLIM_INFINITY))
        with pytest.raises(StorageError) as told:
            audit.seal(small.database, small.home)
        assert told.value.exit_code == 5
        assert told.value.mend
    assert head_path(small.home).read_bytes() == before
    assert audit.verify(small.database, small.home) == []
    assert audit.seal(small.database, small.home).sequence == 2
    assert stray(small) == []


def kept_files(opened: Opened) -> set[Path]:
    """What lies in the stores, whole or half."""
    return {*opened.home.pixels.folder.iterdir(), *opened.home.files.folder.iterdir()}


@pytest.mark.parametrize("bad", DISKS)
@pytest.mark.parametrize("revision", ["0001", "0005"])
def test_an_upgrade_that_the_disk_refuses_changes_nothing(
    small: Opened, revision: str, bad: str
) -> None:
    doer = Doer(small.home, small.database, 1)
    doer.add_signer()
    do_round(doer)
    migrations.downgrade(small.database, small.home, revision)
    before = ledger.dump(small.database)
    with BAD[bad](small), pytest.raises(StorageError) as told:
        migrations.upgrade(small.database, small.home)
    assert told.value.exit_code == 5
    assert told.value.mend
    assert migrations.current(small.database) == revision
    assert ledger.dump(small.database) == before
    assert migrations.upgrade(small.database, small.home) == (revision, migrations.head())
    assert ledger.common(ledger.dump(small.database), before) == before
    assert migrations.differences(small.database) == []


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("deed", ["ingest", "draft"])
def test_a_kept_file_that_cannot_be_made_durable_is_no_file(
    sqlite_home: Opened, monkeypatch: pytest.MonkeyPatch, deed: str, call: str
) -> None:
    doer = ready(sqlite_home, deed)[0]
    before = ledger.dump(sqlite_home.database)
    files = kept_files(sqlite_home)

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, call, fail)
        with pytest.raises(StorageError, match="Input/output error") as told:
            DEEDS[deed](doer)
    assert told.value.exit_code == 5
    assert told.value.mend
    assert ledger.dump(sqlite_home.database) == before
    assert kept_files(sqlite_home) == files
    DEEDS[deed](doer)
    assert integrity.check(sqlite_home.database, sqlite_home.home, hashes=True) == []


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_head_that_cannot_be_written_undoes_nothing_and_is_logged(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, call: str
) -> None:
    doer = ready(opened, "edit")[0]
    sealed = read_head(opened.home)
    real = getattr(os, call)

    def fail(*arguments: object) -> object:
        if call == "replace" and arguments[1] != head_path(opened.home):
            return real(*arguments)
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched, caplog.at_level(logging.ERROR):
        patched.setattr(os, call, fail)
        doer.edit()
    assert "was not sealed (StorageError)" in caplog.text
    assert read_head(opened.home) == sealed
    assert integrity.check(opened.database, opened.home, hashes=True) == []
    doer.edit()
    after = read_head(opened.home)
    assert sealed is not None
    assert after is not None
    assert after.sequence == sealed.sequence + 2
    assert ledger.told(opened.database) == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("SQLITE_IOERR_READ", "the disk fails"),
        ("SQLITE_IOERR_FSYNC", "the disk fails"),
        ("SQLITE_FULL", "no space left"),
        ("SQLITE_READONLY_DBMOVED", "read-only"),
        ("SQLITE_CANTOPEN", "cannot be opened"),
        ("SQLITE_CORRUPT_INDEX", "damaged"),
        ("SQLITE_NOTADB", "not a database"),
    ],
)
def test_what_sqlite_says_of_its_disk_is_told_with_its_mend(
    sqlite_home: Opened, name: str, told: str
) -> None:
    doer = ready(sqlite_home, "edit")[0]

    def fail(_: str) -> Exception:
        return coded(sqlite3.OperationalError("disk"), name)

    before = ledger.dump(sqlite_home.database)
    with (
        Fault(sqlite_home.database, begins="INSERT INTO report_versions", error=fail),
        pytest.raises(StorageError, match=told) as refused,
    ):
        doer.edit()
    assert refused.value.exit_code == 5
    assert refused.value.mend
    assert ledger.dump(sqlite_home.database) == before


HOLDER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
database.execute("ROLLBACK")
"""


@pytest.mark.parametrize("deed", WRITES)
def test_a_database_that_another_process_holds_is_told_after_the_wait(
    sqlite_home: Opened, monkeypatch: pytest.MonkeyPatch, deed: str
) -> None:
    doer = ready(sqlite_home, deed)[0]
    before = ledger.dump(sqlite_home.database)
    pragmas = [one for one in database_module.PRAGMAS if not one.startswith("busy_timeout")]
    monkeypatch.setattr(database_module, "PRAGMAS", ("busy_timeout=50", *pragmas))
    sqlite_home.database.close()
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, sqlite_home.home.path / "medmm.db"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as holder:  # fmt: skip
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(HomeError, match="in use by another process") as told:
            DEEDS[deed](doer)
        assert told.value.exit_code == 5
        assert told.value.mend
        # Who reads does not wait for who writes.
        assert ledger.dump(sqlite_home.database) == before
        holder.communicate("\n")
    DEEDS[deed](doer)
    assert ledger.told(sqlite_home.database) == []
    assert integrity.check(sqlite_home.database, sqlite_home.home, hashes=True) == []


@pytest.mark.parametrize("bad", DISKS)
def test_a_new_home_on_a_bad_disk_is_told_and_made_later(small: Opened, bad: str) -> None:
    folder = small.home.path.parent / "another"
    with BAD[bad](small), pytest.raises(StorageError) as told:
        make_home(folder)
    assert told.value.exit_code == 5
    assert told.value.mend
    make_home(folder)


def make_home(folder: Path) -> None:
    """A home with its database, whole; nothing of it is left open."""
    home = home_module.prepare(folder)
    database = Database(home.database_url)
    try:
        migrations.ensure(database, home)
        assert integrity.check(database, home) == []
    finally:
        database.close()
