"""The tables of signed-in sessions and of what is bound to them."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from medmm.database import Base


class SessionRow(Base):
    """One sign-in of a user on the page.

    ``token_sha256`` is all that is kept of the cookie's token. ``state_sha256`` is of the user's
    role and password hash at sign-in: as soon as either differs the session is over, whoever
    changed it from wherever. ``ends`` is the absolute end, ``ended`` when somebody signed out.
    """

    __tablename__ = "sessions"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    token_sha256: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    state_sha256: Mapped[str]
    origin: Mapped[str]
    created: Mapped[datetime]
    seen: Mapped[datetime]
    ends: Mapped[datetime] = mapped_column(index=True)
    ended: Mapped[datetime | None]


class BindingRow(Base):
    """A name that a browser made up (Gradio's session hash) and the session that used it first."""

    __tablename__ = "session_bindings"

    name_sha256: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id"), index=True)
