"""Sessions commit whole or not at all, and the driver's errors become a sentence with a mend."""

import contextlib
import logging
import sqlite3
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import select, text

from medmm import database as database_module
from medmm import home as home_module
from medmm.database import Database, storable
from medmm.errors import HomeError, MedmmError, MigrationError, StorageError
from medmm.records import migrations
from medmm.records.tables import PatientRow, StudyRow


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with this version's tables."""
    home = home_module.prepare(tmp_path / "home")
    url = (
        request.getfixturevalue("postgres_url")
        if request.param == "postgresql"
        else home.database_url
    )
    made = Database(url)
    migrations.ensure(made, home)
    yield made
    made.close()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    home = home_module.prepare(tmp_path / "home")
    made = Database(home.database_url)
    migrations.ensure(made, home)
    yield made
    made.close()


def patient(name: str = "DOE^JANE", **fields: object) -> PatientRow:
    row = {"patient_id": "1", "issuer": "", "name": name, "sex": "", "birth_date": ""}
    return PatientRow(**row, created=datetime.now(UTC), **fields)


def study_of(patient_id: int) -> StudyRow:
    """A row whose unique key a driver likes to quote."""
    row = {"uid": "CANARY.1", "patient_age": "", "date": "", "description": "", "accession": ""}
    row |= {"name_bytes": b"", "character_set": ""}
    return StudyRow(**row, patient_id=patient_id, search_text="", created=datetime.now(UTC))


def names(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(PatientRow.name).order_by(PatientRow.id)))


def test_a_write_is_kept_at_its_end(database: Database) -> None:
    with database.write() as session:
        session.add(patient())
    assert names(database) == ["DOE^JANE"]


def test_a_write_that_fails_keeps_nothing(database: Database) -> None:
    with contextlib.suppress(KeyError), database.write() as session:
        session.add(patient())
        session.flush()
        raise KeyError
    assert names(database) == []


def test_what_a_read_changes_is_not_kept(sqlite: Database) -> None:
    with sqlite.read() as session:
        session.add(patient())
        session.flush()
    assert names(sqlite) == []


def test_a_read_sees_one_state_throughout(database: Database) -> None:
    with database.read() as session:
        assert session.scalars(select(PatientRow.name)).all() == []
        with database.write() as other:
            other.add(patient())
        assert session.scalars(select(PatientRow.name)).all() == []
    assert names(database) == ["DOE^JANE"]


def test_sqlite_is_set_for_durability(sqlite: Database) -> None:
    wanted = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "trusted_schema": 0,
        "cell_size_check": 1,
        "busy_timeout": 30_000,
    }
    with sqlite.read() as session:
        found = {name: session.scalar(text(f"PRAGMA {name}")) for name in wanted}
    assert found == wanted


def test_a_write_takes_the_lock_before_its_first_statement(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "PRAGMAS", ("busy_timeout=20",))
    second = Database(str(sqlite.url))
    with sqlite.write():
        assert names(second) == []
        with pytest.raises(HomeError, match="in use by another process"), second.write():
            pytest.fail("two writers at once")
    second.close()


def test_times_come_back_in_utc(database: Database) -> None:
    moment = datetime(2024, 3, 1, 12, 30, 0, 123456, tzinfo=timezone(timedelta(hours=5)))
    row = patient()
    row.created = moment
    with database.write() as session:
        session.add(row)
    with database.read() as session:
        (found,) = session.scalars(select(PatientRow.created))
    assert (found, found.utcoffset()) == (moment, timedelta(0))


def test_a_time_without_zone_is_refused(database: Database) -> None:
    row = patient()
    row.created = datetime(2024, 3, 1)  # noqa: DTZ001
    with pytest.raises(Exception, match="without time zone"), database.write() as session:
        session.add(row)


def test_text_that_cannot_be_stored_is_made_storable() -> None:
    assert storable("a\0b") == "a\ufffdb"
    assert storable("a\ud800b\udfff") == "a\ufffdb\ufffd"
    assert storable("\U0001f600 Ä \u202e \t\r\n") == "\U0001f600 Ä \u202e \t\r\n"


@pytest.mark.parametrize("logged", [logging.DEBUG, logging.INFO])
def test_errors_and_logs_hold_no_values(
    database: Database, caplog: pytest.LogCaptureFixture, logged: int
) -> None:
    caplog.set_level(logged)
    with database.write() as session:
        session.add(patient("CANARY^ALPHA", id=5))
        session.flush()
        session.add(study_of(5))
    with pytest.raises(MedmmError, match="refused a row") as told, database.write() as session:
        session.add(study_of(5))
    shown = "".join(traceback.format_exception(told.value)) + caplog.text
    with pytest.raises(MedmmError) as told, database.write() as session:
        session.execute(text("SELECT * FROM patients WHERE name = :name AND no_such(:name)"),
                        {"name": "CANARY^GAMMA"})  # fmt: skip
    shown += "".join(traceback.format_exception(told.value)) + caplog.text
    assert "CANARY" not in shown


def test_a_missing_table_asks_for_an_upgrade(database: Database) -> None:
    with pytest.raises(MigrationError, match="medmm db upgrade"), database.read() as session:
        session.execute(text("SELECT * FROM no_such_table"))


def test_a_full_database_keeps_earlier_rows_and_works_again_with_space(sqlite: Database) -> None:
    with sqlite.write() as session:
        session.add(patient("FIRST"))
    with sqlite.write() as session:
        pages = session.scalar(text("PRAGMA page_count"))
        session.execute(text(f"PRAGMA max_page_count={pages}"))
        session.add(patient("SECOND"))
    with pytest.raises(StorageError, match="no space left") as told, sqlite.write() as session:
        session.add_all(patient(f"MORE^{number}" * 50) for number in range(500))
    assert told.value.exit_code == 5
    assert "Free space" in told.value.mend
    assert names(sqlite) == ["FIRST", "SECOND"]
    with sqlite.write() as session:
        session.execute(text("PRAGMA max_page_count=1000000"))
        session.add_all(patient(f"MORE^{number}" * 50) for number in range(500))
    assert len(names(sqlite)) == 502
    with sqlite.read() as session:
        assert session.scalar(text("PRAGMA integrity_check")) == "ok"


def test_a_read_only_postgres_is_told(postgres_url: str, tmp_path: Path) -> None:
    made = Database(postgres_url)
    migrations.ensure(made, home_module.prepare(tmp_path / "home"))
    name = made.url.database
    with made.write() as session:
        session.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    made.close()
    with pytest.raises(StorageError, match="read-only"), made.write() as session:
        session.add(patient())
    made.close()


def test_a_server_that_is_not_there_is_told_without_the_password(tmp_path: Path) -> None:
    made = Database(f"postgresql://jane:secret@/medmm?host={tmp_path}")
    with pytest.raises(HomeError, match="cannot be reached") as told, made.read() as session:
        session.execute(text("SELECT 1"))
    assert "secret" not in str(told.value)


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "medmm.db").write_bytes(b"These are not the bytes of a database." * 100)
    made = Database(f"sqlite:///{tmp_path}/medmm.db")
    with pytest.raises(StorageError, match="not a database"), made.read() as session:
        session.execute(text("SELECT 1"))
    made.close()


def test_a_damaged_file_is_told(sqlite: Database) -> None:
    with sqlite.write() as session:
        session.add_all(patient(f"MORE^{number}" * 50) for number in range(500))
    sqlite.close()
    path = Path(sqlite.url.database or "")
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xff" * (size // 2))
    with pytest.raises(StorageError, match="damaged"):
        names(sqlite)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    made = Database(f"sqlite:///{tmp_path}/no/medmm.db")
    with pytest.raises(StorageError, match="cannot be opened"), made.read() as session:
        session.execute(text("SELECT 1"))


@pytest.mark.parametrize("url", ["mysql://u:secret@h/d", "sqlite://", "nonsense", "", "oracle://h"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(HomeError) as told:
        Database(url)
    assert "secret" not in str(told.value)


def test_a_path_with_odd_signs_is_one_path(tmp_path: Path) -> None:
    home = home_module.prepare(tmp_path / "a b%20?c#é;d")
    made = Database(home.database_url)
    migrations.ensure(made, home)
    made.close()
    assert (home.path / "medmm.db").is_file()
    with sqlite3.connect(home.path / "medmm.db") as raw:
        assert raw.execute("SELECT count(*) FROM patients").fetchone() == (0,)
    raw.close()
