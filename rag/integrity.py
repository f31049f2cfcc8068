"""What can be wrong with the knowledge in a database: looked for row by row."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from medmm.database import Database
from rag.passages import content_hash, embedded_text
from rag.tables import DocumentRow, PassageRow, VectorRow


def problems(database: Database) -> list[str]:
    """Problems, each a sentence; none means that every passage is what its document says.

    Missing vectors are none: they are made when they are needed.
    """
    with database.read() as session:
        return [*_passages(session), *_vectors(session)]


def _passages(session: Session) -> Iterator[str]:
    rows = session.execute(
        select(PassageRow, DocumentRow)
        .join(DocumentRow, DocumentRow.id == PassageRow.document_id)
        .order_by(PassageRow.id)
        .execution_options(yield_per=500)
    )
    for passage, document in rows:
        name = f"Passage {passage.document_id}.{passage.place}"
        if document.text[passage.start : passage.end] != passage.text:
            yield f"{name} is not what its document says at that place."
        embedded = embedded_text(
            document.title, document.words, passage.headings, passage.table_header, passage.text
        )
        if content_hash(embedded) != passage.embedded:
            yield f"{name} is found by another text than its own."


def _vectors(session: Session) -> Iterator[str]:
    orphans = session.execute(
        select(VectorRow.embedder, VectorRow.embedded)
        .outerjoin(PassageRow, PassageRow.embedded == VectorRow.embedded)
        .where(PassageRow.id.is_(None))
    ).all()
    if orphans:
        yield f"{len(orphans)} vectors belong to no passage; `medmm doctor` removes them."
    widths: dict[str, set[int]] = {}
    for embedder, vector in session.execute(
        select(VectorRow.embedder, VectorRow.vector).execution_options(yield_per=2000)
    ):
        widths.setdefault(embedder, set()).add(len(vector))
    for embedder, found in widths.items():
        if len(found) > 1 or any(width % 4 for width in found):
            yield f"Vectors of {embedder} have {len(found)} lengths; `medmm doctor` mends it."
