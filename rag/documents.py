"""Documents kept: added, replaced by a later version, listed, and removed without a trace."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from medmm.database import Database, hold, storable
from medmm.errors import InputError, MedmmError, NotFoundError
from medmm.seams import Embedder
from rag.embedding.identity import counter, embed_texts, key
from rag.incoming import Incoming, check_domain
from rag.passages import NewPassage, passages_of
from rag.safety import barred
from rag.tables import DocumentRow, PassageRow, RevisionRow, VectorRow

Outcome = Literal["added", "replaced", "unchanged"]
# Below SQLite's limit of bound values in one statement.
MANY = 400


@dataclass(frozen=True, slots=True)
class Added:
    """What became of one document: its row, its version and how many passages it has."""

    document: int
    title: str
    version: str
    outcome: Outcome
    passages: int


@dataclass(frozen=True, slots=True)
class Listed:
    """One document as a list shows it."""

    document: int
    title: str
    version: str
    domain: str
    licence: str
    origin: str
    source: str
    passages: int
    added_by: str
    added: datetime
    superseded: datetime | None


def add_document(
    database: Database,
    embedder: Embedder,
    incoming: Incoming,
    *,
    added_by: str = "",
    also: "Callable[[Session, Added], object] | None" = None,
) -> Added:
    """Keep a document with its passages and vectors, all of it or nothing.

    The same bytes again change nothing; other bytes of the same source replace the version that
    was current, which stays readable for reports that quote it. ``also`` is done last in the same
    transaction, where something changed: recording the event.

    Raises:
        InputError: it has no passage, or its domain is no name.
        HomeError: the database cannot be written now; nothing was changed.
    """
    (added,) = add_documents(database, embedder, [incoming], added_by=added_by, also=also)
    return added


def add_documents(
    database: Database,
    embedder: Embedder,
    incoming: Sequence[Incoming],
    *,
    added_by: str = "",
    vectors: Mapping[str, bytes] | None = None,
    also: "Callable[[Session, Added], object] | None" = None,
) -> list[Added]:
    """`add_document` for several, together or not at all.

    ``vectors`` are known ones by hash, made by this embedder; the others are made first.

    Raises:
        InputError: one has no passage, or its domain is no name.
        HomeError: the database cannot be written now; nothing was changed.
    """
    for one in incoming:
        check_domain(one.domain)
    with database.read() as session:
        wanted = [one for one in incoming if not _is_current(session, one)]
    count = counter(embedder)
    passages = {id(one): passages_of(one, count) for one in wanted}
    for one in wanted:
        if not passages[id(one)]:
            raise InputError(f"{one.document.title!r} holds nothing to quote.")
    made = _missing_vectors(
        database, embedder, [one for own in passages.values() for one in own], vectors or {}
    )
    with database.write() as session:
        hold(session, "knowledge")
        _keep_vectors(session, key(embedder), made)
        added = [_add(session, one, passages.get(id(one), []), added_by) for one in incoming]
        for done in added:
            if also is not None and done.outcome != "unchanged":
                also(session, done)
        return added


def _add(
    session: Session, incoming: Incoming, passages: Sequence[NewPassage], added_by: str
) -> Added:
    # Looked at again: somebody else may have been quicker while the vectors were made.
    current = _current(session, incoming)
    if current is not None and current.sha256 == incoming.sha256:
        return _told(session, current, "unchanged")
    now = datetime.now(UTC)
    if current is not None:
        # First out of the way: only one version of a document is current at a time.
        current.superseded = now
        session.flush()
    row = _document_row(session, incoming, added_by, now)
    session.add(row)
    session.flush()
    if current is not None:
        current.superseded_by = row.id
    session.add_all(_passage_row(row.id, one) for one in passages)
    count_change(session)
    return _told(session, row, "replaced" if current is not None else "added")


def list_documents(database: Database, *, superseded: bool = False) -> list[Listed]:
    """Documents by domain and title; with ``superseded`` earlier versions, too."""
    counted = (
        select(PassageRow.document_id, func.count().label("passages"))
        .group_by(PassageRow.document_id)
        .subquery()
    )
    query = (
        select(DocumentRow, counted.c.passages)
        .outerjoin(counted, counted.c.document_id == DocumentRow.id)
        .order_by(DocumentRow.domain, DocumentRow.title, DocumentRow.id)
    )
    if not superseded:
        query = query.where(DocumentRow.superseded.is_(None))
    with database.read() as session:
        return [_listed(row, passages or 0) for row, passages in session.execute(query)]


def remove_document(
    database: Database, number: int, *, also: "Callable[[Session], object] | None" = None
) -> int:
    """Remove a document with all its versions, passages and the vectors nobody else needs.

    ``also`` is done last in the same transaction: recording the event.

    Returns:
        How many passages went.

    Raises:
        NotFoundError: there is no such document.
        MedmmError: something of it is still there (nothing was removed then).
    """
    with database.write() as session:
        hold(session, "knowledge")
        row = session.get(DocumentRow, number)
        if row is None:
            raise NotFoundError(f"There is no document {number}.", "See `medmm rag list`.")
        same = (DocumentRow.source == row.source) & (DocumentRow.domain == row.domain)
        versions = list(session.scalars(select(DocumentRow.id).where(same)))
        of_them = PassageRow.document_id.in_(versions)
        hashes = list(session.scalars(select(PassageRow.embedded).where(of_them)))
        session.execute(delete(PassageRow).where(of_them))
        session.execute(
            update(DocumentRow).where(DocumentRow.id.in_(versions)).values(superseded_by=None)
        )
        session.execute(delete(DocumentRow).where(DocumentRow.id.in_(versions)))
        _drop_orphans(session, hashes)
        left = session.scalar(select(func.count()).select_from(PassageRow).where(of_them))
        if left:
            raise MedmmError(f"{left} passages of document {number} could not be removed.")
        count_change(session)
        if also is not None:
            also(session)
        return len(hashes)


def count_change(session: Session) -> None:
    """Tell who holds an index that the knowledge is not what it was."""
    session.execute(update(RevisionRow).values(revision=RevisionRow.revision + 1))


def _is_current(session: Session, incoming: Incoming) -> bool:
    current = _current(session, incoming)
    return current is not None and current.sha256 == incoming.sha256


def _current(session: Session, incoming: Incoming) -> DocumentRow | None:
    return session.scalars(
        select(DocumentRow).where(
            DocumentRow.source == storable(incoming.source),
            DocumentRow.domain == incoming.domain,
            DocumentRow.superseded.is_(None),
        )
    ).one_or_none()


def _document_row(
    session: Session, incoming: Incoming, added_by: str, now: datetime
) -> DocumentRow:
    return DocumentRow(
        source=incoming.source,
        version=incoming.version or str(_earlier(session, incoming) + 1),
        title=incoming.document.title,
        domain=incoming.domain,
        language=incoming.language,
        licence=incoming.licence,
        origin=incoming.origin,
        media_type=incoming.document.media_type,
        sha256=incoming.sha256,
        text=incoming.document.text,
        words=list(incoming.words),
        citations=list(incoming.citations),
        added_by=added_by,
        added=now,
    )


def _earlier(session: Session, incoming: Incoming) -> int:
    same = DocumentRow.source == storable(incoming.source)
    return (
        session.scalar(select(func.count()).where(same, DocumentRow.domain == incoming.domain)) or 0
    )


def _passage_row(document: int, passage: NewPassage) -> PassageRow:
    piece = passage.piece
    return PassageRow(
        document_id=document,
        place=passage.place,
        start=piece.start,
        end=piece.end,
        page=piece.page,
        headings=list(piece.headings),
        table_header=piece.table_header,
        text=piece.text,
        embedded=passage.embedded,
    )


def _missing_vectors(
    database: Database,
    embedder: Embedder,
    passages: Sequence[NewPassage],
    given: Mapping[str, bytes],
) -> dict[str, bytes]:
    """Vectors of the texts that have none yet, by hash: as given, else made now."""
    texts = {one.embedded: one.embedded_text for one in passages}
    with database.read() as session:
        there = _known(session, key(embedder), texts)
    wanted = {name: text for name, text in texts.items() if name not in there}
    found = {name: given[name] for name in wanted if name in given}
    new = {name: text for name, text in wanted.items() if name not in found}
    if new:
        made = embed_texts(embedder, list(new.values()))
        found.update(
            (name, np.ascontiguousarray(row, "<f4").tobytes())
            for name, row in zip(new, made, strict=True)
        )
    return found


def _known(session: Session, embedder: str, hashes: Iterable[str]) -> set[str]:
    there: set[str] = set()
    for some in in_turns(hashes):
        there.update(
            session.scalars(
                select(VectorRow.embedded).where(
                    VectorRow.embedder == embedder, VectorRow.embedded.in_(some)
                )
            )
        )
    return there


def _keep_vectors(session: Session, embedder: str, vectors: dict[str, bytes]) -> None:
    there = _known(session, embedder, vectors)
    session.add_all(
        VectorRow(embedded=name, embedder=embedder, vector=value)
        for name, value in vectors.items()
        if name not in there
    )


def _drop_orphans(session: Session, hashes: Iterable[str]) -> None:
    for some in in_turns(set(hashes)):
        needed = set(
            session.scalars(select(PassageRow.embedded).where(PassageRow.embedded.in_(some)))
        )
        gone = [name for name in some if name not in needed]
        session.execute(delete(VectorRow).where(VectorRow.embedded.in_(gone)))


def in_turns(values: Iterable[str]) -> Iterable[list[str]]:
    """Values in lists that one statement can bind."""
    everything = sorted(values)
    for start in range(0, len(everything), MANY):
        yield everything[start : start + MANY]


def _told(session: Session, row: DocumentRow, outcome: Outcome) -> Added:
    passages = session.scalar(select(func.count()).where(PassageRow.document_id == row.id))
    return Added(row.id, row.title, row.version, outcome, passages or 0)


def _listed(row: DocumentRow, passages: int) -> Listed:
    return Listed(
        document=row.id,
        title=row.title,
        version=row.version,
        domain=row.domain,
        licence=row.licence,
        origin=row.origin,
        source=row.source,
        passages=passages,
        added_by=row.added_by,
        added=row.added,
        superseded=row.superseded,
    )


def count_passages(database: Database) -> int:
    """Passages that can be searched now."""
    with database.read() as session:
        return (
            session.scalar(
                select(func.count())
                .select_from(PassageRow)
                .join(DocumentRow, DocumentRow.id == PassageRow.document_id)
                .where(DocumentRow.superseded.is_(None))
            )
            or 0
        )


def count_barred(database: Database, document: int) -> int:
    """Passages of a document that are no knowledge and are never quoted."""
    with database.read() as session:
        texts = session.scalars(select(PassageRow.text).where(PassageRow.document_id == document))
        return sum(barred(text) is not None for text in texts)


def passage_document(database: Database, name: str) -> dict[str, Any]:
    """One passage by its id, ``<document>.<place>``, proved to be what its document says there.

    Raises:
        NotFoundError: there is no such passage.
        MedmmError: it is not what its document says at that place.
    """
    document, _, place = name.partition(".")
    if not (document.isdecimal() and place.isdecimal()):
        raise NotFoundError(f"{name[:40]!r} is no passage.", "Passages are named like 12.3.")
    with database.read() as session:
        found = session.execute(
            select(PassageRow, DocumentRow)
            .join(DocumentRow, DocumentRow.id == PassageRow.document_id)
            .where(DocumentRow.id == int(document), PassageRow.place == int(place))
        ).one_or_none()
    if found is None:
        raise NotFoundError(f"There is no passage {name}.", "See `medmm rag list`.")
    row, own = found
    if own.text[row.start : row.end] != row.text:
        raise MedmmError(f"Passage {name} is not what its document says at that place.")
    return {
        "passage": name,
        "document": own.title,
        "version": own.version,
        "domain": own.domain,
        "licence": own.licence,
        "source": own.source,
        "superseded": own.superseded.isoformat() if own.superseded else None,
        "headings": list(row.headings),
        "page": row.page,
        "characters": [row.start, row.end],
        "citations": list(own.citations),
        "text": row.text,
    }
