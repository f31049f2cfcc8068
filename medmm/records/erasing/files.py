"""Files of an erased patient: listed durably before the commit, removed after it, or by the next.

The list is a file in the home. While it is there, erasing is not finished: whoever opens the home
finishes it, and `db check` tells. A patient whose row is still there was not erased, and the list
goes. A file goes only if no row names it at that time, with nobody between writing a file and
naming it (they share the lock `medmm.home.WRITING`).
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from medmm.errors import StorageError
from medmm.home import Home, storage_error, sync_folder, write_whole
from medmm.records.tables import FileRow, PatientRow

FORMAT = "medmm.erasing.1"
FOLDERS = frozenset({"pixels", "files", "cache", "quarantine", "runs"})
_NAME = "erasing-{}.json"


@dataclass(frozen=True)
class Work:
    """What is to be done once the patient's rows are gone: files by their path in the home."""

    patient: int
    files: tuple[str, ...]


def put_list(home: Home, work: Work) -> None:
    """Keep what is to be done, durably; call it before the commit.

    Raises:
        StorageError: the disk is full, read-only or failing.
    """
    path = home.path / _NAME.format(work.patient)
    document = {"format": FORMAT, "patient": work.patient, "files": sorted(work.files)}
    write_whole(path, json.dumps(document, indent=1).encode("utf-8"))
    try:
        sync_folder(home.path)
    except OSError as error:
        raise storage_error(error, path) from error


def drop_list(home: Home, patient: int) -> None:
    """Say that nothing is left to be done; parts of lists that never were go, too.

    Raises:
        StorageError: the disk is read-only or failing.
    """
    name = _NAME.format(patient)
    try:
        for path in [home.path / name, *home.path.glob(f"{name}.*.part")]:
            path.unlink(missing_ok=True)
        sync_folder(home.path)
    except OSError as error:
        raise storage_error(error, home.path / name) from error


def listed(home: Home) -> list[Path]:
    """The lists that are there."""
    return sorted(home.path.glob(_NAME.format("*")))


def read_list(path: Path) -> Work:
    """What a list says.

    Raises:
        StorageError: it cannot be read, or was changed by hand.
    """
    try:
        found = json.loads(path.read_bytes())
        work = Work(int(found["patient"]), tuple(found["files"]))
        sound = found["format"] == FORMAT and all(_is_inside(name) for name in work.files)
    except (OSError, TypeError, KeyError, ValueError):
        sound = False
    if not sound:
        raise StorageError(
            f"{path} cannot be understood, so it is not known which files an erased patient left.",
            "Look who could write it, and put a copy of it back.",
        )
    return work


def is_erased(session: Session, work: Work) -> bool:
    """Whether the deletion was committed; numbers are never given out again."""
    return session.get(PatientRow, work.patient) is None


def remove_files(session: Session, home: Home, work: Work) -> None:
    """Remove what is listed, and what killed writers left: it has no name to ask.

    Call it with the lock `WRITING` held alone. A file that a row names by now stays.

    Raises:
        StorageError: the disk is read-only or failing.
    """
    named = {
        f"{folder}/{name}"
        for folder, name in session.execute(select(FileRow.folder, FileRow.name).distinct())
    }
    gone = {name for name in (*work.files, *_strays(home)) if name not in named}
    for name in sorted(gone):
        try:
            (home.path / name).unlink(missing_ok=True)
        except OSError as error:
            raise storage_error(error, home.path / name) from error
    for folder in sorted({(home.path / name).parent for name in gone}):
        if folder.is_dir():
            sync_folder(folder)


def _strays(home: Home) -> Iterator[str]:
    """Files of the two stores; all who write them hold `WRITING` until a row names them."""
    yield from _relative(home, home.pixels.folder.iterdir())
    yield from _relative(home, home.files.folder.iterdir())


def _relative(home: Home, paths: Iterable[Path]) -> Iterator[str]:
    return (str(path.relative_to(home.path)) for path in paths if path.is_file())


def _is_inside(name: object) -> bool:
    parts = Path(str(name)).parts
    return len(parts) > 1 and parts[0] in FOLDERS and ".." not in parts
