"""A report leaves only with its event: a file that nobody recorded does not stay."""

from pathlib import Path

import pytest
from sqlalchemy import text

from medmm.assembly import exporting, homes, reading
from medmm.assembly.homes import OpenHome
from medmm.errors import MedmmError, StorageError
from medmm.records import reports
from tests.records.builders import draft, study


@pytest.fixture
def opened(tmp_path: Path) -> OpenHome:
    """A home with one report."""
    opened = homes.open_home(tmp_path / "home")
    reading.keep(opened, study())
    reports.save_draft(opened.database, opened.home, 1, draft())
    return opened


def events(opened: OpenHome) -> int:
    with opened.database.read() as session:
        found = session.scalar(text("SELECT count(*) FROM audit_events WHERE action = 'export'"))
    return int(found or 0)


def test_an_export_whose_event_cannot_be_recorded_leaves_no_file(
    opened: OpenHome, tmp_path: Path
) -> None:
    with opened.database.write() as session:
        session.execute(
            text(
                "CREATE TRIGGER full_disk BEFORE INSERT ON audit_events "
                "BEGIN SELECT RAISE(ABORT, 'no more'); END"
            )
        )
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(MedmmError):
        exporting.export_report(opened, 1, "text", out / "report.txt")
    assert list(out.iterdir()) == []
    with opened.database.write() as session:
        session.execute(text("DROP TRIGGER full_disk"))
    exporting.export_report(opened, 1, "text", out / "report.txt")
    assert [path.name for path in out.iterdir()] == ["report.txt"]
    assert events(opened) == 1


def test_a_place_that_cannot_be_written_is_told_by_its_name(
    opened: OpenHome, tmp_path: Path
) -> None:
    missing = tmp_path / "nowhere" / "report.txt"
    with pytest.raises(StorageError, match=r"nowhere/report\.txt cannot be written: No such"):
        exporting.export_report(opened, 1, "text", missing)
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(StorageError, match="folder cannot be written: Is a directory"):
        exporting.export_report(opened, 1, "text", folder)
    assert list(folder.iterdir()) == []
    assert not list(tmp_path.glob(".*.part"))
