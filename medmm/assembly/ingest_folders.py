"""Folders of this machine from which users of the page may take studies in: those an admin named.

The setting ``INGEST_FOLDERS`` names them, none by default. What a browser asks for is the number of
one of them and a path below it, in which no part may be a link or lead upwards.
"""

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from medmm import ownership
from medmm.errors import AccessError, NotFoundError
from medmm.home import Home

ownership.check_packages()
MOST = 500


@dataclass(frozen=True)
class Allowed:
    """One folder that an admin named, and the names of folders in it (at most `MOST`)."""

    number: int
    name: str
    inside: tuple[str, ...]


def listed(home: Home) -> list[Allowed]:
    """The folders that may be chosen from; one that is not there now is left out."""
    found = []
    for number, folder in enumerate(home.settings.ingest_folders):
        try:
            with os.scandir(folder) as entries:
                names = [one.name for one in entries if one.is_dir(follow_symlinks=False)]
        except OSError:
            continue
        inside = tuple(sorted(name for name in names if not name.startswith("."))[:MOST])
        found.append(Allowed(number, folder.name or str(folder), inside))
    return found


def resolved(home: Home, number: int, inside: str) -> Path:
    """The folder that is meant, which is really below the one that is allowed.

    Raises:
        AccessError: no such folder is allowed, or the path leads upwards or over a link.
        NotFoundError: it is not there.
    """
    allowed = home.settings.ingest_folders
    if not 0 <= number < len(allowed):
        raise AccessError(
            "No such folder is allowed.", "An admin allows folders: MEDMM_INGEST_FOLDERS."
        )
    parts = PurePosixPath(inside).parts
    if inside.startswith("/") or ".." in parts or "\0" in inside or "\\" in inside:
        raise AccessError("The path leads out of the folder that is allowed.", "Choose another.")
    root = allowed[number]
    try:
        # The folder that an admin named may be a link itself; nothing below it may.
        real = Path(os.path.realpath(root, strict=True))
        wanted = real.joinpath(*parts)
        there = Path(os.path.realpath(wanted, strict=True))
    except OSError:
        raise NotFoundError("There is no such folder.", "Choose another.") from None
    if there != wanted:
        raise AccessError("The path goes over a link.", "Name the folder itself.")
    return there
