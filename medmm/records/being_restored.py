"""The mark of a home that is being restored: nothing else opens it until that is done.

It is there from just before the first thing of the home is put aside until the last of the backup
has its place, so whoever finds it finds neither the old home nor the new one.
"""

import json
from pathlib import Path

from medmm.errors import HomeError
from medmm.home import Home, storage_error, sync_folder, write_whole

FILE = "being-restored"


def path(home: Home) -> Path:
    """Where the mark is."""
    return home.path / FILE


def is_set(home: Home) -> bool:
    """Whether the home was left while it was restored, or is restored right now."""
    return path(home).exists()


def refuse(home: Home) -> None:
    """Go on only in a home that is not being restored.

    Raises:
        HomeError: it is.
    """
    if is_set(home):
        raise HomeError(
            f"{home.path} is being restored{_from(home)}.",
            "If no restore is running, it was stopped: run `medmm db restore FILE` again.",
        )


def put(home: Home, file: Path) -> None:
    """Set the mark, durably.

    Raises:
        StorageError: the disk is full, read-only or failing.
    """
    write_whole(path(home), json.dumps({"file": str(file)}).encode())
    _sync(home)


def remove(home: Home) -> None:
    """Take the mark away, durably.

    Raises:
        StorageError: the disk is failing.
    """
    try:
        path(home).unlink(missing_ok=True)
    except OSError as error:
        raise storage_error(error, path(home)) from error
    _sync(home)


def _sync(home: Home) -> None:
    try:
        sync_folder(home.path)
    except OSError as error:
        raise storage_error(error, home.path) from error


def _from(home: Home) -> str:
    try:
        return f" from {json.loads(path(home).read_bytes())['file']}"
    except (OSError, ValueError, KeyError, TypeError):
        return ""
