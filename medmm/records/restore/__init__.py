"""Restoring a home from a backup: everything is proved beside the home, then takes its place.

Until the last step nothing of the home changes but a folder ``restoring`` in it, which the next
restore removes if this one is killed. What was there is kept: in ``before-restore-TIME`` (SQLite's
file, the head and the key of the audit chain) and, on PostgreSQL, in a schema of that name. Files
of studies are not put aside: they are named by their hashes and stay where they are.
"""

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from medmm.database import Database
from medmm.errors import HomeError
from medmm.home import FOLDERS, WRITING, Home, storage_error
from medmm.records import audit_head, being_restored, migrations
from medmm.records.access import By
from medmm.records.backup.format import Manifest, damaged
from medmm.records.backup.settings import toml_text
from medmm.records.restore import staging as restore_staging
from medmm.records.restore.before import erased_since, must_be_empty
from medmm.records.restore.places import put_in_place
from medmm.records.restore.reading import Unpacked, unpack

LOCK, DATABASE_LOCK = "restore", "database"
STAGING = "restoring"
log = logging.getLogger("medmm.restore")


@dataclass(frozen=True)
class Restored:
    """What a restore did.

    ``aside`` is where what was there is kept, ``problems`` what `medmm db check` says of the
    restored home: what was wrong in the home that was backed up. ``erased_since`` are those
    whom the home had erased, as "patient:3", and who are back.
    """

    manifest: Manifest
    sha256: str
    aside: str | None
    revision: str
    problems: tuple[str, ...]
    erased_since: tuple[str, ...]


def restore(
    home: Home,
    file: Path,
    by: By,
    *,
    passphrase: Callable[[], str] | None = None,
    must_be_encrypted: bool = False,
    force: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Restored:
    """Make a home what it was when the backup was made.

    Without ``force`` only a home without studies and users is restored, or one that was left while
    it was being restored.

    Raises:
        InputError: the backup is refused (see `restore_reading.unpack`), does not hold what it
            says, or the home holds something and ``force`` is not given; nothing was changed.
        HomeError: the home is in use, or the disk is full or failing (StorageError).
    """
    with home.lock(LOCK):
        if not (force or being_restored.is_set(home)):
            must_be_empty(home)
        folder = home.path / STAGING
        try:
            return _restored(home, folder, file, by, passphrase, must_be_encrypted, progress)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _restored(
    home: Home,
    folder: Path,
    file: Path,
    by: By,
    passphrase: Callable[[], str] | None,
    must_be_encrypted: bool,  # noqa: FBT001
    progress: Callable[[str], None],
) -> Restored:
    staged = _staging(home, folder)
    unpacked = unpack(
        file,
        folder,
        passphrase,
        must_be_encrypted=must_be_encrypted,
        revisions=migrations.revisions(),
        progress=progress,
    )
    progress("making the database")
    database = restore_staging.empty_database(home, staged)
    try:
        problems = _ready(home, staged, database, unpacked, file, by, progress)
        erased = erased_since(home, database)
        aside = home.path / f"before-restore-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
        # Whoever opens the home now waits here, and finds it restored or marked; and nobody
        # removes files that no row names yet.
        with home.lock(DATABASE_LOCK), home.lock(WRITING, shared=True):
            kept = put_in_place(home, staged, database, aside, file, progress)
    finally:
        database.close()
        restore_staging.remove_database(home)
    said = unpacked.manifest
    log.info("restored rows=%d files=%d problems=%d", said.rows, said.files.lines, len(problems))
    where = str(aside) if kept else None
    return Restored(said, unpacked.sha256, where, migrations.head(), tuple(problems), tuple(erased))


def _staging(home: Home, folder: Path) -> Home:
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(mode=0o700)
        for name in FOLDERS:
            (folder / name).mkdir(mode=0o700)
    except OSError as error:
        raise storage_error(error, folder) from error
    return restore_staging.staged_home(home, folder)


def _ready(
    home: Home,
    staged: Home,
    database: Database,
    unpacked: Unpacked,
    file: Path,
    by: By,
    progress: Callable[[str], None],
) -> list[str]:
    """Make the staged home whole; what was wrong in the home that was backed up."""
    restore_staging.fill(database, staged, unpacked, file, progress=progress)
    progress("proving the audit chain")
    known = restore_staging.prove_chain(database, unpacked, file)
    _take_key(home, staged, file)
    restore_staging.record_restore(database, staged, unpacked, by)
    progress("checking")
    found = restore_staging.problems(database, staged)
    if unpacked.manifest.settings:
        (staged.path / "settings.toml").write_text(toml_text(unpacked.manifest.settings, file))
    return [*found, *(one for one in known if one not in found)]


def _take_key(home: Home, staged: Home, file: Path) -> None:
    """The key that goes on sealing: the backup's, else the home's own, else a new one."""
    try:
        if audit_head.read_key(staged) is not None:
            return
    except HomeError:
        raise damaged(str(file), "the key of its audit chain is none") from None
    try:
        own = audit_head.read_key(home)
    except HomeError:
        return
    if own is not None:
        audit_head.write_key(staged, own)
