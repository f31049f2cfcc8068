"""The tables of what a user did with a report on the page, none of which is the report itself.

All refer to the report by foreign keys, so erasing a patient takes their rows with it.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from medmm.database import Base


class UnfinishedRow(Base):
    """What a user typed over a version of a report and did not make a version of, as JSON.

    ``page`` names the window that typed it and ``serial`` counts that window's changes, so that one
    sent twice or late is known; ``revision`` counts what was kept here, whichever window it came
    from.
    """

    __tablename__ = "unfinished_texts"
    __table_args__ = (
        UniqueConstraint("report_id", "user_id", "based_on"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    based_on: Mapped[int]
    page: Mapped[str]
    serial: Mapped[int] = mapped_column(BigInteger)
    revision: Mapped[int]
    text: Mapped[str]
    saved: Mapped[datetime]


class ReadingRow(Base):
    """A user's time with a report in milliseconds, the slices they saw, the statements accepted.

    ``open_until`` and ``active_until`` say up to when time was counted, so that two windows count
    once. ``looked`` is ranges of slices ``[first, last]`` by the series' number, ``accepted`` the
    version in which a statement was accepted by its id. ``signed`` ones are as of the signature.
    """

    __tablename__ = "readings"
    __table_args__ = (
        UniqueConstraint("report_id", "user_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    begun: Mapped[datetime]
    open_ms: Mapped[int] = mapped_column(BigInteger)
    active_ms: Mapped[int] = mapped_column(BigInteger)
    open_until: Mapped[datetime]
    active_until: Mapped[datetime]
    looked: Mapped[dict[str, Any]]
    accepted: Mapped[dict[str, Any]]
    signed: Mapped[datetime | None]
    signed_open_ms: Mapped[int | None] = mapped_column(BigInteger)
    signed_active_ms: Mapped[int | None] = mapped_column(BigInteger)
