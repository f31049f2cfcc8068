"""Indexes examined against the database, and made anew where they differ; vectors mended."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from medmm.database import Database
from medmm.seams import Embedder
from rag.documents import count_change, in_turns
from rag.indexes.bm25 import WordIndex
from rag.indexes.index import VectorIndex
from rag.shelf import read_shelf
from rag.tables import PassageRow, VectorRow


@dataclass(frozen=True, slots=True)
class Mended:
    """What was wrong with something and was mended."""

    what: str
    problems: tuple[str, ...]


def mend(
    database: Database,
    embedder: Embedder,
    vectors: VectorIndex,
    words: WordIndex,
    progress: Callable[[str], None],
) -> list[Mended]:
    """Mend what is a cache, and say what was wrong; documents and passages are never touched.

    Raises:
        HomeError: the database or an index cannot be written now.
        MissingError: the embedder is not there.
    """
    return [
        one
        for one in (
            _mend_vectors(database, embedder),
            *_mend_indexes(database, embedder, vectors, words, progress),
        )
        if one.problems
    ]


def _mend_vectors(database: Database, embedder: Embedder) -> Mended:
    """Remove vectors that are damaged or that no passage needs; missing ones are made again."""
    with database.read() as session:
        wrong = list(_wrong_vectors(session))
    told: list[str] = []
    if wrong:
        with database.write() as session:
            for name, hashes in _by_embedder(wrong).items():
                for some in in_turns(hashes):
                    session.execute(
                        delete(VectorRow).where(
                            VectorRow.embedder == name, VectorRow.embedded.in_(some)
                        )
                    )
            count_change(session)
        told.append(f"{len(wrong)} vectors were damaged or belonged to nothing")
    read_shelf(database, embedder)
    return Mended("vectors in the database", tuple(told))


def _by_embedder(wrong: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for embedder, name in wrong:
        found.setdefault(embedder, []).append(name)
    return found


def _wrong_vectors(session: Session) -> Iterator[tuple[str, str]]:
    rows = session.execute(
        select(VectorRow, PassageRow.id)
        .outerjoin(PassageRow, PassageRow.embedded == VectorRow.embedded)
        .execution_options(yield_per=2000)
    )
    for row, passage in rows:
        if passage is None or not _is_unit(row.vector):
            yield row.embedder, row.embedded


def _is_unit(blob: bytes) -> bool:
    if len(blob) % 4 or not blob:
        return False
    length = float(np.linalg.norm(np.frombuffer(blob, "<f4")))
    return bool(np.isfinite(length)) and abs(length - 1.0) < 1e-3


def _mend_indexes(
    database: Database,
    embedder: Embedder,
    vectors: VectorIndex,
    words: WordIndex,
    progress: Callable[[str], None],
) -> Iterator[Mended]:
    shelf = read_shelf(database, embedder, progress)
    found = vectors.refresh(shelf)
    more = vectors.problems()
    if more:
        vectors.repair(shelf)
        found = [*found, *more]
    yield Mended(f"index {vectors.name}", tuple(found))
    words.refresh(shelf)
    lacking = words.problems()
    if lacking:
        words.drop()
        words.refresh(shelf)
    yield Mended("index bm25", tuple(lacking))
