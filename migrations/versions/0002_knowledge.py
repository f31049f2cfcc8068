"""Knowledge: documents, passages, vectors, and the count of changes."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """To this revision."""
    _make_documents()
    op.create_table(
        "knowledge_passages",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("document_id", sa.Integer, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("start", sa.Integer, nullable=False),
        sa.Column("end", sa.Integer, nullable=False),
        sa.Column("page", sa.Integer),
        sa.Column("headings", sa.JSON, nullable=False),
        sa.Column("table_header", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("embedded", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_knowledge_passages"),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["knowledge_documents.id"],
            name="fk_knowledge_passages_document_id_knowledge_documents",
        ),
        sa.UniqueConstraint("document_id", "place", name="uq_knowledge_passages_document_id_place"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_knowledge_passages_embedded", "knowledge_passages", ["embedded"])
    op.create_table(
        "knowledge_vectors",
        sa.Column("embedded", sa.Text, nullable=False),
        sa.Column("embedder", sa.Text, nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("embedded", "embedder", name="pk_knowledge_vectors"),
    )
    op.create_table(
        "knowledge_revision",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("starter", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_knowledge_revision"),
    )
    op.execute("INSERT INTO knowledge_revision (id, revision, starter) VALUES (1, 0, '')")


def downgrade() -> None:
    """Back to the revision before."""
    for table in ("revision", "vectors", "passages", "documents"):
        op.drop_table(f"knowledge_{table}")


def _make_documents() -> None:
    texts = ("source", "version", "title", "domain", "language", "licence", "origin")
    op.create_table(
        "knowledge_documents",
        sa.Column("id", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in texts),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("words", sa.JSON, nullable=False),
        sa.Column("citations", sa.JSON, nullable=False),
        sa.Column("added_by", sa.Text, nullable=False),
        sa.Column("added", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded", sa.DateTime(timezone=True)),
        sa.Column("superseded_by", sa.Integer),
        sa.PrimaryKeyConstraint("id", name="pk_knowledge_documents"),
        sa.ForeignKeyConstraint(
            ["superseded_by"],
            ["knowledge_documents.id"],
            name="fk_knowledge_documents_superseded_by_knowledge_documents",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_knowledge_documents_source", "knowledge_documents", ["source"])
    current = sa.text("superseded IS NULL")
    op.create_index(
        "uq_knowledge_documents_current",
        "knowledge_documents",
        ["source", "domain"],
        unique=True,
        sqlite_where=current,
        postgresql_where=current,
    )
