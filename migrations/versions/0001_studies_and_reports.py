"""Patients, studies, series, reports, their versions, files, and the full text index."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

IMMUTABLE = "a version of a report never changes"


def upgrade() -> None:
    """To this revision."""
    _make_studies()
    _make_reports()
    if op.get_context().dialect.name == "postgresql":
        _protect_on_postgres()
        op.execute(
            "CREATE TABLE report_search (report_id INTEGER PRIMARY KEY, words TSVECTOR NOT NULL)"
        )
        op.execute("CREATE INDEX ix_report_search_words ON report_search USING GIN (words)")
    else:
        _protect_on_sqlite()
        # "ascii" leaves every letter beyond ASCII alone: tokens come in folded already.
        op.execute("CREATE VIRTUAL TABLE report_search USING fts5(words, tokenize = 'ascii')")


def downgrade() -> None:
    """Back to an empty database."""
    op.execute("DROP TABLE report_search")
    for table in ("files", "report_versions", "reports", "series", "studies", "patients"):
        op.drop_table(table)
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION forbid_change_of_report_versions()")


def _make_studies() -> None:
    op.create_table(
        "patients",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("patient_id", sa.Text, nullable=False),
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sex", sa.Text, nullable=False),
        sa.Column("birth_date", sa.Text, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_patients"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_patients_patient_id", "patients", ["patient_id"])
    op.create_table(
        "studies",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("uid", sa.Text, nullable=False),
        sa.Column("patient_id", sa.Integer, nullable=False),
        sa.Column("patient_age", sa.Text, nullable=False),
        sa.Column("date", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("accession", sa.Text, nullable=False),
        sa.Column("search_text", sa.Text, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_studies"),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name="fk_studies_patient_id_patients"
        ),
        sa.UniqueConstraint("uid", "patient_id", name="uq_studies_uid_patient_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_studies_patient_id", "studies", ["patient_id"])
    op.create_table(
        "series",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("study_id", sa.Integer, nullable=False),
        sa.Column("uid", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("modality", sa.Text, nullable=False),
        sa.Column("body_part", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("verdict", sa.JSON, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=True),
        sa.Column("shape", sa.JSON, nullable=False),
        sa.Column("spacing_mm", sa.JSON, nullable=True),
        sa.Column("affine_lps", sa.JSON, nullable=True),
        sa.Column("units", sa.Text, nullable=False),
        sa.Column("files", sa.JSON, nullable=False),
        sa.Column("sop_uids", sa.JSON, nullable=False),
        sa.Column("header", sa.JSON, nullable=False),
        sa.Column("view", sa.JSON, nullable=False),
        sa.Column("content", sa.JSON, nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_series"),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], name="fk_series_study_id_studies"),
        sa.UniqueConstraint(
            "study_id", "uid", "key", "revision", name="uq_series_study_id_uid_key_revision"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_series_current",
        "series",
        ["study_id", "uid", "key"],
        unique=True,
        sqlite_where=sa.text("superseded IS NULL"),
        postgresql_where=sa.text("superseded IS NULL"),
    )


def _make_reports() -> None:
    op.create_table(
        "reports",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("study_id", sa.Integer, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reports"),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], name="fk_reports_study_id_studies"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_reports_study_id", "reports", ["study_id"])
    op.create_table(
        "report_versions",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("report_id", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_report_versions"),
        sa.ForeignKeyConstraint(
            ["report_id"], ["reports.id"], name="fk_report_versions_report_id_reports"
        ),
        sa.UniqueConstraint("report_id", "number", name="uq_report_versions_report_id_number"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "files",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("folder", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("series_id", sa.Integer, nullable=True),
        sa.Column("version_id", sa.Integer, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_files"),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name="fk_files_series_id_series"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["report_versions.id"], name="fk_files_version_id_report_versions"
        ),
    )
    op.create_index("ix_files_name", "files", ["name"])
    op.create_index("ix_files_series_id", "files", ["series_id"])
    op.create_index("ix_files_version_id", "files", ["version_id"])


def _protect_on_sqlite() -> None:
    for action in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER report_versions_no_{action.lower()} BEFORE {action} "
            f"ON report_versions BEGIN SELECT RAISE(ABORT, '{IMMUTABLE}'); END"
        )


def _protect_on_postgres() -> None:
    op.execute(
        "CREATE FUNCTION forbid_change_of_report_versions() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{IMMUTABLE}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER report_versions_no_change BEFORE UPDATE OR DELETE ON report_versions "
        "FOR EACH ROW EXECUTE FUNCTION forbid_change_of_report_versions()"
    )
    op.execute(
        "CREATE TRIGGER report_versions_no_truncate BEFORE TRUNCATE ON report_versions "
        "FOR EACH STATEMENT EXECUTE FUNCTION forbid_change_of_report_versions()"
    )
