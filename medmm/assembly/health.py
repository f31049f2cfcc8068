"""How a home is, for its admin: what ``medmm doctor`` says, and what it is made of."""

import platform
import shutil
from importlib import metadata
from pathlib import Path
from typing import Any

from sqlalchemy import text

from medmm import __version__
from medmm.assembly import auditing, examination
from medmm.assembly.acting import allowed
from medmm.assembly.homes import OpenHome
from medmm.errors import HomeError
from medmm.nouns.characters import as_data, visible
from medmm.records import migrations

Document = dict[str, Any]
NAMED = ("sqlalchemy", "pydicom", "onnxruntime", "chromadb", "fastapi", "gradio")
"""What somebody who mends asks for first."""


def health_document(opened: OpenHome) -> Document:
    """Checks with their mends, disk, database, last backup, sealed head and versions.

    Raises:
        AccessError: who acts is no admin.
        HomeError: the database cannot be used now.
    """
    allowed(opened, "read_audit")
    checks = [one.document() for one in examination.examine_open(opened)]
    disk = shutil.disk_usage(opened.path)
    document = {
        "ok": all(one["state"] != "broken" for one in checks),
        "checks": checks,
        "home": str(opened.path),
        "disk": {"free": disk.free, "total": disk.total},
        "database": _database(opened),
        "backup": _last_backup(opened),
        "head": auditing.head_document(opened),
        "versions": _versions(opened),
    }
    shown: Document = as_data(document, visible)
    return shown


def _database(opened: OpenHome) -> Document:
    return {
        "kind": opened.database.dialect,
        "bytes": _size(opened),
        "revision": migrations.current(opened.database),
        "newest": migrations.head(),
    }


def _size(opened: OpenHome) -> int | None:
    """Bytes of the database with its log; None where it cannot be told."""
    if opened.database.dialect == "postgresql":
        with opened.database.read() as session:
            size = session.scalar(text("SELECT pg_database_size(current_database())"))
        return None if size is None else int(size)
    # A path that is relative is so to the folder of the process, as SQLite takes it.
    file = Path(opened.database.engine.url.database or "")
    both = (file, file.with_name(f"{file.name}-wal"))
    try:
        return sum(path.stat().st_size for path in both if path.exists())
    except OSError as error:
        raise HomeError(
            f"The database's file cannot be looked at: {error.strerror}.",
            "Give this user the right to read it.",
        ) from error


def _last_backup(opened: OpenHome) -> Document | None:
    """When and by whom; None where no backup is among the newest events."""
    event = auditing.last_of(opened, "backup")
    return None if event is None else {name: event[name] for name in ("time", "actor", "sequence")}


def _versions(opened: OpenHome) -> dict[str, str]:
    with opened.database.read() as session:
        if opened.database.dialect == "postgresql":
            database = ("PostgreSQL", str(session.scalar(text("SHOW server_version"))))
        else:
            database = ("SQLite", str(session.scalar(text("SELECT sqlite_version()"))))
    found = {"medmm": __version__, "Python": platform.python_version(), database[0]: database[1]}
    for name in NAMED:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
