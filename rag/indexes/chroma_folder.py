"""A folder with one generation of vectors, brought in line with a shelf.

Chroma keeps in its files what was deleted. So nothing is ever deleted in one: texts are added to a
generation, and when one has to go, the next generation is made and the one before is removed from
the disk. A note says which one counts (`rag.indexes.chroma_state`), so a process that is killed at
any moment leaves the old generation, the new one, or one that the note calls unfinished.
"""

import errno
import os
import shutil
from dataclasses import replace
from pathlib import Path

from medmm.errors import HomeError
from medmm.home import storage_error
from rag.indexes import chroma_state as notes
from rag.indexes.chroma_check import (
    Rows,
    blind,
    differences,
    wrong_ids,
    wrong_vectors,
)
from rag.indexes.chroma_state import State
from rag.indexes.chroma_store import TOGETHER, Store, StoreError, parameters
from rag.shelf import Shelf

EMPTY = 0
"""The number of the generation that holds nothing and has no folder."""
LITTLE = 2 << 20
"""Bytes free on a disk that counts as full: a store without a text takes some hundred kB."""


class DamagedError(StoreError):
    """What is on the disk is not what was written there."""


class Generations:
    """The folder; only its owner may call this."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._store: Store | None = None
        self._state: State | None = None
        self._highest = EMPTY

    @property
    def store(self) -> Store | None:
        """What is open, if anything is."""
        return self._store

    def leave(self) -> None:
        """Let go of what is open."""
        if self._store is not None:
            self._store.close()
        self._store = None

    def bring(self, shelf: Shelf, rows: Rows) -> list[str]:
        """Add what is missing; make all anew where something has to go or is not as it was.

        Returns:
            What was not as it was left, a sentence each.

        Raises:
            MissingError: chromadb is not installed, or this Python's SQLite is too old for it.
            StorageError: the disk is full, read-only or failing.
            HomeError: the vectors cannot be kept now.
        """
        try:
            store, state = self._open(shelf)
            lacking = _lacking(store, rows)
            if lacking or state.content != shelf.content:
                self._add(store, state, shelf, rows, lacking)
            else:
                _prove(store, blind(store, shelf, rows))
        except StoreError as error:
            damaged = isinstance(error, DamagedError) or (
                notes.read_state(self._folder) is None and bool(notes.generations(self._folder))
            )
            self.make(shelf, rows)
            return [error.message] if damaged else []
        self._sweep(state.generation)
        return []

    def make(self, shelf: Shelf, rows: Rows) -> None:
        """Make a new generation, whatever is there, and remove all others from the disk.

        Raises:
            MissingError: chromadb is not installed, or this Python's SQLite is too old for it.
            StorageError: the disk is full, read-only or failing.
            HomeError: the vectors cannot be kept now.
        """
        self.leave()
        if not len(shelf):
            self._write(State(EMPTY, shelf.embedder, shelf.content, 0, {}, {}, {}))
            self._sweep(EMPTY)
            return
        made = parameters()
        number = self._next()
        path = notes.generation_folder(self._folder, number)
        try:
            path.mkdir(mode=0o700)
            self._store = store = Store(path)
            _add_rows(store, shelf, rows)
            _prove(store, differences(store, shelf, rows))
            dimension = shelf.vectors_of([0]).shape[1]
            state = State(number, shelf.embedder, shelf.content, dimension, made, {}, {})
            self._settle(state, rows)
        except BaseException as error:
            full = shutil.disk_usage(self._folder).free < LITTLE
            self.leave()
            shutil.rmtree(path, ignore_errors=True)
            if isinstance(error, OSError) and not isinstance(error, HomeError):
                raise storage_error(error, path) from error
            if isinstance(error, StoreError) and full:  # which Chroma tells in many ways
                full_disk = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                raise storage_error(full_disk, path) from error
            raise
        self._sweep(number)

    def problems(self, shelf: Shelf, rows: Rows) -> list[str]:
        """What is wrong with what is on the disk: opened anew, and read whole."""
        state = self._state
        number = EMPTY if state is None else state.generation
        told = []
        if notes.read_state(self._folder) != state:
            told.append(f"{self._folder / notes.NOTE} is not as it was written.")
        if set(notes.generations(self._folder)) - {number}:
            told.append(f"{self._folder} holds what should have been removed.")
        if not len(shelf):
            return told
        self.leave()
        try:
            return [*told, *self._examined(state, shelf, rows)]
        except HomeError as error:
            self.leave()
            return [*told, error.message]

    def _examined(self, state: State | None, shelf: Shelf, rows: Rows) -> list[str]:
        if state is None:
            return [f"{self._folder} holds no index."]
        path = notes.generation_folder(self._folder, state.generation)
        # Neither is opened: Chroma does not survive some files that are not its own any more
        # (1.5.9: a segmentation fault in the first search).
        if not (path / notes.DATABASE).is_file() or notes.fingerprints(path) != state.files:
            return [f"Files in {path} were changed, cut short or removed."]
        if not notes.sound(path):
            return [f"{path / notes.DATABASE} is damaged."]
        self._store = _opened(path, state)
        return differences(self._store, shelf, rows)

    def _open(self, shelf: Shelf) -> tuple[Store, State]:
        """The generation that the note names, as it was left.

        Raises:
            StoreError: there is none, it is not, or it was not made as one would be made now.
        """
        state = notes.read_state(self._folder)
        if state is None or not state.whole or EMPTY in {state.generation, len(shelf)}:
            raise StoreError(f"{self._folder} holds no index that can be added to.")
        if (state.embedder, state.parameters) != (shelf.embedder, parameters()):
            raise StoreError(f"{self._folder} was made by another embedder or in another way.")
        if self._store is None or self._state != state:
            self.leave()
            path = notes.generation_folder(self._folder, state.generation)
            if not (path / notes.DATABASE).is_file() or notes.fingerprints(path) != state.files:
                raise DamagedError(f"{path} is not as it was left.")
            try:
                self._store, self._state = _opened(path, state), state
            except StoreError as error:
                raise DamagedError(error.message) from error
        return self._store, state

    def _add(self, store: Store, state: State, shelf: Shelf, rows: Rows, lacking: Rows) -> None:
        if lacking:
            # Killed from here on, the generation is not trusted: Chroma may be half-way in a file.
            self._write(replace(state, whole=False))
        _add_rows(store, shelf, lacking)
        told = [*wrong_ids(store, rows), *wrong_vectors(store, shelf, lacking)]
        _prove(store, [*told, *blind(store, shelf, rows)])
        self._settle(replace(state, content=shelf.content), rows)

    def _settle(self, state: State, rows: Rows) -> None:
        """Make a generation durable, then let the note say that it counts."""
        path = notes.generation_folder(self._folder, state.generation)
        notes.trim(path)
        notes.sync_generation(path)
        counts = {domain: len(hashes) for domain, hashes in rows.items()}
        self._write(replace(state, counts=counts, files=notes.fingerprints(path)))

    def _write(self, state: State) -> None:
        self._state = None
        notes.write_state(self._folder, state)
        self._state = state

    def _next(self) -> int:
        """A number never used in this process, because Chroma remembers folders by their path."""
        there = notes.generations(self._folder)
        noted = notes.read_state(self._folder)
        self._highest = 1 + max(self._highest, noted.generation if noted else EMPTY, *there, EMPTY)
        return self._highest

    def _sweep(self, number: int) -> None:
        """Remove all other generations from the disk."""
        for other, path in notes.generations(self._folder).items():
            if other != number:
                try:
                    shutil.rmtree(path)
                except OSError as error:
                    raise storage_error(error, path) from error


def _opened(path: Path, state: State) -> Store:
    store = Store(path)
    try:
        for domain, count in state.counts.items():
            store.open(domain)
            more = len(store.ids(domain)) - count
            _prove(store, [f"it holds {more:+} texts of {domain}"] if more else [])
    except BaseException:
        store.close()
        raise
    return store


def _lacking(store: Store, rows: Rows) -> Rows:
    """What is to be added.

    Raises:
        StoreError: adding is not enough, because something has to go.
    """
    lacking: Rows = {}
    for domain, hashes in rows.items():
        there = store.ids(domain) if domain in store.domains else set()
        if there - hashes.keys():
            raise StoreError(f"Texts of {domain} were removed.")
        some = {name: held for name, held in hashes.items() if name not in there}
        if some:
            lacking[domain] = some
    if any(domain not in rows for domain in store.domains) or store.size > len(store.domains):
        raise StoreError("A domain was removed.")
    return lacking


def _add_rows(store: Store, shelf: Shelf, rows: Rows) -> None:
    for domain, hashes in rows.items():
        if domain not in store.domains:
            store.make(domain)
        names = list(hashes)
        for start in range(0, len(names), TOGETHER):
            some = names[start : start + TOGETHER]
            vectors = shelf.vectors_of([hashes[name][0] for name in some])
            store.add(domain, some, vectors)


def _prove(store: Store, told: list[str]) -> None:
    if told:
        raise DamagedError(f"{store.folder} is not as it was left: {told[0]}")
