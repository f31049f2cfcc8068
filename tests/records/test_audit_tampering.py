"""Every way to tamper with the audit chain is found, and located where the rows can tell."""

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from medmm import home as home_module
from medmm.database import Database
from medmm.errors import HomeError
from medmm.home import Home
from medmm.records import audit, audit_head, migrations
from medmm.records.audit import Event
from medmm.records.audit_chain import Link
from tests.records import audit_cases as cases
from tests.records.audit_cases import COLUMNS, ROW_CASES, SIZE, Case, Rows
from tests.records.conftest import Opened

# Of each kind, for the database on which a case takes longer.
ON_POSTGRES = [
    case
    for case in ROW_CASES
    if case.name
    in {
        "actor of 1 changed", "hash of 20 longer", "detail of 10 longer", "1 removed", "10 removed",
        "10 removed, numbered anew", "tail cut after 19", "tail cut after 0", "5 and 6 swapped",
        "one inserted at 10", "20 doubled", "10 changed and hashed anew", "a longer chain",
        "10 changed and hashed alone",
    }
]  # fmt: skip


def add_events(database: Database, home: Home, count: int = SIZE) -> None:
    for number in range(1, count + 1):
        event = Event(
            f"user{number}", "signer", "sign", f"report:{number}",
            detail={"version": number}, origin="127.0.0.1",
        )  # fmt: skip
        with audit.audited(database, home) as session:
            audit.record(session, event)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a chain of 20 sealed events."""
    folder = tmp_path_factory.mktemp("audit") / "home"
    home = home_module.prepare(folder)
    database = Database(home.database_url)
    migrations.ensure(database, home)
    add_events(database, home)
    database.close()
    return folder


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Home:
    shutil.copytree(template, tmp_path / "home")
    return home_module.prepare(tmp_path / "home")


def problems(home: Home) -> list[str]:
    with closing(Database(home.database_url)) as database:
        return audit.verify(database, home)


def tampered(home: Home, case: Case) -> None:
    with closing(sqlite3.connect(home.path / "medmm.db")) as raw, raw:
        for action in ("update", "delete"):
            raw.execute(f"DROP TRIGGER audit_events_no_{action}")
        found = raw.execute(f"SELECT {', '.join(COLUMNS)} FROM audit_events ORDER BY sequence")
        rows = case.change([dict(zip(COLUMNS, row, strict=True)) for row in found.fetchall()])
        raw.execute("DELETE FROM audit_events")
        put(raw, rows)


def put(raw: sqlite3.Connection, rows: Rows) -> None:
    marks = ", ".join("?" * len(COLUMNS))
    raw.executemany(
        f"INSERT INTO audit_events ({', '.join(COLUMNS)}) VALUES ({marks})",
        [[row[name] for name in COLUMNS] for row in rows],
    )


def refuses_to_seal(home: Home) -> bool:
    """No seal may hide a rolled-back or rewritten chain."""
    before = audit_head.head_path(home).read_bytes()
    with closing(Database(home.database_url)) as database, pytest.raises(HomeError):
        audit.seal(database, home)
    return audit_head.head_path(home).read_bytes() == before


def test_there_are_two_hundred_cases() -> None:
    assert len(ROW_CASES) + len(cases.HEAD_EDITS) + len(cases.HEAD_BYTES) >= 200
    assert len({case.name for case in ROW_CASES}) == len(ROW_CASES)
    assert len(ON_POSTGRES) == 14


def test_an_untouched_chain_has_no_problem(home: Home) -> None:
    assert problems(home) == []
    tampered(home, Case("nothing", lambda rows: rows, ""))
    assert problems(home) == []


@pytest.mark.parametrize("case", ROW_CASES, ids=lambda case: case.name)
def test_changed_rows_are_found_and_located(home: Home, case: Case) -> None:
    tampered(home, case)
    found = problems(home)
    assert found
    assert found[0].startswith(case.told)
    assert len(found) <= 22
    if case.told.endswith(" was changed after it was recorded."):
        assert {problem.split()[2] for problem in found} == {case.told.split()[2]}


@pytest.mark.parametrize("case", ON_POSTGRES, ids=lambda case: case.name)
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_changed_rows_are_found_on_postgres(opened: Opened, case: Case) -> None:
    add_events(opened.database, opened.home)
    assert audit.verify(opened.database, opened.home) == []
    with opened.database.write() as session:
        session.execute(text("ALTER TABLE audit_events DISABLE TRIGGER USER"))
        found = session.execute(text(f"SELECT {', '.join(COLUMNS)} FROM audit_events ORDER BY 1"))
        rows = case.change([dict(row) for row in found.mappings()])
        session.execute(text("DELETE FROM audit_events"))
        marks = ", ".join(f":{name}" for name in COLUMNS)
        insert = text(f"INSERT INTO audit_events ({', '.join(COLUMNS)}) VALUES ({marks})")
        if rows:
            session.execute(insert, rows)
        session.execute(text("ALTER TABLE audit_events ENABLE TRIGGER USER"))
    assert audit.verify(opened.database, opened.home)[0].startswith(case.told)


def test_a_table_without_its_key_in_which_rows_stand_twice(home: Home) -> None:
    with closing(sqlite3.connect(home.path / "medmm.db")) as raw, raw:
        raw.execute("CREATE TABLE other AS SELECT * FROM audit_events")
        raw.execute("INSERT INTO other SELECT * FROM audit_events WHERE sequence IN (4, 9)")
        raw.execute("DROP TABLE audit_events")
        raw.execute("ALTER TABLE other RENAME TO audit_events")
    told = "is there twice, or was inserted where none was recorded."
    assert problems(home) == [f"Audit event 4 {told}", f"Audit event 9 {told}"]


def test_text_that_cannot_be_read_is_located(home: Home) -> None:
    broken = "UPDATE audit_events SET actor = CAST(X'FF41' AS TEXT) WHERE sequence = 12"
    with closing(sqlite3.connect(home.path / "medmm.db")) as raw, raw:
        raw.execute("DROP TRIGGER audit_events_no_update")
        raw.execute(broken)
    assert problems(home) == ["The audit event after 11 cannot be read: it was damaged."]


def test_a_chain_with_many_faults_is_told_in_short(home: Home) -> None:
    def all_changed(rows: Rows) -> Rows:
        return [row | {"actor": "mallory"} for row in rows]

    tampered(home, Case("all", all_changed, ""))
    assert len(problems(home)) == 21


@pytest.fixture
def rolled_back(home: Home, tmp_path: Path) -> Home:
    """The database file of event 20 under a head of event 25."""
    shutil.copy(home.path / "medmm.db", tmp_path / "older.db")
    with closing(Database(home.database_url)) as database:
        add_events(database, home, 5)
        assert audit.verify(database, home) == []
    shutil.copy(tmp_path / "older.db", home.path / "medmm.db")
    return home


def test_a_file_that_was_rolled_back_is_found_and_not_sealed_over(rolled_back: Home) -> None:
    [problem] = problems(rolled_back)
    assert problem.startswith("The audit chain ends with event 20, and event 25 was sealed")
    assert refuses_to_seal(rolled_back)


@pytest.mark.parametrize("events", [3, 5, 9])
def test_a_rolled_back_file_stays_found_when_it_grows_again(
    rolled_back: Home, events: int, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(Database(rolled_back.database_url)) as database:
        add_events(database, rolled_back, events)
    assert "not sealed" in caplog.text
    [problem] = problems(rolled_back)
    assert "25" in problem
    assert refuses_to_seal(rolled_back)


@pytest.mark.parametrize("name", ["5 changed and hashed anew", "tail cut after 19", "20 doubled"])
def test_a_broken_chain_is_not_sealed_over(home: Home, name: str) -> None:
    tampered(home, next(case for case in ROW_CASES if case.name == name))
    assert refuses_to_seal(home)


@pytest.mark.parametrize(("name", "value"), cases.HEAD_EDITS)
def test_an_edited_head_is_found(home: Home, name: str, value: object) -> None:
    path = audit_head.head_path(home)
    path.write_text(json.dumps(json.loads(path.read_text()) | {name: value}))
    [problem] = problems(home)
    assert "head of the audit chain is damaged" in problem
    assert refuses_to_seal(home)


@pytest.mark.parametrize("data", cases.HEAD_BYTES, ids=range(len(cases.HEAD_BYTES)))
def test_a_head_that_is_none_is_found(home: Home, data: bytes) -> None:
    audit_head.head_path(home).write_bytes(data)
    [problem] = problems(home)
    assert "head of the audit chain is damaged" in problem
    assert refuses_to_seal(home)


def test_a_head_that_was_removed_is_found_and_not_made_again(home: Home) -> None:
    audit_head.head_path(home).unlink()
    assert "head of the audit chain is missing" in problems(home)[0]
    with closing(Database(home.database_url)) as database:
        with pytest.raises(HomeError, match="missing"):
            audit.seal(database, home)
        add_events(database, home, 1)
    assert "head of the audit chain is missing" in problems(home)[0]


def test_a_head_by_another_key_is_found(home: Home) -> None:
    tampered(
        home, next(case for case in ROW_CASES if case.name == "another chain of the same size")
    )
    with closing(sqlite3.connect(home.path / "medmm.db")) as raw:
        (last,) = raw.execute("SELECT hash FROM audit_events WHERE sequence = 20").fetchone()
    forged = audit_head.sign(Ed25519PrivateKey.generate(), Link(SIZE, last), "2026-01-01")
    audit_head.head_path(home).write_text(json.dumps(asdict(forged)))
    [problem] = problems(home)
    assert f"signed by another key ({forged.key})" in problem
    assert refuses_to_seal(home)


@pytest.mark.parametrize("key", [None, b"", b"0" * 64, b"zz"])
def test_a_key_that_is_gone_or_another_is_found(home: Home, key: bytes | None) -> None:
    path = audit_head.key_path(home)
    path.unlink() if key is None else path.write_bytes(key)
    assert any("key" in problem for problem in problems(home))
    assert refuses_to_seal(home)


def test_removing_head_key_and_chain_leaves_a_new_home(home: Home) -> None:
    """What a chain in one home cannot show; copies of the head kept elsewhere do."""
    kept = audit_head.head_path(home).read_bytes()
    tampered(home, Case("all", lambda _: [], ""))
    audit_head.head_path(home).unlink()
    assert "missing" in problems(home)[0]
    audit_head.key_path(home).unlink()
    assert problems(home) == []
    assert audit_head.parse_head(kept).sequence == SIZE
