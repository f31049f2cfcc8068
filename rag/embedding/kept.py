"""Vectors kept by the hash of their text, for texts that are in no database: test sets.

A file by embedder in the home's cache; a run that was interrupted goes on where it stopped.
"""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import numpy as np

from medmm.errors import StorageError
from medmm.seams import Embedder
from rag.embedding.identity import Vectors, embed_texts, key
from rag.passages import content_hash

TOGETHER = 512
MANY = 400


def kept_vectors(
    folder: Path, embedder: Embedder, texts: list[str], progress: Callable[[int, int], None]
) -> Vectors:
    """Float32 ``[n, d]`` of texts, each made once; ``progress`` hears how many of how many.

    Raises:
        StorageError: the cache cannot be read or written.
    """
    hashes = [content_hash(text) for text in texts]
    wanted = dict(zip(hashes, texts, strict=True))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{content_hash(key(embedder))[:16]}.db"
        with closing(sqlite3.connect(path, timeout=30)) as store:
            store.execute("PRAGMA journal_mode=WAL")
            store.execute(
                "CREATE TABLE IF NOT EXISTS vectors (hash TEXT PRIMARY KEY, vector BLOB NOT NULL)"
            )
            found = _read(store, list(wanted))
            _make(store, embedder, wanted, found, progress)
    except (sqlite3.Error, OSError) as error:
        raise StorageError(
            f"The cache {folder} cannot be used: {error}.", "Free space, or remove that folder."
        ) from error
    if not texts:
        return np.zeros((0, 1), np.float32)
    width = len(found[hashes[0]]) // 4
    joined = b"".join(found[name] for name in hashes)
    return np.frombuffer(joined, "<f4").reshape(len(texts), width).astype(np.float32)


def _read(store: sqlite3.Connection, names: list[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for start in range(0, len(names), MANY):
        some = names[start : start + MANY]
        marks = ",".join("?" * len(some))
        found.update(
            store.execute(f"SELECT hash, vector FROM vectors WHERE hash IN ({marks})", some)  # noqa: S608
        )
    return found


def _make(
    store: sqlite3.Connection,
    embedder: Embedder,
    wanted: Mapping[str, str],
    found: dict[str, bytes],
    progress: Callable[[int, int], None],
) -> None:
    # Long texts beside each other are embedded together without padding.
    missing = sorted(
        (name for name in wanted if name not in found), key=lambda one: len(wanted[one])
    )
    for start in range(0, len(missing), TOGETHER):
        some = missing[start : start + TOGETHER]
        made = embed_texts(embedder, [wanted[name] for name in some])
        rows = [
            (name, np.ascontiguousarray(vector, "<f4").tobytes())
            for name, vector in zip(some, made, strict=True)
        ]
        with store:
            store.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", rows)
        found.update(rows)
        progress(min(start + TOGETHER, len(missing)), len(missing))
