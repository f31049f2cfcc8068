"""The first look at a file: that it is one, its size, its first bytes."""

import stat
from pathlib import Path
from typing import Final

from rag.reading.limits import Limits
from rag.reading.refusals import refusal

HEAD_BYTES: Final = 4096


def head(path: Path) -> bytes:
    """The first bytes, or none where nothing can be read; never raises."""
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError:
        return b""


def check(path: Path, limits: Limits) -> None:
    """Refuse what is no plain file, is empty or is too large.

    Raises:
        InputError: it is not there, is no file, or is empty.
        LimitError: it is larger than ``limits.file_bytes``.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise refusal(path, "unreadable") from error
    if not stat.S_ISREG(status.st_mode):  # a pipe or a device would be waited for
        raise refusal(path, "unreadable")
    if status.st_size == 0:
        raise refusal(path, "empty")
    if status.st_size > limits.file_bytes:
        raise refusal(path, "file-bytes", limits.file_bytes // 1_000_000)


def content(path: Path, limits: Limits) -> bytes:
    """All bytes of a checked file.

    Raises:
        InputError: it cannot be read.
        LimitError: it is larger than ``limits.file_bytes``, also where it grew since.
    """
    check(path, limits)
    try:
        with path.open("rb") as file:
            data = file.read(limits.file_bytes + 1)
    except OSError as error:
        raise refusal(path, "unreadable") from error
    if len(data) > limits.file_bytes:
        raise refusal(path, "file-bytes", limits.file_bytes // 1_000_000)
    return data
