"""What can be searched now: the current passages in arrays, and vectors that fill themselves in.

The database is the truth; a shelf is one reading of it, and every index is made from a shelf.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from medmm.database import Database
from medmm.errors import HomeError
from medmm.seams import Embedder
from rag.documents import in_turns
from rag.embedding.identity import Vectors, embed_texts, key
from rag.passages import embedded_text
from rag.tables import DocumentRow, PassageRow, RevisionRow, VectorRow

TOGETHER = 256
"""How many missing vectors are made and kept at once, so that an interruption costs little."""

Rows = NDArray[np.int64]


def _silent(_: str) -> None:
    """Progress that nobody asked for."""


class ShelfChangedError(HomeError):
    """A passage of the shelf is no longer in the database."""


@dataclass(frozen=True, eq=False)
class Shelf:
    """All current passages, by row number of the arrays, in the order of their ids.

    ``domain`` numbers the names in ``domains``; ``hashes`` are of the texts that are embedded.
    """

    database: Database | None
    revision: int
    embedder: str
    passages: Rows
    domains: tuple[str, ...]
    domain: NDArray[np.int16]
    hashes: tuple[str, ...]
    given: Vectors | None = None
    """Vectors of a shelf that has no database."""

    def __len__(self) -> int:
        return len(self.passages)

    @cached_property
    def content(self) -> str:
        """A hash over all that an index is made from: embedder, and domain and text of each."""
        digest = hashlib.sha256(self.embedder.encode())
        for line in sorted(
            f"{self.domains[number]} {name}"
            for number, name in zip(self.domain, self.hashes, strict=True)
        ):
            digest.update(line.encode() + b"\n")
        return digest.hexdigest()

    @cached_property
    def sequence(self) -> str:
        """A hash over the texts in the order of the rows."""
        return hashlib.sha256("\n".join(self.hashes).encode()).hexdigest()

    @cached_property
    def vectors(self) -> Vectors:
        """Float32 ``[n, d]`` of all passages, read from the database when first asked for."""
        return self.given if self.given is not None else self.vectors_of(range(len(self)))

    def vectors_of(self, rows: Iterable[int]) -> Vectors:
        """Float32 ``[n, d]`` of some passages, in order.

        Raises:
            ShelfChangedError: somebody has removed one since the shelf was read.
        """
        wanted = list(rows)
        if self.given is not None or "vectors" in self.__dict__:
            return np.asarray(self.vectors[wanted])
        names = [self.hashes[row] for row in wanted]
        if self.database is None:
            return np.zeros((len(wanted), 0), np.float32)
        found = dict(_read_vectors(self.database, self.embedder, names))
        if not names:
            return np.zeros((0, 0), np.float32)
        if len(found) < len(set(names)):
            raise ShelfChangedError(
                "The knowledge was changed while it was searched.", "Ask once more."
            )
        width = len(next(iter(found.values()))) // 4
        joined = b"".join(found[name] for name in names)
        return np.frombuffer(joined, "<f4").reshape(len(wanted), width).astype(np.float32)

    def within(self, domains: Iterable[str]) -> NDArray[np.bool_]:
        """Which rows are of these domains; of any where none is named."""
        names = set(domains)
        if not names:
            return np.ones(len(self), bool)
        numbers = [number for number, name in enumerate(self.domains) if name in names]
        return np.isin(self.domain, numbers)


def read_shelf(
    database: Database, embedder: Embedder, progress: Callable[[str], None] = _silent
) -> Shelf:
    """The current passages; vectors that this embedder has not made yet are made and kept first."""
    name = key(embedder)
    while True:
        fill_vectors(database, embedder, progress)
        with database.read() as session:
            revision = current_revision(session)
            rows = session.execute(
                select(PassageRow.id, DocumentRow.domain, PassageRow.embedded)
                .join(DocumentRow, DocumentRow.id == PassageRow.document_id)
                .where(DocumentRow.superseded.is_(None))
                .order_by(PassageRow.id)
            ).all()
            # Somebody may have added more since: then once more.
            if session.execute(_without_vectors(name).limit(1)).first() is None:
                return _shelf(database, revision, name, rows)


def current_revision(session: Session) -> int:
    """How many times the knowledge has changed."""
    return session.scalar(select(RevisionRow.revision)) or 0


def fill_vectors(
    database: Database, embedder: Embedder, progress: Callable[[str], None] = _silent
) -> int:
    """Make and keep the vectors that current passages lack; how many were made."""
    name, made = key(embedder), 0
    while True:
        with database.read() as session:
            rows = session.execute(_without_vectors(name).limit(TOGETHER)).all()
        texts = {passage.embedded: _embedded_again(passage, document) for passage, document in rows}
        if not texts:
            return made
        progress(f"embedding passages, {made} done")
        vectors = embed_texts(embedder, list(texts.values()))
        with database.write() as session:
            for hash_, vector in zip(texts, vectors, strict=True):
                if session.get(VectorRow, (hash_, name)) is None:
                    blob = np.ascontiguousarray(vector, "<f4").tobytes()
                    session.add(VectorRow(embedded=hash_, embedder=name, vector=blob))
        made += len(texts)


def _embedded_again(passage: PassageRow, document: DocumentRow) -> str:
    return embedded_text(
        document.title, document.words, passage.headings, passage.table_header, passage.text
    )


def _without_vectors(embedder: str) -> Any:
    return (
        select(PassageRow, DocumentRow)
        .join(DocumentRow, DocumentRow.id == PassageRow.document_id)
        .outerjoin(
            VectorRow,
            and_(VectorRow.embedded == PassageRow.embedded, VectorRow.embedder == embedder),
        )
        .where(DocumentRow.superseded.is_(None), VectorRow.embedded.is_(None))
        .order_by(PassageRow.id)
    )


def _shelf(database: Database, revision: int, embedder: str, rows: Sequence[Any]) -> Shelf:
    domains = tuple(sorted({row.domain for row in rows}))
    numbers = {name: number for number, name in enumerate(domains)}
    return Shelf(
        database=database,
        revision=revision,
        embedder=embedder,
        passages=np.array([row.id for row in rows], np.int64),
        domains=domains,
        domain=np.array([numbers[row.domain] for row in rows], np.int16),
        hashes=tuple(row.embedded for row in rows),
    )


def _read_vectors(
    database: Database, embedder: str, names: list[str]
) -> Iterator[tuple[str, bytes]]:
    with database.read() as session:
        columns = select(VectorRow.embedded, VectorRow.vector).where(VectorRow.embedder == embedder)
        if len(names) > 20 * TOGETHER:
            # Reading all is quicker than asking for most of them in turns.
            for row in session.execute(columns.execution_options(yield_per=4096)):
                yield row.embedded, row.vector
            return
        for some in in_turns(set(names)):
            for row in session.execute(columns.where(VectorRow.embedded.in_(some))):
                yield row.embedded, row.vector
