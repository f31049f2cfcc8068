"""Uploaded files until they are taken in: private folders in the home, under names of ours.

A folder is there while it is being filled (its server holds `LOCK`, shared) and as long as its job
waits or runs. Any other was left by a server that was killed, and is removed by the next worker.
"""

import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from medmm import ownership
from medmm.assembly.homes import OpenHome
from medmm.errors import NotFoundError
from medmm.home import Home, storage_error
from medmm.records import jobs

ownership.check_packages()
UPLOAD_BYTES = 512 * 1024 * 1024
"""The most that one upload may have: more comes by a folder of this machine, or by DICOM."""
UPLOAD_FILES = 20_000
LOCK = "uploading"
_NAME = re.compile(r"[0-9a-f]{32}")
_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")


@contextmanager
def filling(home: Home) -> Iterator[Path]:
    """A new folder to put files into; it goes if the work within fails.

    Raises:
        StorageError: the disk is full, read-only or failing.
    """
    with home.lock(LOCK, shared=True):
        folder = _shelf(home) / secrets.token_hex(16)
        try:
            folder.mkdir(mode=0o700, parents=True)
        except OSError as error:
            raise storage_error(error, folder) from error
        try:
            yield folder
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise


def kept_name(number: int, given: str) -> str:
    """The name under which the n-th file is kept: nothing of what its sender calls it but the kind.

    Names of files are full of patients' names, and of ways out of a folder.
    """
    suffixes = PurePosixPath(given.replace("\\", "/")).suffixes[-2:]
    kinds = [one.lower() for one in suffixes if _SUFFIX.fullmatch(one.lower())]
    if kinds[:1] != [".nii"]:
        kinds = kinds[-1:]
    return f"{number:05d}{''.join(kinds)}"


def folder_of(home: Home, name: str) -> Path:
    """The folder of an upload.

    Raises:
        NotFoundError: it is not there any more.
    """
    folder = _shelf(home) / name
    if _NAME.fullmatch(name) is None or not folder.is_dir():
        raise NotFoundError("The uploaded files are gone.", "Upload them again.")
    return folder


def sweep(opened: OpenHome) -> None:
    """Remove the folders that nobody needs; while somebody fills one, it is left for later."""
    shelf = _shelf(opened.home)
    if not shelf.is_dir() or not any(shelf.iterdir()):
        return
    with opened.home.try_lock(LOCK) as free:
        if not free:
            return
        needed = jobs.live_uploads(opened.database)
        for folder in shelf.iterdir():
            if folder.name not in needed:
                shutil.rmtree(folder, ignore_errors=True)


def _shelf(home: Home) -> Path:
    return home.path / "cache" / "uploads"
