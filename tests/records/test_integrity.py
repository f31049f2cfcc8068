"""What `medmm db check` finds: damaged files, changed rows, dropped triggers, false statuses."""

import pytest
from sqlalchemy import text

from medmm.records import integrity, reports, status_changes, studies
from medmm.records.triggers import PROTECTED, expected_triggers
from tests.records.builders import draft, region_with_mask, study
from tests.records.conftest import Opened
from tests.records.signing_homes import raw


@pytest.fixture
def filled(opened: Opened) -> Opened:
    studies.save_study(opened.database, opened.home, study())
    made = draft(regions=(region_with_mask(opened.home),))
    reports.save_draft(opened.database, opened.home, 1, made)
    return opened


def problems(opened: Opened) -> list[str]:
    return integrity.check(opened.database, opened.home, hashes=True)


def test_check_finds_a_missing_file(filled: Opened) -> None:
    (pixels,) = filled.home.pixels.folder.iterdir()
    pixels.unlink()
    assert problems(filled) == [f"{pixels} is missing."]


def test_check_finds_a_cut_file(filled: Opened) -> None:
    (mask,) = filled.home.files.folder.iterdir()
    mask.write_bytes(b"ma")
    assert problems(filled) == [f"{mask} has 2 bytes instead of 4."]


def test_check_finds_a_changed_file_by_its_hash(filled: Opened) -> None:
    (mask,) = filled.home.files.folder.iterdir()
    mask.write_bytes(b"mesk")
    assert integrity.check(filled.database, filled.home) == []
    assert problems(filled) == [f"{mask} is damaged: its hash is another."]


def _unprotect(opened: Opened) -> str:
    if opened.database.dialect == "sqlite":
        return "DROP TRIGGER report_versions_no_update; DROP TRIGGER report_versions_no_delete"
    return "ALTER TABLE report_versions DISABLE TRIGGER USER"


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("UPDATE report_versions SET document = replace(document, '2.31', '3.31')", "hash"),
        ("UPDATE report_versions SET sha256 = ''", "hash"),
        ("UPDATE report_versions SET number = 2", "missing"),
        ("DELETE FROM files; DELETE FROM report_versions", "no version"),
        ("DELETE FROM report_search", "cannot be found by search"),
    ],
)
def test_check_finds_a_changed_record(filled: Opened, damage: str, told: str) -> None:
    with filled.database.write() as session:
        for statement in f"{_unprotect(filled)}; {damage}".split("; "):
            session.execute(text(statement))
    assert any(told in problem for problem in problems(filled))


def test_check_finds_a_row_that_points_nowhere(sqlite_home: Opened) -> None:
    studies.save_study(sqlite_home.database, sqlite_home.home, study())
    raw = sqlite_home.database.engine.raw_connection()
    raw.execute("PRAGMA foreign_keys=OFF")
    raw.execute("DELETE FROM studies")
    raw.execute("PRAGMA foreign_keys=ON")
    raw.close()
    assert "Row 1 of series points to a row that is not there." in problems(sqlite_home)


def test_a_file_that_is_missing_is_told_when_its_series_is_looked_at(filled: Opened) -> None:
    (pixels,) = filled.home.pixels.folder.iterdir()
    pixels.unlink()
    loaded = studies.load_study(filled.database, filled.home, 1)
    with pytest.raises(Exception, match="missing from the home"):
        loaded.series[0].load()
    again = studies.save_study(filled.database, filled.home, study())
    assert again.series[0].outcome == "known"
    assert problems(filled) == []


def _table_of(trigger: str) -> str:
    return next(table for table in PROTECTED if trigger.startswith(f"{table}_no_"))


@pytest.mark.parametrize("index", range(2 * len(PROTECTED)))
def test_check_finds_a_trigger_that_was_dropped(filled: Opened, index: int) -> None:
    name = sorted(expected_triggers(filled.database.dialect))[index]
    on = f" ON {_table_of(name)}" if filled.database.dialect == "postgresql" else ""
    with filled.database.write() as session:
        session.execute(text(f"DROP TRIGGER {name}{on}"))
    assert problems(filled) == [
        f"The trigger {name} is missing: what it protects could be changed unseen."
    ]


@pytest.mark.parametrize("table", PROTECTED)
def test_check_finds_a_trigger_that_refuses_nothing(filled: Opened, table: str) -> None:
    if filled.database.dialect == "postgresql":
        orders = [f"ALTER TABLE {table} DISABLE TRIGGER {table}_no_change"]
        name = f"{table}_no_change"
    else:
        name = f"{table}_no_update"
        orders = [
            f"DROP TRIGGER {name}",
            f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} BEGIN SELECT 1; END",
        ]
    with filled.database.write() as session:
        for order in orders:
            session.execute(text(order))
    assert problems(filled) == [f"The trigger {name} is off or refuses nothing."]


def test_check_finds_triggers_that_fire_for_replicas_alone_or_call_an_emptied_function(
    opened: Opened,
) -> None:
    if opened.database.dialect != "postgresql":
        pytest.skip("SQLite knows neither")
    with opened.database.write() as session:
        session.execute(text("ALTER TABLE signatures ENABLE REPLICA TRIGGER signatures_no_change"))
        session.execute(
            text(
                "CREATE OR REPLACE FUNCTION forbid_change_of_addenda() RETURNS trigger "
                f"LANGUAGE plpgsql AS {NOTHING}"
            )
        )
    assert problems(opened) == [
        f"The trigger {name} is off or refuses nothing."
        for name in ("addenda_no_change", "addenda_no_truncate", "signatures_no_change")
    ]


NOTHING = "$$ BEGIN RETURN NEW; END $$"


def test_check_finds_a_trigger_that_is_not_medmms(filled: Opened) -> None:
    orders = [
        "CREATE TRIGGER quiet AFTER INSERT ON reports BEGIN DELETE FROM studies WHERE id < 0; END"
    ]
    if filled.database.dialect == "postgresql":
        orders = [
            f"CREATE FUNCTION quiet() RETURNS trigger LANGUAGE plpgsql AS {NOTHING}",
            "CREATE TRIGGER quiet AFTER INSERT ON reports FOR EACH ROW EXECUTE FUNCTION quiet()",
        ]
    with filled.database.write() as session:
        for order in orders:
            session.execute(text(order))
    assert problems(filled) == [
        "The trigger quiet is not one of medmm's, and could change what is written."
    ]


STEP = (
    "INSERT INTO report_statuses (report_id, number, status, author, time, reason) "
    "VALUES (1, {number}, '{status}', 'Rex', '2026-11-25 12:00:00', '')"
)


@pytest.mark.parametrize(
    ("orders", "told"),
    [
        (
            ["UPDATE reports SET status = 'preliminary'"],
            ["Report 1 is preliminary, and its last change made it draft."],
        ),
        (
            ["UPDATE reports SET status = 'cancelled'"],
            ["Report 1 is cancelled, and its last change made it draft."],
        ),
        (
            [STEP.format(number=1, status="preliminary")],
            ["Report 1 is draft, and its last change made it preliminary."],
        ),
        (
            [
                STEP.format(number=1, status="preliminary"),
                STEP.format(number=2, status="cancelled"),
                "UPDATE reports SET status = 'preliminary'",
            ],
            ["Report 1 is preliminary, and its last change made it cancelled."],
        ),
        (
            [
                STEP.format(number=2, status="preliminary"),
                "UPDATE reports SET status = 'preliminary'",
            ],
            ["A change of the status of report 1 is missing."],
        ),
    ],
)
def test_check_finds_a_status_that_its_changes_did_not_make(
    filled: Opened, orders: list[str], told: list[str]
) -> None:
    with filled.database.write() as session:
        for order in orders:
            session.execute(text(order.replace(":", "\\:")))
    assert problems(filled) == told


def test_check_finds_a_removed_last_change_of_status(filled: Opened) -> None:
    status_changes.hand_on(filled.database, 1, author="Rex")
    status_changes.cancel_report(filled.database, 1, author="Rex", reason="Double.")
    assert problems(filled) == []
    raw(filled, "DELETE FROM report_statuses WHERE number = 2")
    assert "Report 1 is cancelled, and its last change made it preliminary." in problems(filled)
