"""The patient's name byte for byte as the file has it, beside its clean form."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """To this revision. Of studies that are there already the bytes were not kept."""
    # An empty text would not be read as bytes by SQLite's driver.
    empty = "''::bytea" if op.get_context().dialect.name == "postgresql" else "x''"
    op.add_column(
        "studies",
        sa.Column("name_bytes", sa.LargeBinary, nullable=False, server_default=sa.text(empty)),
    )
    op.add_column("studies", sa.Column("character_set", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    """Back to the revision before."""
    op.drop_column("studies", "character_set")
    op.drop_column("studies", "name_bytes")
