"""The audit chain."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

IMMUTABLE = "an audit event never changes"
TEXTS = ("time", "version", "actor", "role", "action", "thing", "outcome", "detail", "origin")


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "audit_events",
        sa.Column("sequence", sa.Integer, nullable=False, autoincrement=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in TEXTS),
        sa.Column("previous", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_audit_events"),
    )
    if op.get_context().dialect.name == "postgresql":
        _protect_on_postgres()
    else:
        _protect_on_sqlite()


def downgrade() -> None:
    """Back to the revision before."""
    op.drop_table("audit_events")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION forbid_change_of_audit_events()")


def _protect_on_sqlite() -> None:
    for action in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_events_no_{action.lower()} BEFORE {action} "
            f"ON audit_events BEGIN SELECT RAISE(ABORT, '{IMMUTABLE}'); END"
        )


def _protect_on_postgres() -> None:
    op.execute(
        "CREATE FUNCTION forbid_change_of_audit_events() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{IMMUTABLE}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_events_no_change BEFORE UPDATE OR DELETE ON audit_events "
        "FOR EACH ROW EXECUTE FUNCTION forbid_change_of_audit_events()"
    )
    op.execute(
        "CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON audit_events "
        "FOR EACH STATEMENT EXECUTE FUNCTION forbid_change_of_audit_events()"
    )
