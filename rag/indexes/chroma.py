"""Approximate search through Chroma, in a folder that one process at a time may use.

Chroma's embedded store does not bear a second process: two writers lose vectors without an error,
and one that only reads never finds what the other adds. So whoever does not get the folder's lock
searches exactly over the database's vectors. What Chroma finds is scored again from those, too.
"""

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medmm.errors import HomeError, InputError
from rag.embedding.identity import Embedded, Vectors, same_embedder
from rag.indexes.chroma_check import Rows, rows_by_hash
from rag.indexes.chroma_folder import Generations
from rag.indexes.chroma_store import REBUILD, Store
from rag.indexes.exact import ExactIndex
from rag.indexes.index import Hit, best
from rag.indexes.owner import OwnerLock, leave_mark, take_mark
from rag.shelf import Shelf

SPARE = 32
"""Asked for beyond the limit, so that a tie at its end is seen whole."""
MOST = 5000
"""Comparing all vectors is quicker than asking Chroma for more than this."""
EVEN = 1e-6
"""Cosines that differ by less may stand in another order in Chroma."""


class ChromaIndex:
    """A `rag.indexes.index.VectorIndex` kept in a folder; threads may share it, they take turns."""

    name = "chroma"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = OwnerLock(folder)
        self._kept = Generations(folder)
        self._turn = threading.RLock()
        self._exact = ExactIndex()
        self._shelf: Shelf | None = None
        self._rows: Rows = {}
        self._dimension = 0
        self._held = ""

    @property
    def owner(self) -> bool:
        """Whether this process has the folder; else it searches exactly."""
        return self._lock.held

    def refresh(self, shelf: Shelf) -> list[str]:
        """Hold what the shelf holds; adding is quick, anything else makes the index anew.

        Returns:
            What was found damaged and was made anew, a sentence each.

        Raises:
            MissingError: chromadb is not installed, or this Python's SQLite is too old for it.
            StorageError: the disk is full, read-only or failing.
            HomeError: the index cannot be kept now.
        """
        with self._turn:
            self._hold(shelf)
            if not self._lock.take():
                leave_mark(self._folder)
            elif take_mark(self._folder) or self._held != shelf.content:
                self._held = ""
                told = self._kept.bring(shelf, self._rows)
                self._held = shelf.content
                return told
            return []

    def search(self, query: Embedded, domains: Iterable[str], limit: int) -> list[Hit]:
        """The nearest rows by cosine, best first; equal ones in the order of the shelf.

        Raises:
            InputError: the query was made by another embedder, or is no vector of this one.
            HomeError: the index could not be brought in line, or cannot be read.
        """
        with self._turn:
            shelf, names = self._shelf, set(domains)
            if shelf is None or not len(shelf):
                return []
            if not self.owner:
                return self._exact.search(query, names, limit)
            store = self._ready(shelf)
            self._check(query, shelf)
            wanted = [name for name in shelf.domains if not names or name in names]
            if limit < 1 or not wanted:
                return []
            scores = self._scores(store, shelf, query.values, wanted, limit)
            if scores is None:
                return self._exact.search(query, names, limit)
            return best(scores, shelf.within(names), limit)

    def problems(self) -> list[str]:
        """What is wrong with the files, which are read whole; of others' files it says nothing."""
        with self._turn:
            told = self._exact.problems()
            if self._shelf is not None and self.owner:
                told += self._kept.problems(self._shelf, self._rows)
            return told

    def repair(self, shelf: Shelf) -> None:
        """Make the index anew, whatever is there.

        Raises:
            MissingError: chromadb is not installed, or this Python's SQLite is too old for it.
            HomeError: another process has the folder, or it cannot be written now.
        """
        with self._turn:
            self._hold(shelf)
            if not self._lock.take():
                raise HomeError(
                    f"{self._folder} is in use by another process.",
                    "End that one (a running server, say), then run the command again.",
                )
            self._held = ""
            self._kept.make(shelf, self._rows)
            self._held = shelf.content

    def close(self) -> None:
        """Give back files, memory and the lock."""
        with self._turn:
            if self.owner:  # a fork leaves what is open to its parent
                self._kept.leave()
            self._shelf, self._rows, self._held = None, {}, ""
            self._exact = ExactIndex()
            self._lock.release()

    def _hold(self, shelf: Shelf) -> None:
        if self._shelf is not shelf:
            self._rows = rows_by_hash(shelf)
            self._dimension = shelf.vectors_of([0]).shape[1] if len(shelf) else 0
        self._shelf = shelf
        self._exact.refresh(shelf)

    def _ready(self, shelf: Shelf) -> Store:
        if self._kept.store is None or self._held != shelf.content:
            raise HomeError(f"The vectors in {self._folder} were not brought in line.", REBUILD)
        return self._kept.store

    def _check(self, query: Embedded, shelf: Shelf) -> None:
        """As the exact index refuses."""
        same_embedder(query.embedder, shelf.embedder, "The knowledge")
        if not np.isfinite(query.values).all():
            raise InputError("The query's vector has a value that is no number.")
        if query.values.shape != (self._dimension,):
            raise InputError(f"The query's vector has {len(query.values)} values.")

    def _scores(
        self, store: Store, shelf: Shelf, vector: Vectors, domains: Sequence[str], limit: int
    ) -> NDArray[Any] | None:
        """Cosines of all rows that can be among the best, NaN elsewhere.

        None where Chroma cannot tell: it found fewer than there are, or a tie is too long for it.
        """
        scores = np.full(len(shelf), np.nan, np.float32)
        asked = limit + SPARE
        open_ended = list(domains)
        while asked <= MOST:
            lowest = {}
            for domain in open_ended:
                hashes = self._rows[domain]
                found = store.nearest(domain, vector, min(asked, len(hashes)))
                if len(found) < min(asked, len(hashes)) or not hashes.keys() >= set(found):
                    return None
                cosines = shelf.vectors_of([hashes[name][0] for name in found]) @ vector
                for name, cosine in zip(found, cosines, strict=True):
                    scores[hashes[name]] = cosine
                if asked < len(hashes):
                    lowest[domain] = float(cosines.min())
            known = scores[np.isfinite(scores)]
            border = np.partition(known, -limit)[-limit] if len(known) >= limit else -np.inf
            # What was not asked for may equal the last one that counts: then ask for more.
            open_ended = [name for name, score in lowest.items() if score >= border - EVEN]
            if not open_ended:
                return scores
            asked *= 4
        return None
