"""The table of audit events: rows are added, never changed (triggers of 0003 see to it)."""

from sqlalchemy.orm import Mapped, mapped_column

from medmm.database import Base


class AuditRow(Base):
    """One event, and the hashes that chain it to the one before.

    Every column but the hashes is hashed exactly as it stands here, so ``time`` (ISO 8601, UTC,
    microseconds) and ``detail`` (canonical JSON) are text, the same on every database.
    """

    __tablename__ = "audit_events"

    # Counted by medmm and not by the database, whose counters leave gaps when they roll back.
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    time: Mapped[str]
    version: Mapped[str]
    actor: Mapped[str]
    role: Mapped[str]
    action: Mapped[str]
    thing: Mapped[str]
    outcome: Mapped[str]
    detail: Mapped[str]
    origin: Mapped[str]
    previous: Mapped[str]
    hash: Mapped[str]
