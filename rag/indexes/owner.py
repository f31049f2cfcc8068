"""Who may open an index's folder: one process at a time, by a lock that dies with its holder."""

import errno
import fcntl
import os
from contextlib import suppress
from pathlib import Path

from medmm.home import storage_error

LOCK = "owner.lock"
MARK = "look-again"


class OwnerLock:
    """The right to a folder (flock(2)): held from ``take`` to ``release``, or till a crash."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._descriptor: int | None = None
        self._process = 0

    @property
    def held(self) -> bool:
        """Whether this process holds it; a fork inherits the descriptor, and not the right."""
        return self._descriptor is not None and self._process == os.getpid()

    def take(self) -> bool:
        """Hold it if nobody else does; never waits.

        Raises:
            StorageError: the folder or the lock's file cannot be made.
        """
        if self.held:
            return True
        path = self._folder / LOCK
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise storage_error(error, path) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            if error.errno in {errno.EWOULDBLOCK, errno.EACCES}:
                return False
            raise storage_error(error, path) from error
        self._descriptor, self._process = descriptor, os.getpid()
        return True

    def release(self) -> None:
        """Let the next one have it; its file stays, because removing it would make a second one."""
        if self._descriptor is not None:
            # Closing gives up only this descriptor's share, unlocking would take a parent's, too.
            os.close(self._descriptor)
            self._descriptor = None


def leave_mark(folder: Path) -> None:
    """Ask the owner to look again; only a hint, so a disk that refuses it is no fault."""
    with suppress(OSError):
        (folder / MARK).touch(mode=0o600)


def take_mark(folder: Path) -> bool:
    """Whether somebody left a mark; it is taken away.

    Raises:
        StorageError: it cannot be taken away.
    """
    path = folder / MARK
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise storage_error(error, path) from error
    return True
