"""The last step of a restore: what was there is put aside, and what was made ready takes its place.

Files come first: they are named by their hashes, so that one more changes nothing. Then the home is
marked as being restored, and while the mark is there nobody opens it: the database, the head and
the key of the audit chain change hands, each by one rename or one transaction.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from sqlalchemy import Connection, text

from medmm.database import Database
from medmm.errors import HomeError
from medmm.home import Home, storage_error, sync_folder
from medmm.records import audit_head, audit_seal, being_restored
from medmm.records.backup.format import FOLDERS

Progress: TypeAlias = Callable[[str], None]
SQLITE_FILES = ("", "-wal", "-shm", "-journal")
# How long another process may take to let go of the database.
PATIENCE_SECONDS = 5.0
_OF_SCHEMA = {
    "TABLE": "SELECT c.relname FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = "
    "to_regnamespace(:name)",
    "FUNCTION": "SELECT p.proname FROM pg_proc p WHERE p.prorettype = 'trigger'::regtype "
    "AND p.pronamespace = to_regnamespace(:name)",
}


def put_in_place(
    home: Home, staged: Home, database: Database, aside: Path, file: Path, progress: Progress
) -> bool:
    """Let the staged home take the home's place; whether something was put aside.

    Raises:
        HomeError: others use the database, or the disk is full or failing (StorageError). The home
            is as it was, or says that it is being restored.
    """
    try:
        if database.dialect == "sqlite":
            _must_be_ours_alone(_own_file(home))
            database.close()
        progress("putting files in place")
        _move_files(home, staged)
        if database.dialect == "sqlite":
            return _swap_sqlite(home, staged, aside, file, progress)
        return _swap_postgres(home, staged, database, aside, file, progress)
    except HomeError:
        raise
    except OSError as error:
        raise storage_error(error, home.path) from error


def _move_files(home: Home, staged: Home) -> None:
    for folder in FOLDERS:
        for path in (staged.path / folder).iterdir():
            os.replace(path, home.path / folder / path.name)
        sync_folder(home.path / folder)


def _swap_sqlite(home: Home, staged: Home, aside: Path, file: Path, progress: Progress) -> bool:
    own = _own_file(home)
    ready = _beside(staged.path / "medmm.db", own)
    with home.lock(audit_seal.LOCK):
        being_restored.put(home, file)
        progress("marked")
        there = [path for end in SQLITE_FILES if (path := Path(f"{own}{end}")).exists()]
        kept = bool(there) or audit_head.head_path(home).exists()
        if kept:
            aside.mkdir(mode=0o700)
            for path in reversed(there):
                _move(path, aside / path.name)
            _keep_head(home, aside)
        progress("put aside")
        os.replace(ready, own)
        sync_folder(own.parent)
        progress("database in place")
        _finish(home, staged, progress)
    return kept


def _swap_postgres(
    home: Home, staged: Home, database: Database, aside: Path, file: Path, progress: Progress
) -> bool:
    own = Database(home.database_url)
    try:
        with home.lock(audit_seal.LOCK), own.change_schema() as connection:
            kept = _swap_schemas(connection, database, aside.name.replace("-", "_").lower())
            if kept or audit_head.head_path(home).exists():
                aside.mkdir(mode=0o700)
                _keep_head(home, aside)
            being_restored.put(home, file)
            progress("marked")
        progress("database in place")
        with home.lock(audit_seal.LOCK):
            _finish(home, staged, progress)
    finally:
        own.close()
    return kept


def _swap_schemas(connection: Connection, staged: Database, aside: str) -> bool:
    """Move medmm's own tables into a schema beside, and the staged ones into theirs."""
    own = connection.scalar(text("SELECT current_schema()"))
    with staged.read() as session:
        ready = session.scalar(text("SELECT current_schema()"))
    staged.close()
    names = {
        kind: connection.scalars(text(wanted), {"name": ready}).all()
        for kind, wanted in _OF_SCHEMA.items()
    }
    kept = False
    for kind, wanted in _OF_SCHEMA.items():
        there = set(connection.scalars(text(wanted), {"name": own}))
        # Tables of others in the same schema stay where they are.
        for name in [name for name in names[kind] if name in there]:
            if not kept:
                connection.exec_driver_sql(f'CREATE SCHEMA "{aside}"')
                kept = True
            _move_in_schema(connection, kind, f'"{own}"."{name}"', aside)
    for kind, found in names.items():
        for name in found:
            _move_in_schema(connection, kind, f'"{ready}"."{name}"', str(own))
    connection.exec_driver_sql(f'DROP SCHEMA "{ready}"')
    return kept


def _move_in_schema(connection: Connection, kind: str, name: str, target: str) -> None:
    brackets = "()" if kind == "FUNCTION" else ""
    connection.exec_driver_sql(f'ALTER {kind} {name}{brackets} SET SCHEMA "{target}"')


def _finish(home: Home, staged: Home, progress: Progress) -> None:
    """The head and the key of the audit chain, earlier heads, and the mark away."""
    for path in sorted(staged.path.glob("audit-head.until-*")):
        _move(path, audit_head.head_path(home).with_name(path.name))
    _move(audit_head.key_path(staged), audit_head.key_path(home))
    progress("key in place")
    _move(audit_head.head_path(staged), audit_head.head_path(home))
    progress("head in place")
    settings = staged.path / "settings.toml"
    if settings.exists() and not (home.path / "settings.toml").exists():
        _move(settings, home.path / "settings.toml")
    being_restored.remove(home)


def _keep_head(home: Home, aside: Path) -> None:
    """A copy of the head and the key that were there."""
    for path in (audit_head.head_path(home), audit_head.key_path(home)):
        if path.exists():
            shutil.copy2(path, aside / path.name)
    sync_folder(aside)
    sync_folder(aside.parent)


def _own_file(home: Home) -> Path:
    return Path(Database(home.database_url).name).absolute()


def _must_be_ours_alone(database: Path) -> None:
    """Refuse while another process has the database open; it would go on writing to the old one.

    SQLite leaves WAL only for a connection that is alone
    (https://www.sqlite.org/pragma.html#pragma_journal_mode), and writes all of it into the one file
    then. The caller holds the lock without which nobody opens the database.
    """
    if not database.exists():
        return
    connection = sqlite3.connect(database, timeout=PATIENCE_SECONDS, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=DELETE").fetchall()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise HomeError(
                f"{database} is in use by another process.",
                "Stop everything of medmm that uses this home, then run the command again; "
                "nothing was changed.",
            ) from None
        # A damaged one is put aside as it is.
    except sqlite3.DatabaseError:
        pass
    finally:
        connection.close()


def _beside(ready: Path, own: Path) -> Path:
    """The staged database on the same disk as the one whose place it takes, durably."""
    if ready.stat().st_dev != own.parent.stat().st_dev:
        near = own.with_name(f"{own.name}.restoring")
        shutil.copyfile(ready, near)
        near.chmod(0o600)
        ready = near
    with ready.open("rb+") as file:
        os.fsync(file.fileno())
    return ready


def _move(path: Path, target: Path) -> None:
    """Rename, or copy and remove between disks; durable on return."""
    try:
        os.replace(path, target)
    except OSError:
        part = target.with_name(f"{target.name}.part")
        shutil.copy2(path, part)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(part, target)
        path.unlink()
    sync_folder(target.parent)
    sync_folder(path.parent)
