"""What the life of a report needs beside its versions: who changed its status, when and why."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

IMMUTABLE = "a change of a report's status is never rewritten"


def upgrade() -> None:
    """To this revision; reports that are there are drafts, which have no row."""
    op.create_table(
        "report_statuses",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("report_id", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_report_statuses"),
        sa.ForeignKeyConstraint(
            ["report_id"], ["reports.id"], name="fk_report_statuses_report_id_reports"
        ),
        sa.UniqueConstraint("report_id", "number", name="uq_report_statuses_report_id_number"),
        sqlite_autoincrement=True,
    )
    if op.get_context().dialect.name == "postgresql":
        _protect_on_postgres()
    else:
        _protect_on_sqlite()


def downgrade() -> None:
    """Back to the revision before; a report keeps its last status, not how it came to it."""
    op.drop_table("report_statuses")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION forbid_change_of_report_statuses()")


def _protect_on_sqlite() -> None:
    told = IMMUTABLE.replace("'", "''")
    for action in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER report_statuses_no_{action.lower()} BEFORE {action} "
            f"ON report_statuses BEGIN SELECT RAISE(ABORT, '{told}'); END"
        )


def _protect_on_postgres() -> None:
    told = IMMUTABLE.replace("'", "''")
    op.execute(
        "CREATE FUNCTION forbid_change_of_report_statuses() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{told}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER report_statuses_no_change BEFORE UPDATE OR DELETE ON report_statuses "
        "FOR EACH ROW EXECUTE FUNCTION forbid_change_of_report_statuses()"
    )
    op.execute(
        "CREATE TRIGGER report_statuses_no_truncate BEFORE TRUNCATE ON report_statuses "
        "FOR EACH STATEMENT EXECUTE FUNCTION forbid_change_of_report_statuses()"
    )
