"""What is known of a Chroma index without opening it: a note beside its generations.

Chroma opens files that were cut short and answers from them as if all were well, and others it does
not survive (1.5.9: header, links or lengths halved, no error; vectors overwritten, segmentation
fault). So the note holds the hashes of the files, and they are compared before it may open them.
"""

import os
import sqlite3
import struct
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from medmm.home import file_sha256, storage_error, sync_folder, write_whole
from rag.indexes.chroma_store import REBUILD, StoreError

FORM = 1
NOTE = "state.json"
DATABASE = "chroma.sqlite3"
GENERATION = "generation-"
_HEADER = struct.Struct("<iQQQQ")
"""Form, an offset, room for how many texts, how many there are, bytes of each (hnswlib's order)."""
_LENGTH = 4


@dataclass(frozen=True, slots=True)
class State:
    """One generation: what it was made of and how.

    ``counts`` are texts by domain, ``files`` are hashes by path within the generation, ``whole`` is
    false while the generation is being added to.
    """

    generation: int
    embedder: str
    content: str
    dimension: int
    parameters: dict[str, str | int]
    counts: dict[str, int]
    files: dict[str, str]
    whole: bool = True
    form: int = FORM


def read_state(folder: Path) -> State | None:
    """The note; None where there is none that this version can read."""
    from pydantic import TypeAdapter

    try:
        state = TypeAdapter(State).validate_json((folder / NOTE).read_bytes())
    except (OSError, ValueError):
        return None
    return state if state.form == FORM else None


def write_state(folder: Path, state: State) -> None:
    """Replace the note: after a crash there is the old one or this one.

    Raises:
        StorageError: the disk is full, read-only or failing.
    """
    from pydantic import TypeAdapter

    write_whole(folder / NOTE, TypeAdapter(State).dump_json(state, indent=1))
    _synced(folder)


def generation_folder(folder: Path, number: int) -> Path:
    """Where a generation is."""
    return folder / f"{GENERATION}{number}"


def generations(folder: Path) -> dict[int, Path]:
    """All generations that are on the disk, by number.

    Raises:
        StorageError: the folder cannot be read.
    """
    try:
        found = {path.name.removeprefix(GENERATION): path for path in folder.iterdir()}
    except OSError as error:
        raise storage_error(error, folder) from error
    return {
        int(name): path
        for name, path in found.items()
        if name.isascii() and name.isdigit() and path.name.startswith(GENERATION)
    }


def fingerprints(generation: Path) -> dict[str, str]:
    """Hashes of a generation's files; not of its database, which opening alone changes.

    Raises:
        StorageError: one cannot be read.
    """
    try:
        return {
            path.relative_to(generation).as_posix(): file_sha256(path)
            for path in sorted(generation.rglob("*"))
            if path.is_file() and not path.name.startswith(DATABASE)
        }
    except OSError as error:
        raise storage_error(error, generation) from error


def trim(generation: Path) -> None:
    """Cut off what Chroma's files hold beyond their texts.

    A new collection's files have room for 100 texts, and what is not used of it is memory as it was
    found (1.5.9), in which vectors of removed texts were seen.

    Raises:
        StoreError: they have a form that is not known, so that nobody can tell what is beyond.
        StorageError: they cannot be written.
    """
    try:
        for header in generation.glob("*/header.bin"):
            form, _, room, count, size = _HEADER.unpack(header.read_bytes()[: _HEADER.size])
            for name, each in (("data_level0.bin", size), ("length.bin", _LENGTH)):
                path = header.with_name(name)
                if form != 1 or count > room or path.stat().st_size < count * each:
                    raise StoreError(f"{path} has a form that is not known.", REBUILD)
                os.truncate(path, count * each)
    except struct.error as error:
        raise StoreError(f"A header in {generation} is cut short.", REBUILD) from error
    except OSError as error:
        raise storage_error(error, generation) from error


def sync_generation(generation: Path) -> None:
    """Make all of a generation durable; Chroma leaves that to the system.

    Raises:
        StorageError: the disk is full or failing.
    """
    try:
        for path in [generation, *generation.rglob("*")]:
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    except OSError as error:
        raise storage_error(error, generation) from error
    _synced(generation.parent)


def sound(path: Path) -> bool:
    """Whether SQLite finds its file in order."""
    address = f"{(path / DATABASE).absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True)) as connection:
            return bool(connection.execute("PRAGMA quick_check").fetchone() == ("ok",))
    except sqlite3.Error:
        return False


def _synced(folder: Path) -> None:
    try:
        sync_folder(folder)
    except OSError as error:
        raise storage_error(error, folder) from error
