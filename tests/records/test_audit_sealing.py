"""The signed head: where it is, who signed it, and what happens when it cannot be written."""

import errno
import logging
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from medmm import home as home_module
from medmm.database import Database
from medmm.errors import HomeError, StorageError
from medmm.home import Home
from medmm.records import audit_head, audit_seal, integrity, migrations
from medmm.records.audit import Event, audited, record, seal, verify
from tests.records.audit_homes import SIGNED, counts, patient, put, rows
from tests.records.conftest import Opened


def test_the_check_of_the_database_tells_of_the_chain(opened: Opened) -> None:
    put(opened)
    audit_head.head_path(opened.home).unlink()
    assert audit_seal.MISSING_HEAD in integrity.check(opened.database, opened.home)


def test_the_key_is_private_and_the_head_tells_its_name(opened: Opened) -> None:
    put(opened)
    path = audit_head.key_path(opened.home)
    assert path.stat().st_mode & 0o777 == 0o600
    key = audit_head.read_key(opened.home)
    assert key is not None
    name = audit_head.key_id(audit_head.public_bytes(key))
    elsewhere = audit_head.head_path(opened.home).read_bytes()
    assert audit_head.parse_head(elsewhere, name).key == name
    with pytest.raises(HomeError, match="another key"):
        audit_head.parse_head(elsewhere, "0" * 32)


def test_the_head_is_where_the_setting_says(
    sqlite_home: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDMM_AUDIT_HEAD", str(tmp_path / "elsewhere"))
    home = home_module.prepare(sqlite_home.home.path)
    put(Opened(home, sqlite_home.database))
    assert (tmp_path / "elsewhere").exists()
    assert not (home.path / "audit-head").exists()
    assert verify(sqlite_home.database, home) == []


def full(*_: object) -> None:
    raise StorageError("There is no space.") from OSError(errno.ENOSPC, "full")


def test_a_seal_that_fails_keeps_the_data_and_is_noticed(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    put(opened)
    with monkeypatch.context() as patched, caplog.at_level(logging.ERROR):
        patched.setattr(audit_head, "write_whole", full)
        with audited(opened.database, opened.home) as session:
            session.add(patient())
            record(session, SIGNED)
        with pytest.raises(StorageError):
            seal(opened.database, opened.home)
    assert "The audit chain was not sealed (StorageError)." in caplog.text
    assert counts(opened) == (1, 2)
    assert verify(opened.database, opened.home) == []
    assert seal(opened.database, opened.home).sequence == 2


def test_a_first_head_that_cannot_be_written_stops_before_the_work(
    sqlite_home: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(audit_head, "write_whole", full)
        with pytest.raises(StorageError):
            put(sqlite_home)
    assert counts(sqlite_home) == (0, 0)
    assert put(sqlite_home) == 1
    assert verify(sqlite_home.database, sqlite_home.home) == []


def test_a_crash_between_the_first_head_and_its_key_is_overcome(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(audit_head, "write_key", full)
        with pytest.raises(StorageError):
            put(opened)
    assert audit_head.head_path(opened.home).exists()
    assert verify(opened.database, opened.home) == []
    put(opened)
    assert verify(opened.database, opened.home) == []


def test_events_that_were_never_sealed_are_told_and_sealed(opened: Opened) -> None:
    with opened.database.write() as session:
        record(session, SIGNED)
    assert verify(opened.database, opened.home) == [audit_seal.MISSING_HEAD]
    assert seal(opened.database, opened.home).sequence == 1
    assert verify(opened.database, opened.home) == []


def test_a_first_event_while_the_chain_is_looked_at_is_no_problem(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = audit_seal._read

    def slow(home: Home) -> Any:
        found = read(home)
        if found[0] is None:
            put(opened)
        return found

    monkeypatch.setattr(audit_seal, "_read", slow)
    assert verify(opened.database, opened.home) == []
    assert len(rows(opened)) == 1


def test_sealing_twice_is_sealing_once(opened: Opened) -> None:
    put(opened)
    assert seal(opened.database, opened.home) == seal(opened.database, opened.home)


def test_an_administrator_seals_a_restored_database_anew(
    sqlite_home: Opened, tmp_path: Path
) -> None:
    put(sqlite_home)
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(sqlite_home.home.path / "medmm.db")) as source:
        source.execute("VACUUM INTO ?", (str(copy),))
    put(sqlite_home)
    old = audit_head.head_path(sqlite_home.home).read_bytes()
    with closing(Database(f"sqlite:///{copy}")) as restored:
        with restored.write() as session:
            record(session, Event("root", "admin", "database.restore", "database", origin="cli"))
        assert "was sealed" in verify(restored, sqlite_home.home)[0]
        assert seal(restored, sqlite_home.home, anew=True).sequence == 2
        assert verify(restored, sqlite_home.home) == []
    [kept] = sqlite_home.home.path.glob("audit-head.until-*")
    assert kept.read_bytes() == old


def test_a_lost_key_is_replaced_when_sealed_anew(opened: Opened) -> None:
    put(opened)
    audit_head.key_path(opened.home).unlink()
    with pytest.raises(HomeError, match="key"):
        seal(opened.database, opened.home)
    assert verify(opened.database, opened.home) == [audit_seal.MISSING_KEY]
    assert seal(opened.database, opened.home, anew=True).sequence == 1
    assert verify(opened.database, opened.home) == []


def test_a_downgrade_drops_the_chain_and_its_head_tells(opened: Opened) -> None:
    put(opened)
    migrations.downgrade(opened.database, opened.home, "0002")
    migrations.upgrade(opened.database, opened.home)
    assert "event 1 was sealed" in verify(opened.database, opened.home)[0]


def test_a_head_that_is_a_folder_is_told(sqlite_home: Opened) -> None:
    home: Home = sqlite_home.home
    put(sqlite_home)
    audit_head.head_path(home).unlink()
    audit_head.head_path(home).mkdir()
    assert "cannot be read" in verify(sqlite_home.database, home)[0]
