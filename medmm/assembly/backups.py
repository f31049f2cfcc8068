"""A home leaves as one file, and comes back from one."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import rag.tables  # noqa: F401  # its tables join the metadata
from medmm import home as home_module
from medmm import logs
from medmm.assembly.acting import allowed, happened
from medmm.assembly.homes import OpenHome
from medmm.database import Base
from medmm.records import backup, restore
from medmm.records.access import By, by_command, require
from medmm.records.backup.format import FORMAT, Manifest

Document = dict[str, Any]
Progress = Callable[[str], None]
log = logging.getLogger("medmm.backups")


def _silent(_: str) -> None:
    pass


def back_up(
    opened: OpenHome,
    file: Path,
    *,
    passphrase: str | None = None,
    force: bool = False,
    progress: Progress = _silent,
) -> Document:
    """Write a backup of a home that is in use, and record it; what it holds.

    Raises:
        AccessError: the actor may not.
        InputError: the file is there already, or is in the home.
        HomeError: the home cannot be read, or a disk is full or failing.
    """
    allowed(opened, "backup")

    def noted(manifest: Manifest, sha256: str) -> None:
        happened(
            opened,
            "backup",
            sha256=sha256,
            sequence=manifest.sequence,
            hash=manifest.hash,
            count=manifest.files.lines,
            format=str(FORMAT),
        )

    made = backup.make(
        opened.database,
        opened.home,
        file.expanduser().absolute(),
        Base.metadata,
        passphrase=passphrase,
        force=force,
        noted=noted,
        progress=progress,
    )
    return {
        "file": str(file.expanduser().absolute()),
        "bytes": made.size,
        "sha256": made.sha256,
        "encrypted": made.encrypted,
        **_held(made.manifest),
        "problems": list(made.manifest.problems),
    }


def restore_home(
    path: str | Path | None,
    file: Path,
    *,
    passphrase: Callable[[], str] | None = None,
    must_be_encrypted: bool = False,
    force: bool = False,
    by: By | None = None,
    progress: Progress = _silent,
) -> Document:
    """Make a home what it was when a backup was made; what was restored.

    The home need not be one that opens: it may be new, damaged, or left while it was restored.

    Raises:
        AccessError: the actor may not.
        InputError: the backup is refused, or the home holds something; nothing was changed.
        HomeError: the home is in use, or its disk is full or failing.
    """
    by = by or by_command()
    require(by.actor, "restore")
    file = file.expanduser().absolute()
    home = home_module.prepare(Path(path) if path is not None else None)
    logs.start(home.logs, home.settings.log_level)
    done = restore.restore(
        home,
        file,
        by,
        passphrase=passphrase,
        must_be_encrypted=must_be_encrypted,
        force=force,
        progress=progress,
    )
    return {
        "home": str(home.path),
        "file": str(file),
        "sha256": done.sha256,
        **_held(done.manifest),
        "restored_revision": done.revision,
        "kept_aside": done.aside,
        "erased_since": list(done.erased_since),
        "problems": list(done.problems),
    }


def _held(manifest: Manifest) -> Document:
    return {
        "created": manifest.created,
        "medmm": manifest.medmm,
        "format": FORMAT,
        "revision": manifest.revision,
        "tables": {table.name: table.packed.lines for table in manifest.tables},
        "rows": manifest.rows,
        "files": manifest.files.lines,
        "file_bytes": manifest.file_bytes,
        "audit_sequence": manifest.sequence,
        "audit_hash": manifest.hash,
    }
