"""The tables of knowledge: documents, their passages, and vectors by the hash of what they embed.

A document that another version replaced keeps its row and passages, so that what a report quoted
can still be read; only current ones are searched. Vectors belong to a text and an embedder, not to
a passage: the same text in two documents has one.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from medmm.database import Base


class DocumentRow(Base):
    """One version of one document.

    ``source`` is what makes two files versions of one document; ``text`` is its Markdown, that
    passages quote by character; ``words`` are what it is about, ``citations`` its own sources.
    """

    __tablename__ = "knowledge_documents"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(index=True)
    version: Mapped[str]
    title: Mapped[str]
    domain: Mapped[str]
    language: Mapped[str]
    licence: Mapped[str]
    origin: Mapped[str]
    media_type: Mapped[str]
    sha256: Mapped[str]
    text: Mapped[str]
    words: Mapped[list[Any]]
    citations: Mapped[list[Any]]
    added_by: Mapped[str]
    added: Mapped[datetime]
    superseded: Mapped[datetime | None]
    superseded_by: Mapped[int | None] = mapped_column(ForeignKey("knowledge_documents.id"))


Index(
    "uq_knowledge_documents_current",
    DocumentRow.source,
    DocumentRow.domain,
    unique=True,
    sqlite_where=DocumentRow.superseded.is_(None),
    postgresql_where=DocumentRow.superseded.is_(None),
)


class PassageRow(Base):
    """A piece of a document: ``text`` is the document's from character ``start`` to ``end``.

    ``embedded`` is the hash of what is embedded for it (`rag.passages.embedded_text`).
    """

    __tablename__ = "knowledge_passages"
    __table_args__ = (UniqueConstraint("document_id", "place"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("knowledge_documents.id"))
    place: Mapped[int]
    start: Mapped[int]
    end: Mapped[int]
    page: Mapped[int | None]
    headings: Mapped[list[Any]]
    table_header: Mapped[str]
    text: Mapped[str]
    embedded: Mapped[str] = mapped_column(index=True)


class VectorRow(Base):
    """Float32 values, little-endian, of one text by one embedder (``name@version``)."""

    __tablename__ = "knowledge_vectors"

    embedded: Mapped[str] = mapped_column(primary_key=True)
    embedder: Mapped[str] = mapped_column(primary_key=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)


class RevisionRow(Base):
    """One row that counts changes, so that who holds an index knows when to look again.

    ``starter`` is the hash of the starter cards that were brought in last.
    """

    __tablename__ = "knowledge_revision"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    revision: Mapped[int]
    starter: Mapped[str]
