"""The tables of studies, reports and the files they rest on.

Rows of studies are kept: a series that is read better later gets a new row and the earlier one a
``superseded`` time. Versions of reports and changes of their status never change (triggers of the
migrations see to it).
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from medmm.database import Base


class PatientRow(Base):
    """A person, as far as `medmm.records.patients` is sure; see the rule there."""

    __tablename__ = "patients"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[str] = mapped_column(index=True)
    issuer: Mapped[str]
    name: Mapped[str]
    sex: Mapped[str]
    birth_date: Mapped[str]
    created: Mapped[datetime]


class StudyRow(Base):
    """One examination of one patient. ``search_text`` is what `list_studies` looks through.

    ``name_bytes`` are the patient's name as the first file of the study has it.
    """

    __tablename__ = "studies"
    __table_args__ = (UniqueConstraint("uid", "patient_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str]
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"), index=True)
    patient_age: Mapped[str]
    name_bytes: Mapped[bytes]
    character_set: Mapped[str]
    date: Mapped[str]
    description: Mapped[str]
    accession: Mapped[str]
    search_text: Mapped[str]
    created: Mapped[datetime]


class SeriesRow(Base):
    """One revision of one series: what the reader said of it, and where its content is kept.

    ``content`` is `medmm.records.content`'s description, None for a refused series.
    """

    __tablename__ = "series"
    __table_args__ = (
        UniqueConstraint("study_id", "uid", "key", "revision"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id"))
    uid: Mapped[str]
    key: Mapped[str]
    revision: Mapped[int]
    modality: Mapped[str]
    body_part: Mapped[str]
    kind: Mapped[str]
    status: Mapped[str]
    verdict: Mapped[dict[str, Any]]
    description: Mapped[str]
    number: Mapped[int | None]
    shape: Mapped[list[Any]]
    spacing_mm: Mapped[list[Any] | None]
    affine_lps: Mapped[list[Any] | None]
    units: Mapped[str]
    files: Mapped[list[Any]]
    sop_uids: Mapped[list[Any]]
    header: Mapped[dict[str, Any]]
    view: Mapped[dict[str, Any]]
    content: Mapped[dict[str, Any] | None]
    created: Mapped[datetime]
    superseded: Mapped[datetime | None]


Index(
    "uq_series_current",
    SeriesRow.study_id,
    SeriesRow.uid,
    SeriesRow.key,
    unique=True,
    sqlite_where=SeriesRow.superseded.is_(None),
    postgresql_where=SeriesRow.superseded.is_(None),
)


class ReportRow(Base):
    """A chain of versions under one status."""

    __tablename__ = "reports"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id"), index=True)
    status: Mapped[str]
    created: Mapped[datetime]


class VersionRow(Base):
    """One immutable version. ``document`` holds the canonical bytes, as text, that are hashed."""

    __tablename__ = "report_versions"
    __table_args__ = (UniqueConstraint("report_id", "number"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"))
    number: Mapped[int]
    document: Mapped[str]
    sha256: Mapped[str]
    author: Mapped[str]
    created: Mapped[datetime]
    reason: Mapped[str]


class StatusRow(Base):
    """One change of a report's status: who made it, when and why; rows are only ever added.

    ``number`` counts a report's changes from 1. A report without a row is a machine's ``draft``.
    """

    __tablename__ = "report_statuses"
    __table_args__ = (UniqueConstraint("report_id", "number"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"))
    number: Mapped[int]
    status: Mapped[str]
    author: Mapped[str]
    time: Mapped[datetime]
    reason: Mapped[str]


class FileRow(Base):
    """A kept file that a series or a version rests on, one row per reference.

    ``folder`` is the home's ("pixels" or "files"), ``name`` is ``<sha256><suffix>``.
    """

    __tablename__ = "files"

    id: Mapped[int] = mapped_column(primary_key=True)
    folder: Mapped[str]
    name: Mapped[str] = mapped_column(index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    series_id: Mapped[int | None] = mapped_column(ForeignKey("series.id"), index=True)
    version_id: Mapped[int | None] = mapped_column(ForeignKey("report_versions.id"), index=True)
