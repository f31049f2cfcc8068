"""What ``medmm db check`` looks for: schema, triggers, rows, files, hashes, signatures, audit."""

import hashlib
import json
from collections.abc import Iterator

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from medmm.database import Database
from medmm.home import Home, file_sha256
from medmm.nouns.documents import document_sha256
from medmm.records import audit_seal, migrations
from medmm.records.erasing import unfinished
from medmm.records.search_index import indexed_reports
from medmm.records.signature_checks import verify_signatures
from medmm.records.tables import FileRow, ReportRow, StatusRow, VersionRow
from medmm.records.triggers import trigger_problems


def check(database: Database, home: Home, *, hashes: bool = False) -> list[str]:
    """Problems, each a sentence; none means that all is well. ``hashes`` reads every file, too.

    Raises:
        HomeError: the database cannot be opened at all.
    """
    behind = migrations.schema_problem(database)
    if behind is not None:
        return [str(behind)]
    problems: list[str] = []
    with database.read() as session:
        if database.dialect == "sqlite":
            problems += _sqlite_problems(session)
        problems += trigger_problems(session)
        problems += _version_problems(session)
        problems += _status_problems(session)
        problems += _search_problems(session)
        problems += _file_problems(session, home, hashes=hashes)
    problems += verify_signatures(database)
    problems += unfinished(home)
    problems += audit_seal.verify(database, home)
    return problems + migrations.differences(database)


def _sqlite_problems(session: Session) -> Iterator[str]:
    for (line,) in session.execute(text("PRAGMA integrity_check")):
        if line != "ok":
            yield f"The database file is damaged: {line}"
    for table, row, *_ in session.execute(text("PRAGMA foreign_key_check")):
        yield f"Row {row} of {table} points to a row that is not there."


def _version_problems(session: Session) -> Iterator[str]:
    expected: dict[int, int] = {}
    for version in session.scalars(
        select(VersionRow)
        .order_by(VersionRow.report_id, VersionRow.number)
        .execution_options(yield_per=100)
    ):
        expected[version.report_id] = expected.get(version.report_id, 0) + 1
        name = f"Version {version.number} of report {version.report_id}"
        if version.number != expected[version.report_id]:
            yield f"{name} comes after a version that is missing."
        found = hashlib.sha256(version.document.encode("utf-8")).hexdigest()
        if found != version.sha256:
            yield f"{name} is not what was recorded: its hash is another."
        elif not _is_canonical(version):
            yield f"{name} does not say its own report and number, or is not in canonical form."
    for report in session.scalars(select(ReportRow.id).order_by(ReportRow.id)):
        if report not in expected:
            yield f"Report {report} has no version."


def _is_canonical(version: VersionRow) -> bool:
    document = json.loads(version.document)
    own = (document["report_id"], document["version"]) == (version.report_id, version.number)
    return own and document_sha256(document) == version.sha256


def _status_problems(session: Session) -> Iterator[str]:
    """Where a report's status is not what its last change made it; without one it is a draft."""
    made: dict[int, tuple[int, str]] = {}
    changes = select(StatusRow).order_by(StatusRow.report_id, StatusRow.number)
    for change in session.scalars(changes):
        before, _ = made.get(change.report_id, (0, ""))
        if change.number != before + 1:
            yield f"A change of the status of report {change.report_id} is missing."
        made[change.report_id] = (change.number, change.status)
    for report in session.scalars(select(ReportRow).order_by(ReportRow.id)):
        _, due = made.get(report.id, (0, "draft"))
        if report.status != due:
            yield f"Report {report.id} is {report.status}, and its last change made it {due}."


def _search_problems(session: Session) -> Iterator[str]:
    reports = set(session.scalars(select(ReportRow.id)))
    indexed = indexed_reports(session)
    for report in sorted(reports - indexed):
        yield f"Report {report} cannot be found by search."
    for report in sorted(indexed - reports):
        yield f"Search knows a report {report} that is not there."


def _file_problems(session: Session, home: Home, *, hashes: bool) -> Iterator[str]:
    kept = select(FileRow.folder, FileRow.name, FileRow.size).distinct()
    for folder, name, size in session.execute(kept.order_by(FileRow.name)):
        path = home.path / folder / name
        try:
            found = path.stat().st_size
        except OSError:
            yield f"{path} is missing."
            continue
        if found != size:
            yield f"{path} has {found} bytes instead of {size}."
        elif hashes and file_sha256(path) != name.partition(".")[0]:
            yield f"{path} is damaged: its hash is another."
