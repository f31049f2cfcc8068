"""What users did with a report on the page: typed, looked at, accepted, and for how long."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "unfinished_texts",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("report_id", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("based_on", sa.Integer, nullable=False),
        sa.Column("page", sa.Text, nullable=False),
        sa.Column("serial", sa.BigInteger, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("saved", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_unfinished_texts"),
        sa.ForeignKeyConstraint(
            ["report_id"], ["reports.id"], name="fk_unfinished_texts_report_id_reports"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_unfinished_texts_user_id_users"
        ),
        sa.UniqueConstraint(
            "report_id",
            "user_id",
            "based_on",
            name="uq_unfinished_texts_report_id_user_id_based_on",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_unfinished_texts_user_id", "unfinished_texts", ["user_id"])
    op.create_table(
        "readings",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("report_id", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("begun", sa.DateTime(timezone=True), nullable=False),
        sa.Column("open_ms", sa.BigInteger, nullable=False),
        sa.Column("active_ms", sa.BigInteger, nullable=False),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("active_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("looked", sa.JSON, nullable=False),
        sa.Column("accepted", sa.JSON, nullable=False),
        sa.Column("signed", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_open_ms", sa.BigInteger, nullable=True),
        sa.Column("signed_active_ms", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_readings"),
        sa.ForeignKeyConstraint(
            ["report_id"], ["reports.id"], name="fk_readings_report_id_reports"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_readings_user_id_users"),
        sa.UniqueConstraint("report_id", "user_id", name="uq_readings_report_id_user_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_readings_user_id", "readings", ["user_id"])


def downgrade() -> None:
    """Back to the revision before: unfinished texts and times are dropped."""
    op.drop_table("readings")
    op.drop_table("unfinished_texts")
