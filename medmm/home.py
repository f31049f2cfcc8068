"""The home: its folders, its locks, and files kept by the hash of their bytes.

A file gets its name only when it is whole and on the disk (temporary name, fsync, rename, fsync of
the folder), so a crash leaves at worst a stray ``.part`` file, never a half one under a real name.
"""

import errno
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from medmm import settings as settings_module
from medmm.errors import NotFoundError, StorageError
from medmm.settings import Settings

FOLDERS = ("pixels", "files", "cache", "models", "runs", "quarantine", "logs")


def storage_error(error: OSError, path: Path) -> StorageError:
    """The disk's refusal as a sentence with its mend."""
    mends = {
        errno.ENOSPC: "Free space there and run the command again; nothing that was reported as done is lost.",
        errno.EDQUOT: "Free space within the quota and run the command again.",
        errno.EROFS: "The file system is read-only: mount it writable or name another with --home.",
        errno.EACCES: "Give this user the right to write there or name another with --home.",
        errno.EPERM: "Give this user the right to write there or name another with --home.",
    }
    reason = error.strerror or str(error)
    return StorageError(
        f"{path} cannot be written: {reason}.",
        mends.get(error.errno or 0, "Check the disk, then run the command again."),
    )


@dataclass(frozen=True)
class Stored:
    """A file kept by content: hash of its bytes in hex, and where it is."""

    sha256: str
    path: Path


class _HashingFile:
    """A binary file that hashes what passes through it, so that no byte is read twice."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self.digest = hashlib.sha256()

    def write(self, data: Any) -> int:
        self.digest.update(data)
        return self._raw.write(data)


class FileStore:
    """Content-addressed files in one folder, named ``<sha256><suffix>``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, data: bytes, suffix: str = "") -> Stored:
        """Keep bytes; the same bytes twice are one file.

        Raises:
            StorageError: the disk is full, read-only or failing.
        """
        return self.write(lambda file: file.write(data), suffix)

    def write(self, fill: Callable[[Any], object], suffix: str = "") -> Stored:
        """Keep what ``fill`` writes into the binary file that it is given.

        Raises:
            StorageError: the disk is full, read-only or failing.
        """
        try:
            descriptor, name = tempfile.mkstemp(suffix=".part", dir=self.folder)
        except OSError as error:
            raise storage_error(error, self.folder) from error
        part = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as raw:
                hashing = _HashingFile(raw)
                fill(hashing)
                raw.flush()
                os.fsync(raw.fileno())
            sha256 = hashing.digest.hexdigest()
            target = self.folder / f"{sha256}{suffix}"
            os.replace(part, target)
            _sync_folder(self.folder)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise storage_error(error, self.folder) from error
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return Stored(sha256, target)

    def put_array(self, array: NDArray[Any]) -> Stored:
        """Keep an array as ``.npy`` (never pickled); the hash covers dtype, shape and values."""
        plain = np.ascontiguousarray(array)

        def fill(file: Any) -> None:
            header = {"descr": np.lib.format.dtype_to_descr(plain.dtype), "fortran_order": False}
            np.lib.format.write_array_header_1_0(file, header | {"shape": plain.shape})
            file.write(plain.reshape(-1).view(np.uint8).data if plain.size else b"")

        return self.write(fill, ".npy")

    def path(self, sha256: str, suffix: str = "") -> Path:
        """Where a kept file is.

        Raises:
            NotFoundError: it is not there.
        """
        path = self.folder / f"{sha256}{suffix}"
        if not path.is_file():
            raise NotFoundError(
                f"{path} is missing from the home.", "Restore the home from a backup."
            )
        return path

    def array(self, sha256: str) -> NDArray[Any]:
        """A kept array, mapped from disk read-only: pages are read as they are touched.

        Raises:
            NotFoundError: it is not there.
        """
        array: NDArray[Any] = np.load(self.path(sha256, ".npy"), mmap_mode="r", allow_pickle=False)
        return array


class Home:
    """One folder with everything medmm keeps."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self.path = path
        self.settings = settings
        self.pixels = FileStore(path / "pixels")
        self.files = FileStore(path / "files")

    @property
    def database_url(self) -> str:
        """The settings' database, or SQLite in this folder."""
        return self.settings.database_url or f"sqlite:///{self.path / 'medmm.db'}"

    @property
    def models(self) -> Path:
        """Where weights brought by the user are."""
        return self.settings.models or self.path / "models"

    @property
    def logs(self) -> Path:
        """Where logs and tracebacks are written."""
        return self.path / "logs"

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold an exclusive lock over all processes that use this home; waits for it.

        Raises:
            StorageError: the lock's file cannot be made.
        """
        path = self.path / f".{name}.lock"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise storage_error(error, path) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def prepare(path: Path | None = None) -> Home:
    """The home at ``path`` (else by settings) with its folders made, private to this user.

    Raises:
        StorageError: the folder cannot be made or written.
        HomeError: its settings do not fit.
    """
    settings = settings_module.load(path)
    folder = settings.home
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in FOLDERS:
            (folder / name).mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"medmm")
            probe.flush()
    except OSError as error:
        raise storage_error(error, folder) from error
    return Home(folder, settings)


def _sync_folder(folder: Path) -> None:
    """Make a rename durable (fsync of the directory, as POSIX needs)."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
