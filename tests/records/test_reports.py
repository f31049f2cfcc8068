"""A draft becomes version 1 of a report, for ever, and is found again."""

import json
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import text

from medmm.errors import MedmmError, NotFoundError, UsageError
from medmm.nouns import Draft
from medmm.nouns.documents import canonical_bytes, document_sha256, draft_document
from medmm.records import integrity, reports, studies
from medmm.records.tables import FileRow
from tests.records.builders import TEXTS, draft, numbered_study, region_with_mask, study
from tests.records.conftest import Opened


@pytest.fixture
def kept(opened: Opened) -> Opened:
    """A home with one study."""
    studies.save_study(opened.database, opened.home, study())
    return opened


def save(kept: Opened, given: Draft | None = None) -> Draft:
    return reports.save_draft(kept.database, kept.home, 1, given or draft())


def test_a_draft_is_recorded_as_version_one(kept: Opened) -> None:
    given = draft(regions=(region_with_mask(kept.home),))
    saved = save(kept, given)
    assert (saved.report_id, saved.version, saved.status) == (1, 1, "draft")
    report = reports.load_report(kept.database, 1)
    assert (report.study_id, report.study_uid, report.status) == (1, "1.2.3", "draft")
    assert (report.last.number, report.last.author, report.last.reason) == (1, "medmm", "")
    assert datetime.fromisoformat(report.last.created).utcoffset() is not None
    shown = reports.shown(kept.home, report.last.document)
    assert shown == json.loads(canonical_bytes(draft_document(saved)))


def test_the_hash_is_of_the_stored_document(kept: Opened) -> None:
    save(kept)
    last = reports.load_report(kept.database, 1).last
    assert last.sha256 == document_sha256(last.document)
    assert last.document["report_id"] == 1


def test_masks_are_kept_relative_so_a_home_can_move(kept: Opened) -> None:
    region = region_with_mask(kept.home)
    saved = save(kept, draft(regions=(region,)))
    assert saved.regions[0].mask_path == region.mask_path
    stored = reports.load_report(kept.database, 1).last.document
    assert stored["regions"][0]["mask"].startswith("files/")
    with kept.database.read() as session:
        (row,) = session.query(FileRow).where(FileRow.version_id.is_not(None))
    assert (kept.home.path / row.folder / row.name).read_bytes() == b"mask"


def test_a_mask_outside_the_home_is_refused(kept: Opened) -> None:
    region = replace(region_with_mask(kept.home), mask_path="/tmp/mask.nii.gz")
    with pytest.raises(UsageError, match="not in the home"):
        save(kept, draft(regions=(region,)))
    gone = replace(region, mask_path=str(kept.home.files.folder / "gone.png"))
    with pytest.raises(NotFoundError, match="missing"):
        save(kept, draft(regions=(gone,)))
    assert reports.list_reports(kept.database) == []


@pytest.mark.parametrize(
    "wrong", [{"status": "preliminary"}, {"version": 2}, {"report_id": 1}, {"status": "final"}]
)
def test_a_machine_records_nothing_but_a_fresh_draft(
    kept: Opened, wrong: dict[str, object]
) -> None:
    with pytest.raises(UsageError):
        save(kept, draft(**wrong))
    assert reports.list_reports(kept.database) == []


def test_a_draft_of_another_study_is_refused(kept: Opened) -> None:
    with pytest.raises(UsageError, match="not of study 1"):
        save(kept, draft("9.9.9"))
    with pytest.raises(NotFoundError, match="study 2"):
        reports.save_draft(kept.database, kept.home, 2, draft())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE report_versions SET document = '{}'",
        "UPDATE report_versions SET reason = 'better'",
        "DELETE FROM report_versions",
    ],
)
def test_a_version_cannot_be_changed_or_removed(kept: Opened, statement: str) -> None:
    save(kept)
    before = reports.load_report(kept.database, 1)
    with pytest.raises(MedmmError), kept.database.write() as session:
        session.execute(text(statement))
    assert reports.load_report(kept.database, 1) == before


def test_a_version_cannot_be_replaced_or_truncated(kept: Opened) -> None:
    save(kept)
    before = reports.load_report(kept.database, 1)
    statement = (
        "INSERT OR REPLACE INTO report_versions SELECT * FROM report_versions"
        if kept.database.dialect == "sqlite"
        else "TRUNCATE report_versions CASCADE"
    )
    with pytest.raises(MedmmError), kept.database.write() as session:
        session.execute(text(statement))
    assert reports.load_report(kept.database, 1) == before


def test_a_report_that_is_not_there_is_told(kept: Opened) -> None:
    save(kept)
    with pytest.raises(NotFoundError, match="report 2"):
        reports.load_report(kept.database, 2)
    for version in (0, 2, -1):
        with pytest.raises(NotFoundError, match="Its versions are 1 to 1"):
            reports.load_report(kept.database, 1, version)
    assert reports.load_report(kept.database, 1, 1) == reports.load_report(kept.database, 1)


def test_reports_are_listed_newest_first(kept: Opened) -> None:
    studies.save_study(kept.database, kept.home, numbered_study(7))
    save(kept)
    save(kept)
    reports.save_draft(kept.database, kept.home, 2, draft("1.2.9.7"))
    assert [one.id for one in reports.list_reports(kept.database)] == [3, 2, 1]
    assert [one.id for one in reports.list_reports(kept.database, limit=1)] == [3]
    assert [one.id for one in reports.list_reports(kept.database, study_id=1)] == [2, 1]
    first = reports.list_reports(kept.database)[0]
    assert (first.study_id, first.study_uid, first.status, first.version) == (
        (2, "1.2.9.7", "draft", 1)
    )
    newest = studies.list_studies(kept.database)
    assert [one.report_ids for one in newest] == [(3,), (1, 2)]


def test_the_last_report_of_a_study(kept: Opened) -> None:
    assert reports.last_report_of(kept.database, 1) is None
    save(kept)
    save(kept)
    last = reports.last_report_of(kept.database, 1)
    assert last is not None
    assert last.id == 2


def test_check_finds_nothing_wrong_with_what_was_just_recorded(kept: Opened) -> None:
    save(kept, draft(regions=(region_with_mask(kept.home),)))
    save(kept, draft(texts=[*TEXTS, "Ünïcode “quoted” \u202e text."]))
    assert integrity.check(kept.database, kept.home, hashes=True) == []
