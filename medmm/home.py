"""The home: its folders, its locks, and files kept by the hash of their bytes.

A file gets its name only when it is whole and on the disk (temporary name, fsync, rename, fsync of
the folder), so a crash leaves at worst a stray ``.part`` file, never a half one under a real name.
"""

import errno
import fcntl
import hashlib
import io
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from medmm import settings as settings_module
from medmm.errors import NotFoundError, StorageError
from medmm.settings import Settings

# SQLite's WAL needs memory that all its processes share, which these do not give.
NETWORK_FILE_SYSTEM = re.compile(
    r"nfs4?|cifs|smb\d?|smbfs|ncpfs|afs|coda|ceph|lustre|beegfs|gpfs|glusterfs|davfs|vboxsf|prl_fs|"
    r"fuse\.(sshfs|glusterfs|ceph|ceph-fuse|s3fs|rclone|juicefs|davfs2|gcsfuse|vmhgfs-fuse)"
)
_OCTAL = re.compile(r"\\([0-7]{3})")
RESTORE = "Restore the home from a backup."
FOLDERS = ("pixels", "files", "cache", "models", "runs", "quarantine", "logs")
WRITING = "writing-files"
"""The lock that is shared from writing a kept file (or finding it there) until a row names it, and
held alone by who removes files that no row names."""


def storage_error(error: OSError, path: Path) -> StorageError:
    """The disk's refusal as a sentence with its mend."""
    mends = {
        errno.ENOSPC: "Free space there and run it again; what was reported as done is kept.",
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
        """Keep bytes; the same bytes twice are one file, written once.

        Raises:
            StorageError: the disk is full, read-only or failing.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        return self._there(sha256, suffix, len(data)) or self.write(
            lambda file: file.write(data), suffix
        )

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
            sync_folder(self.folder)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise storage_error(error, self.folder) from error
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return Stored(sha256, target)

    def put_array(self, array: NDArray[Any]) -> Stored:
        """Keep an array as ``.npy`` (never pickled); the hash covers dtype, shape and values.

        Raises:
            StorageError: the disk is full, read-only or failing.
            ValueError: it holds Python objects, which only a pickle could keep.
        """
        if array.dtype.hasobject:
            raise ValueError("an array of Python objects cannot be kept")
        plain = np.asarray(array, order="C")
        header = _npy_header(plain)
        values = plain.reshape(-1).view(np.uint8).data if plain.size else b""
        digest = hashlib.sha256(header)
        digest.update(values)

        def fill(file: Any) -> None:
            file.write(header)
            file.write(values)

        there = self._there(digest.hexdigest(), ".npy", len(header) + plain.nbytes)
        return there or self.write(fill, ".npy")

    def _there(self, sha256: str, suffix: str, size: int) -> Stored | None:
        """The file if it is kept already, with its name made durable: its writer may be killed."""
        target = self.folder / f"{sha256}{suffix}"
        try:
            if target.stat().st_size != size:
                return None
            sync_folder(self.folder)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise storage_error(error, target) from error
        return Stored(sha256, target)

    def path(self, sha256: str, suffix: str = "") -> Path:
        """Where a kept file is.

        Raises:
            NotFoundError: it is not there.
        """
        path = self.folder / f"{sha256}{suffix}"
        if not path.is_file():
            raise NotFoundError(f"{path} is missing from the home.", RESTORE)
        return path

    def array(self, sha256: str) -> NDArray[Any]:
        """A kept array, mapped from disk read-only: pages are read as they are touched.

        Raises:
            NotFoundError: it is not there.
        """
        path = self.path(sha256, ".npy")
        try:
            array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
        except OSError as error:
            raise StorageError(f"{path} cannot be read: {error.strerror}.", RESTORE) from error
        except ValueError as error:
            raise StorageError(f"{path} is damaged.", RESTORE) from error
        return np.asarray(array)


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
        return self.settings.database_url or f"sqlite:///{quote(str(self.path / 'medmm.db'))}"

    @property
    def models(self) -> Path:
        """Where weights brought by the user are."""
        return self.settings.models or self.path / "models"

    @property
    def logs(self) -> Path:
        """Where logs and tracebacks are written."""
        return self.path / "logs"

    @contextmanager
    def lock(self, name: str, *, shared: bool = False) -> Iterator[None]:
        """Hold a lock over all processes that use this home, alone or ``shared``; waits for it.

        Raises:
            StorageError: the lock's file cannot be made.
        """
        with self._lock_file(name) as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
            yield

    @contextmanager
    def try_lock(self, name: str) -> Iterator[bool]:
        """Hold a lock alone if nobody has it; whether it is held.

        Raises:
            StorageError: the lock's file cannot be made.
        """
        with self._lock_file(name) as descriptor:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                held = False
            else:
                held = True
            yield held

    @contextmanager
    def _lock_file(self, name: str) -> Iterator[int]:
        """A lock's file, open; closing it gives the lock back."""
        path = self.path / f".{name}.lock"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise storage_error(error, path) from error
        try:
            yield descriptor
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


def sync_folder(folder: Path) -> None:
    """Make names in a folder durable (fsync of the directory, as POSIX needs)."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def network_file_system(folder: Path, mounts: str | None = None) -> str:
    """The type of the network file system that a folder is on; empty if it is on a local one.

    ``mounts`` is the text of /proc/self/mounts (proc(5)), which is read if not given; a system
    without it counts as local.
    """
    if mounts is None:
        try:
            mounts = Path("/proc/self/mounts").read_text("utf-8", "surrogateescape")
        except OSError:
            return ""
    resolved = folder.resolve()
    best, found = -1, ""
    for line in mounts.splitlines():
        _, target, kind, *_ = line.split(" ")
        mounted = Path(_OCTAL.sub(lambda code: chr(int(code[1], 8)), target))
        # The last of several mounts on one folder is the one that is seen.
        if resolved.is_relative_to(mounted) and len(mounted.parts) >= best:
            best, found = len(mounted.parts), kind
    return found if NETWORK_FILE_SYSTEM.fullmatch(found) else ""


def _npy_header(array: NDArray[Any]) -> bytes:
    header = io.BytesIO()
    described = {
        "descr": np.lib.format.dtype_to_descr(array.dtype),
        "fortran_order": False,
        "shape": array.shape,
    }
    np.lib.format.write_array_header_1_0(header, described)
    return header.getvalue()


def file_sha256(path: Path) -> str:
    """Hash of a file's bytes in hex, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _umask() -> int:
    """The permissions that new files of this process do not get; mkstemp gives fewer still."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_whole(path: Path, data: bytes) -> None:
    """Write a file outside the home so that it is either whole or not there.

    Raises:
        StorageError: the disk is full, read-only or failing, or the folder is missing.
    """
    try:
        # A name of its own: several processes may write the same file.
        descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=".part", dir=path.parent)
    except OSError as error:
        raise storage_error(error, path) from error
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), 0o666 & ~_umask())
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise storage_error(error, path) from error
