"""Files of a folder in one fixed order, never past its edge."""

import os
from collections.abc import Iterator
from pathlib import Path


def files_in(folder: Path) -> Iterator[Path]:
    """Every file below ``folder``, sorted by path; links that lead out of it are left out.

    Links to folders are not followed at all, so no walk can run in circles.
    """
    root = folder.resolve()
    for here, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(here, name)
            if path.is_symlink() and not _stays_inside(path, root):
                continue
            if path.is_file():
                yield path


def links_out_of(folder: Path) -> Iterator[Path]:
    """Links below ``folder`` that are not followed: to folders, to nothing, or to outside."""
    root = folder.resolve()
    for here, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted([*folders, *names]):
            path = Path(here, name)
            if path.is_symlink() and (path.is_dir() or not _stays_inside(path, root)):
                yield path


def _stays_inside(link: Path, root: Path) -> bool:
    try:
        target = link.resolve(strict=True)
    except OSError:
        return False
    return target.is_relative_to(root)
