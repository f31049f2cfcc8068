"""Sessions of users who signed in on the page, and what is bound to them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "sessions",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("token_sha256", sa.Text, nullable=False),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("state_sha256", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sessions_user_id_users"),
        sa.UniqueConstraint("token_sha256", name="uq_sessions_token_sha256"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    op.create_index("ix_sessions_ends", "sessions", ["ends"])
    op.create_table(
        "session_bindings",
        sa.Column("name_sha256", sa.Text, nullable=False),
        sa.Column("session_id", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("name_sha256", name="pk_session_bindings"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name="fk_session_bindings_session_id_sessions"
        ),
    )
    op.create_index("ix_session_bindings_session_id", "session_bindings", ["session_id"])


def downgrade() -> None:
    """Back to the revision before: everybody is signed out."""
    op.drop_table("session_bindings")
    op.drop_table("sessions")
