"""Work that was started from the page and runs in the server's own worker; flags of reports."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("study_id", sa.Integer, nullable=True),
        sa.Column("prior_id", sa.Integer, nullable=True),
        sa.Column("report_id", sa.Integer, nullable=True),
        sa.Column("asked", sa.JSON, nullable=False),
        sa.Column("progress", sa.Text, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("worker", sa.Text, nullable=False),
        sa.Column("seen", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], name="fk_jobs_study_id_studies"),
        sa.ForeignKeyConstraint(["prior_id"], ["studies.id"], name="fk_jobs_prior_id_studies"),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name="fk_jobs_report_id_reports"),
        sqlite_autoincrement=True,
    )
    for column in ("status", "study_id", "prior_id", "report_id"):
        op.create_index(f"ix_jobs_{column}", "jobs", [column])
    op.create_table(
        "job_results",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("job_id", sa.Integer, nullable=False),
        sa.Column("study_id", sa.Integer, nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_job_results"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_job_results_job_id_jobs"),
        sa.ForeignKeyConstraint(
            ["study_id"], ["studies.id"], name="fk_job_results_study_id_studies"
        ),
        sa.UniqueConstraint("job_id", "study_id", name="uq_job_results_job_id_study_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_job_results_study_id", "job_results", ["study_id"])
    _flags()


def _flags() -> None:
    op.create_table(
        "report_flags",
        sa.Column("version_id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("rules", sa.Text, nullable=False),
        sa.Column("contradicted", sa.Integer, nullable=False),
        sa.Column("warnings", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("version_id", name="pk_report_flags"),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["report_versions.id"],
            name="fk_report_flags_version_id_report_versions",
        ),
    )
    op.create_table(
        "report_criticals",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("version_id", sa.Integer, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_report_criticals"),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["report_versions.id"],
            name="fk_report_criticals_version_id_report_versions",
        ),
        sa.UniqueConstraint("version_id", "rule", name="uq_report_criticals_version_id_rule"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "acknowledgements",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("report_id", sa.Integer, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_acknowledgements"),
        sa.ForeignKeyConstraint(
            ["report_id"], ["reports.id"], name="fk_acknowledgements_report_id_reports"
        ),
        sa.UniqueConstraint("report_id", "rule", name="uq_acknowledgements_report_id_rule"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Back to the revision before: what waited is not done, and who acknowledged is forgotten."""
    for table in ("acknowledgements", "report_criticals", "report_flags", "job_results", "jobs"):
        op.drop_table(table)
