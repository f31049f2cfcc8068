"""Reports as chains of immutable versions: drafts become version 1, are found and loaded."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from medmm.database import Database
from medmm.errors import NotFoundError, UsageError
from medmm.home import Home
from medmm.nouns import Draft, Report, ReportVersion
from medmm.nouns.documents import canonical_bytes, document_sha256, draft_document
from medmm.records.content import KeptFile
from medmm.records.search_index import find_reports, index_report
from medmm.records.signatures import read_addenda, read_signatures
from medmm.records.snippets import best_snippet
from medmm.records.tables import FileRow, ReportRow, StudyRow, VersionRow
from medmm.records.words import terms

MACHINE = "medmm"


@dataclass(frozen=True)
class ReportSummary:
    """One line of a list of reports; ``version`` is the last, ``created`` is ISO 8601 in UTC."""

    id: int
    study_id: int
    study_uid: str
    status: str
    version: int
    created: str


@dataclass(frozen=True)
class Hit:
    """A report that a search found: the sentence that answers best, and where its words stand.

    ``marks`` are ``(start, end)`` positions in ``snippet``.
    """

    id: int
    study_id: int
    study_uid: str
    status: str
    version: int
    created: str
    snippet: str
    marks: tuple[tuple[int, int], ...]


def save_draft(
    database: Database,
    home: Home,
    study_id: int,
    draft: Draft,
    *,
    also: Callable[[Session, int], object] | None = None,
) -> Draft:
    """Record a draft as version 1 of a new report; the same draft with its report's number.

    Masks lie in the home's files already. The document keeps their paths relative to the home, so
    a home can be moved; `shown` makes them absolute again. ``also`` is done last in the same
    transaction with the report's number: recording the event.

    Raises:
        UsageError: the draft is not a machine's first version, is of another study, or a mask is
            not in the home.
        NotFoundError: there is no such study.
        StorageError: the disk is full, read-only or failing; nothing was recorded.
    """
    if draft.status != "draft" or draft.version != 1 or draft.report_id is not None:
        raise UsageError("Only a fresh draft can be recorded as a report's first version.")
    regions = tuple(
        replace(region, mask_path=_inside(home, region.mask_path)) for region in draft.regions
    )
    names = {region.mask_path for region in regions if region.mask_path}
    masks = [_kept_file(home, name) for name in sorted(names)]
    now = datetime.now(UTC)
    with database.write() as session:
        study = session.get(StudyRow, study_id)
        if study is None:
            raise NotFoundError(f"There is no study {study_id} in this home.")
        if study.uid != draft.study_uid:
            raise UsageError(f"The draft is not of study {study_id}.")
        row = ReportRow(study_id=study_id, status="draft", created=now)
        session.add(row)
        session.flush()
        recorded = replace(draft, report_id=row.id)
        document = draft_document(replace(recorded, regions=regions))
        add_version(session, document, masks, author=MACHINE, created=now)
        if also is not None:
            also(session, row.id)
    return recorded


def load_report(database: Database, report_id: int, version: int | None = None) -> Report:
    """A report with all its versions up to ``version`` (default: the last), documents as stored.

    Raises:
        NotFoundError: there is no such report or version.
    """
    with database.read() as session:
        row = session.get(ReportRow, report_id)
        if row is None:
            raise NotFoundError(
                f"There is no report {report_id} in this home.", "`medmm reports list` lists them."
            )
        report = _signed(session, _report(session, row))
    if version is None:
        return report
    if not 1 <= version <= len(report.versions):
        raise NotFoundError(
            f"Report {report_id} has no version {version}.",
            f"Its versions are 1 to {len(report.versions)}.",
        )
    return replace(report, versions=report.versions[:version])


def shown(home: Home, document: Mapping[str, Any]) -> dict[str, Any]:
    """A stored document as the contract shows it: paths of masks absolute."""
    regions = [
        region | {"mask": str(home.path / region["mask"]) if region["mask"] else None}
        for region in document["regions"]
    ]
    return {**document, "regions": regions}


def list_reports(
    database: Database, limit: int = 100, study_id: int | None = None
) -> list[ReportSummary]:
    """Reports, newest first; of one study, if it is named."""
    last = (
        select(func.max(VersionRow.number))
        .where(VersionRow.report_id == ReportRow.id)
        .correlate(ReportRow)
        .scalar_subquery()
    )
    wanted = select(ReportRow, StudyRow.uid, last).join(StudyRow)
    if study_id is not None:
        wanted = wanted.where(ReportRow.study_id == study_id)
    with database.read() as session:
        found = session.execute(wanted.order_by(ReportRow.id.desc()).limit(limit))
        return [
            ReportSummary(row.id, row.study_id, uid, row.status, number, row.created.isoformat())
            for row, uid, number in found
        ]


def last_report_of(database: Database, study_id: int) -> Report | None:
    """The newest report of a study that was not cancelled, or None."""
    wanted = (
        select(ReportRow)
        .where(ReportRow.study_id == study_id, ReportRow.status != "cancelled")
        .order_by(ReportRow.id.desc())
        .limit(1)
    )
    with database.read() as session:
        row = session.scalars(wanted).one_or_none()
        return None if row is None else _report(session, row)


def search(database: Database, query: str, limit: int = 50) -> list[Hit]:
    """Reports whose last version has every word of ``query``, newest first.

    Words in "double quotes" stand one after the other, ``begin*`` finds what begins so; case,
    accents and a plural's s do not count. Any text is a query.
    """
    wanted = terms(query)
    with database.read() as session:
        hits = []
        for report_id in find_reports(session, wanted, limit):
            report = _report(session, session.get_one(ReportRow, report_id))
            snippet = best_snippet(sentences(report.last.document), wanted)
            hits.append(
                Hit(
                    id=report.id,
                    study_id=report.study_id,
                    study_uid=report.study_uid,
                    status=report.status,
                    version=report.last.number,
                    created=report.created,
                    snippet=snippet.text,
                    marks=snippet.marks,
                )
            )
    return hits


def sentences(document: Mapping[str, Any]) -> Iterator[str]:
    """The text of a document's statements, in order."""
    for section in document["sections"]:
        for statement in section["statements"]:
            yield statement["text"]


def add_version(
    session: Session,
    document: Mapping[str, Any],
    files: Iterable[KeptFile],
    *,
    author: str,
    created: datetime,
    reason: str = "",
) -> None:
    """Add the version that a document says it is, in the caller's write transaction.

    ``files`` are the masks that it rests on. The report is found by this version's sentences from
    then on.
    """
    report_id = document["report_id"]
    row = VersionRow(
        report_id=report_id,
        number=document["version"],
        document=canonical_bytes(document).decode("utf-8"),
        sha256=document_sha256(document),
        author=author,
        created=created,
        reason=reason,
    )
    session.add(row)
    session.flush()
    session.add_all(
        FileRow(folder=file.folder, name=file.name, size=file.size, version_id=row.id)
        for file in files
    )
    index_report(session, report_id, sentences(document))


def _report(session: Session, row: ReportRow) -> Report:
    versions = session.scalars(
        select(VersionRow).where(VersionRow.report_id == row.id).order_by(VersionRow.number)
    )
    return Report(
        id=row.id,
        study_id=row.study_id,
        study_uid=session.get_one(StudyRow, row.study_id).uid,
        status=row.status,  # type: ignore[arg-type]  # written from the noun's own literal
        created=row.created.isoformat(),
        versions=tuple(
            ReportVersion(
                report_id=row.id,
                number=version.number,
                document=json.loads(version.document),
                sha256=version.sha256,
                author=version.author,
                created=version.created.isoformat(),
                reason=version.reason,
            )
            for version in versions
        ),
    )


def _signed(session: Session, report: Report) -> Report:
    """The report with its signatures and addenda."""
    signatures = read_signatures(session, report.id)
    last = signatures[-1] if signatures else None
    return replace(
        report,
        signatures=signatures,
        addenda=read_addenda(session, report.id),
        signed_by=last.signer_name if last else "",
        signed=last.time if last else "",
    )


def _inside(home: Home, mask_path: str | None) -> str | None:
    """A mask's path relative to the home."""
    if mask_path is None:
        return None
    path = Path(mask_path)
    if path.parent != home.files.folder:
        raise UsageError(f"The mask {path} is not in the home's files.")
    return str(path.relative_to(home.path))


def _kept_file(home: Home, name: str) -> KeptFile:
    path = home.path / name
    try:
        size = path.stat().st_size
    except OSError as error:
        raise NotFoundError(f"The mask {path} is missing.") from error
    return KeptFile(path.parent.name, path.name, size)
