"""The tables of users and of the sign-ins that failed."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from medmm.database import Base


class UserRow(Base):
    """A user. ``key`` is the name without case, ``skeleton`` what it looks like; see user_names.

    Rows are kept for good: reports name their authors, so a user is disabled and never removed.
    """

    __tablename__ = "users"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    skeleton: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str]
    password_hash: Mapped[str]
    must_change: Mapped[bool]
    created: Mapped[datetime]
    disabled: Mapped[datetime | None]


class MissRow(Base):
    """Sign-ins that failed for one account or from one origin, and until when no other is tried.

    ``subject`` is a hash: people type passwords where the name belongs.
    """

    __tablename__ = "sign_in_misses"

    subject: Mapped[str] = mapped_column(primary_key=True)
    misses: Mapped[int]
    last: Mapped[datetime] = mapped_column(index=True)
    until: Mapped[datetime]
