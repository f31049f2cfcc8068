"""Signatures over versions of reports, and the addenda beside them; rows are only ever added."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

IMMUTABLE = {
    "signatures": "a signature is never rewritten",
    "addenda": "an addendum is never rewritten",
}
SIGNATURE = (
    "document_sha256", "signer", "signer_name", "role", "meaning", "time", "confirmed", "status",
    "bound_sha256",
)  # fmt: skip
ADDENDUM = (
    "text", "author", "author_name", "role", "meaning", "time", "status", "former_sha256",
    "bound_sha256",
)  # fmt: skip


def upgrade() -> None:
    """To this revision; no report that is there was signed."""
    _create("signatures", SIGNATURE)
    _create("addenda", ADDENDUM)
    for table in IMMUTABLE:
        if op.get_context().dialect.name == "postgresql":
            _protect_on_postgres(table)
        else:
            _protect_on_sqlite(table)


def downgrade() -> None:
    """Back to the revision before; a report stays final and loses its signature.

    After going up again `medmm db check` tells each of them.
    """
    for table in IMMUTABLE:
        op.drop_table(table)
        if op.get_context().dialect.name == "postgresql":
            op.execute(f"DROP FUNCTION forbid_change_of_{table}()")


def _create(table: str, texts: Sequence[str]) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("report_id", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in texts),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(
            ["report_id"], ["reports.id"], name=f"fk_{table}_report_id_reports"
        ),
        sa.UniqueConstraint("report_id", "number", name=f"uq_{table}_report_id_number"),
        sqlite_autoincrement=True,
    )


def _protect_on_sqlite(table: str) -> None:
    for action in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} "
            f"ON {table} BEGIN SELECT RAISE(ABORT, '{IMMUTABLE[table]}'); END"
        )


def _protect_on_postgres(table: str) -> None:
    function = f"forbid_change_of_{table}()"
    op.execute(
        f"CREATE FUNCTION {function} RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{IMMUTABLE[table]}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {function}"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {function}"
    )
