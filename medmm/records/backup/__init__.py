"""Making a backup: the snapshot, then every file that it names, into one file that is whole or not.

It is written under a temporary name beside the real one (mode 0600), proved to be on the disk and
then renamed. Not in it: what is made again from what is (indexes of the knowledge, caches, weights
that were brought, logs, runs), secrets of the settings (the model's API key, the database's URL),
and, unless it is encrypted, the private key of the audit chain: who has that could sign a history
that never was, and a restored home makes a new one.
"""

import hashlib
import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sqlalchemy import MetaData, select

from medmm.database import Database
from medmm.errors import HomeError, InputError, StorageError
from medmm.home import Home, storage_error, sync_folder
from medmm.records.backup import format as form
from medmm.records.backup import snapshot as backup_snapshot
from medmm.records.backup.encryption import encrypt
from medmm.records.backup.format import Manifest
from medmm.records.backup.rows import lines
from medmm.records.backup.snapshot import KeptName, Snapshot
from medmm.records.tables import FileRow

LOCK = "backup"
# A patient erased, or a file found damaged, while it was read: then all anew.
TRIES = 10
log = logging.getLogger("medmm.backup")


@dataclass(frozen=True)
class Made:
    """A backup that is there: what it holds, its bytes and their SHA-256."""

    manifest: Manifest
    size: int
    sha256: str
    encrypted: bool


class _AnewError(Exception):
    """A file is not what the snapshot says: it was erased since, or is damaged."""


def make(
    database: Database,
    home: Home,
    file: Path,
    metadata: MetaData,
    *,
    passphrase: str | None = None,
    force: bool = False,
    noted: Callable[[Manifest, str], object] = lambda _, __: None,
    progress: Callable[[str], None] = lambda _: None,
) -> Made:
    """Write a backup of a home that others may use meanwhile.

    ``noted`` is called with the manifest and the hash once the file is whole, before it gets its
    name. Files that are missing or damaged are told in the manifest's problems and left out.

    Raises:
        InputError: the file is there already (without ``force``), is in the home or is no file.
        HomeError: the home cannot be read now, or either disk is full or failing (StorageError).
    """
    _must_be_free(home, file, force=force)
    part = None
    try:
        with home.lock(LOCK):
            # mkstemp makes the file for this user alone (0600).
            descriptor, name = tempfile.mkstemp(".part", f"{file.name}.", file.parent)
            part = Path(name)
            with os.fdopen(descriptor, "w+b") as target:
                manifest = _filled(database, home, target, metadata, passphrase, progress)
                target.flush()
                os.fsync(target.fileno())
                target.seek(0)
                sha256 = hashlib.file_digest(target, "sha256").hexdigest()
                size = target.tell()
            progress("recording")
            noted(manifest, sha256)
            progress("naming")
            _name(part, file, force=force)
            sync_folder(file.parent)
    except HomeError:
        raise
    except OSError as error:
        raise storage_error(error, file) from error
    finally:
        if part is not None:
            with suppress(OSError):
                part.unlink(missing_ok=True)
    log.info("backup rows=%d files=%d bytes=%d", manifest.rows, manifest.files.lines, size)
    return Made(manifest, size, sha256, passphrase is not None)


def _must_be_free(home: Home, file: Path, *, force: bool) -> None:
    inside = home.path.resolve()
    if file.parent.resolve().is_relative_to(inside) or file.resolve().is_relative_to(inside):
        raise InputError(
            f"{file} is in the home itself, and would be lost with it.",
            "Name a file on another disk.",
            code="inside",
        )
    if (file.exists() or file.is_symlink()) and (not force or not file.is_file()):
        mend = "Name another, or write over it with --force."
        raise InputError(f"{file} is there already.", mend, code="exists")


def _filled(
    database: Database,
    home: Home,
    target: IO[bytes],
    metadata: MetaData,
    passphrase: str | None,
    progress: Callable[[str], None],
) -> Manifest:
    """Write until all files were as the snapshot says; the manifest then."""
    left_out: dict[KeptName, str] = {}
    for _ in range(TRIES):
        target.seek(0)
        target.truncate()
        with ExitStack() as spool:
            snapshot = backup_snapshot.take(
                database,
                home,
                metadata,
                spool,
                with_key=passphrase is not None,
                left_out=left_out,
                progress=progress,
            )
            parts = _Parts(database, home, snapshot, left_out, progress).all()
            with suppress(_AnewError):
                if passphrase is not None:
                    encrypt(parts, target, passphrase)
                else:
                    target.writelines(parts)
                return snapshot.manifest
        progress("beginning anew")
    raise StorageError(
        f"The files of {home.path} change or are damaged faster than they can be read.",
        "Run `medmm db check --hashes`.",
    )


class _Parts:
    """A backup's bytes in order, some at a time."""

    def __init__(
        self,
        database: Database,
        home: Home,
        snapshot: Snapshot,
        left_out: dict[KeptName, str],
        progress: Callable[[str], None],
    ) -> None:
        self._database = database
        self._home = home
        self._snapshot = snapshot
        self._left_out = left_out
        self._progress = progress

    def all(self) -> Iterator[bytes]:
        """Everything, with the hash of everything at its end."""
        digest = hashlib.sha256()
        for part in self._members():
            digest.update(part)
            yield part
        yield from _whole(form.LAST, digest.hexdigest().encode())
        yield form.END

    def _members(self) -> Iterator[bytes]:
        snapshot, manifest = self._snapshot, self._snapshot.manifest
        said = manifest.to_bytes()
        yield from _whole(form.FIRST, form.first_bytes(said))
        yield from _whole(form.MANIFEST, said)
        for info, file in zip(manifest.tables, snapshot.tables, strict=True):
            yield from _packed(info.member, info.packed.stored, file)
        if snapshot.files is None:
            raise ValueError(form.FILES)
        yield from _packed(form.FILES, manifest.files.stored, snapshot.files)
        if snapshot.head is not None:
            yield from _whole(form.HEAD, snapshot.head)
        if snapshot.key is not None:
            yield from _whole(form.KEY, snapshot.key)
        snapshot.files.seek(0)
        listed = lines(snapshot.files, manifest.files.lines, manifest.files.size)
        for number, (folder, name, size) in enumerate(listed, start=1):
            self._progress(f"file {number} of {manifest.files.lines}")
            yield form.header(f"{folder}/{name}", size)
            yield from self._kept(folder, name, size)
            yield form.padding(size)

    def _kept(self, folder: str, name: str, size: int) -> Iterator[bytes]:
        """A kept file's bytes, proved against its size and its name."""
        digest, seen = hashlib.sha256(), 0
        try:
            with (self._home.path / folder / name).open("rb") as file:
                while piece := file.read(min(form.PIECE, size + 1 - seen)):
                    seen += len(piece)
                    if seen > size:
                        break
                    digest.update(piece)
                    yield piece
        except OSError as error:
            told = f"cannot be read: {error.strerror}"
        else:
            if seen == size and digest.hexdigest() == name.partition(".")[0]:
                return
            told = "is damaged: its hash is another"
        if self._is_named(folder, name):
            self._left_out[folder, name] = f"{folder}/{name} {told}."
        raise _AnewError

    def _is_named(self, folder: str, name: str) -> bool:
        """Whether a row still names the file; no row does if its patient was erased since."""
        wanted = select(FileRow.id).where(FileRow.folder == folder, FileRow.name == name).limit(1)
        with self._database.read() as session:
            return session.scalar(wanted) is not None


def _whole(name: str, data: bytes) -> Iterator[bytes]:
    yield form.header(name, len(data)) + data + form.padding(len(data))


def _packed(name: str, size: int, file: Any) -> Iterator[bytes]:
    yield form.header(name, size)
    while piece := file.read(form.PIECE):
        yield piece
    yield form.padding(size)


def _name(part: Path, file: Path, *, force: bool) -> None:
    """Give the whole file its name, over another only by ``force``."""
    if force:
        os.replace(part, file)
        return
    try:
        # Unlike a rename, a link never replaces what somebody put there meanwhile.
        os.link(part, file)
    except FileExistsError:
        mend = "Name another, or write over it with --force."
        raise InputError(f"{file} is there already.", mend, code="exists") from None
    except OSError:
        # A file system without links (FAT).
        part.rename(file)
