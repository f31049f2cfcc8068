"""The tables of work that runs in the server's worker, and of what the worklist shows of reports.

Everything of a patient in them hangs on the patient's studies, reports or versions by foreign keys,
so it is erased with them; a job without a study keeps nothing of what it was given once it ended.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from medmm.database import Base


class JobRow(Base):
    """One piece of work that ``owner`` asked for, from ``origin``.

    ``asked`` is what kind of work, in its own words; ``token`` is of the claim that runs it now and
    ``worker`` who does; both are empty while nobody does. ``seen`` is when the worker last said so.
    """

    __tablename__ = "jobs"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(index=True)
    owner: Mapped[str]
    origin: Mapped[str]
    study_id: Mapped[int | None] = mapped_column(ForeignKey("studies.id"), index=True)
    prior_id: Mapped[int | None] = mapped_column(ForeignKey("studies.id"), index=True)
    report_id: Mapped[int | None] = mapped_column(ForeignKey("reports.id"), index=True)
    asked: Mapped[dict[str, Any]]
    progress: Mapped[str]
    error: Mapped[str]
    attempts: Mapped[int]
    token: Mapped[str]
    worker: Mapped[str]
    seen: Mapped[datetime | None]
    created: Mapped[datetime]
    started: Mapped[datetime | None]
    ended: Mapped[datetime | None]


class JobResultRow(Base):
    """What a job that takes studies in did for one of them: a verdict for each series."""

    __tablename__ = "job_results"
    __table_args__ = (UniqueConstraint("job_id", "study_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"))
    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id"), index=True)
    document: Mapped[dict[str, Any]]


class FlagRow(Base):
    """How many of a version's statements are contradicted and how many warnings it has.

    Counted once, because a list of ten thousand cannot read ten thousand documents. ``rules`` is
    the hash of the table of critical findings by which `CriticalRow` was filled.
    """

    __tablename__ = "report_flags"

    version_id: Mapped[int] = mapped_column(
        ForeignKey("report_versions.id"), primary_key=True, autoincrement=False
    )
    rules: Mapped[str]
    contradicted: Mapped[int]
    warnings: Mapped[int]


class CriticalRow(Base):
    """A critical finding that a version tells, by the rule it meets, in the version's words."""

    __tablename__ = "report_criticals"
    __table_args__ = (UniqueConstraint("version_id", "rule"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("report_versions.id"))
    rule: Mapped[str]
    text: Mapped[str]


class AcknowledgementRow(Base):
    """Who took note of a report's critical finding and when; whom they told, and how."""

    __tablename__ = "acknowledgements"
    __table_args__ = (UniqueConstraint("report_id", "rule"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"))
    rule: Mapped[str]
    version: Mapped[int]
    author: Mapped[str]
    time: Mapped[datetime]
    told: Mapped[str]
    method: Mapped[str]
