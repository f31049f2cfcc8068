"""The schema goes up, down and up with rows, and a database of another version is refused."""

import itertools
import os
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    func,
    insert,
    inspect,
    select,
    text,
)

from medmm.database import Database
from medmm.errors import AccessError, HomeError, MedmmError, MigrationError
from medmm.records import audit, integrity, migrations, sessions, studies, users
from medmm.records.sign_in import authenticate
from medmm.records.triggers import PROTECTED, expected_triggers, trigger_problems
from rag import integrity as knowledge
from tests.records import ledger
from tests.records.conftest import Opened
from tests.records.deeds import HERE, QUICK, SIGNER, Doer, do_round
from tests.records.killing import Parent


def table_names(database: Database) -> set[str]:
    with database.read() as session:
        return set(inspect(session.connection()).get_table_names())


def fill(opened: Opened, number: int = 1) -> None:
    """Rows in every table, by the functions that make them."""
    doer = Doer(opened.home, opened.database, number)
    if SIGNER not in {user.name for user in users.list_users(opened.database)}:
        doer.add_signer()
    do_round(doer)
    with pytest.raises(AccessError):
        authenticate(opened.database, SIGNER, "wrong", HERE, hasher=QUICK)
    token = sessions.start(opened.database, SIGNER, HERE)
    session = sessions.find(opened.database, token)
    assert session is not None
    sessions.bind(opened.database, session.session, f"shown {number}")
    fill_the_rest(opened)
    # A downgrade drops the events, which the head rightly tells.
    audit.seal(opened.database, opened.home, anew=True)


def fill_the_rest(opened: Opened) -> None:
    """A row in each table that the deeds leave empty, made by what its columns may hold."""
    empty = {name for name, rows in ledger.dump(opened.database).items() if not rows}
    with opened.database.write() as session:
        shape = MetaData()
        shape.reflect(session.connection(), only=lambda name, _: name in empty, resolve_fks=True)
        for table in shape.sorted_tables:
            if table.name in empty:
                keys = {key.parent.name: key.column for key in table.foreign_keys}
                session.execute(
                    insert(table).values({
                        column.name: session.scalar(select(func.max(keys[column.name])))
                        if column.name in keys
                        else made_value(column)
                        for column in table.columns
                    })
                )  # fmt: skip


def made_value(column: Column[Any]) -> object:
    """Something that the column can hold."""
    if isinstance(column.type, JSON):
        return {"made": 1}
    if isinstance(column.type, DateTime):
        return datetime(2026, 11, 25, 12, tzinfo=UTC)
    if isinstance(column.type, LargeBinary):
        return b"made"
    return 1 if isinstance(column.type, (Integer, Boolean)) else "made"


def test_a_new_database_is_made_at_the_head(opened: Opened) -> None:
    assert migrations.current(opened.database) == migrations.head()
    assert migrations.differences(opened.database) == []
    assert integrity.check(opened.database, opened.home) == []


def test_models_and_migrations_that_differ_are_told(opened: Opened) -> None:
    with opened.database.write() as session:
        session.execute(text("ALTER TABLE patients ADD COLUMN shoe_size INTEGER"))
    (difference,) = migrations.differences(opened.database)
    assert "shoe_size" in difference


EARLIER = ["base", *migrations.revisions()[:-1]]
STATUS = r"Report \d+ is \w+, and its last change made it draft."
UNSIGNED = r"Report \d+ was signed, and the signature is missing."
UNSTEPPED = r"Report \d+ did not become (final|amended) as often as it was signed so."
LACKS = r"Report \d+ lacks a signature that the audit trail has."
# What a downgrade to a revision loses for good is told after the upgrade; later ones lose nothing
# that `db check` could miss.
LOST = {
    "0001": {STATUS, UNSIGNED},
    "0002": {STATUS, UNSIGNED},
    "0003": {STATUS, UNSIGNED, LACKS},
    "0004": {STATUS, UNSIGNED, LACKS},
    "0005": {UNSIGNED, UNSTEPPED, LACKS},
}


@pytest.mark.parametrize("revision", EARLIER)
def test_each_revision_goes_down_and_up_and_keeps_its_rows(opened: Opened, revision: str) -> None:
    fill(opened)
    whole = ledger.dump(opened.database)
    assert [name for name, rows in whole.items() if not rows] == [], "fill() misses a table"
    migrations.downgrade(opened.database, opened.home, revision)
    number = None if revision == "base" else revision
    assert migrations.current(opened.database) == number
    kept = {} if number is None else ledger.dump(opened.database)
    assert kept == ledger.common(whole, kept)
    assert migrations.upgrade(opened.database, opened.home) == (number, migrations.head())
    after = ledger.dump(opened.database)
    assert ledger.common(after, kept) == kept
    made = {name: len(rows) for name, rows in after.items() if name not in kept and rows}
    # The one row that its migration makes.
    assert made == ({} if "knowledge_revision" in kept else {"knowledge_revision": 1})
    assert migrations.differences(opened.database) == []
    fill(opened, 2)
    problems = integrity.check(opened.database, opened.home, hashes=True)
    known = LOST.get(revision, set())
    assert [one for one in problems if not any(re.fullmatch(told, one) for told in known)] == []
    assert [told for told in known if not any(re.fullmatch(told, one) for one in problems)] == []
    assert knowledge.problems(opened.database) == []


@pytest.mark.parametrize("revision", EARLIER)
def test_each_trigger_refuses_again_after_down_and_up(opened: Opened, revision: str) -> None:
    migrations.downgrade(opened.database, opened.home, revision)
    migrations.upgrade(opened.database, opened.home)
    fill(opened)
    before = ledger.dump(opened.database)
    for table in PROTECTED:
        column = "sequence" if table == "audit_events" else "number"
        orders = [f"DELETE FROM {table}", f"UPDATE {table} SET {column} = {column} + 7"]
        orders += [f"TRUNCATE {table} CASCADE"] if opened.database.dialect == "postgresql" else []
        for order in orders:
            with pytest.raises(MedmmError, match="refused"), opened.database.write() as session:
                session.execute(text(order))
    assert ledger.dump(opened.database) == before


@pytest.mark.crash
@pytest.mark.parametrize(
    ("filled", "revision", "wanted"),
    [(False, "base", "head"), (True, "0001", "head"), (True, "head", "base")],
)
def test_a_migration_killed_at_any_step_is_done_by_running_it_again(
    empty: Opened, filled: bool, revision: str, wanted: str
) -> None:
    if filled:
        migrations.ensure(empty.database, empty.home)
        fill(empty)
        if revision != "head":
            migrations.downgrade(empty.database, empty.home, revision)
    tables, now = table_names(empty.database), migrations.current(empty.database)
    before = ledger.dump(empty.database) if filled else {}
    url = empty.database.url.render_as_string(hide_password=False)
    with Parent(empty.home.path, url) as parent:
        for step in itertools.count(1, STRIDE):
            if parent.stop_at(step, wanted):
                break
            assert table_names(empty.database) == tables
            assert migrations.current(empty.database) == now
            assert (ledger.dump(empty.database) if filled else {}) == before
    # Each revision writes its name at least.
    assert step > len(migrations.revisions())
    if wanted == "base":
        assert table_names(empty.database) <= {"alembic_version", "sqlite_sequence"}
        migrations.upgrade(empty.database, empty.home)
    else:
        assert ledger.common(ledger.dump(empty.database), before) == before
    assert migrations.differences(empty.database) == []
    with empty.database.read() as session:
        assert list(trigger_problems(session)) == []


# Every statement is a step, of which the ordinary suite takes some and `make crash` all.
STRIDE = 1 if int(os.environ.get("MEDMM_TEST_KILLS", "20")) >= 200 else 7


def test_the_triggers_that_are_looked_for_are_those_that_the_migrations_make(
    opened: Opened,
) -> None:
    query = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid IN "
        "(SELECT oid FROM pg_class WHERE pg_table_is_visible(oid))"
        if opened.database.dialect == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with opened.database.read() as session:
        found = set(session.scalars(text(query)))
    assert found == expected_triggers(opened.database.dialect)


def test_down_to_base_leaves_nothing_of_ours(opened: Opened) -> None:
    fill(opened)
    migrations.downgrade(opened.database, opened.home, "base")
    assert table_names(opened.database) <= {"alembic_version", "sqlite_sequence"}


def test_upgrading_what_is_at_the_head_changes_nothing(opened: Opened) -> None:
    fill(opened)
    before = ledger.dump(opened.database)
    assert migrations.upgrade(opened.database, opened.home) == (
        (migrations.head(), migrations.head())
    )
    assert ledger.dump(opened.database) == before


def test_a_newer_database_is_refused(opened: Opened) -> None:
    with opened.database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for use in (migrations.ensure, migrations.upgrade):
        with pytest.raises(MigrationError, match="newer version"):
            use(opened.database, opened.home)
    assert "newer version" in integrity.check(opened.database, opened.home)[0]


def test_a_database_behind_is_refused_with_the_command_that_mends_it(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(migrations.folder(), folder)
    (folder / "versions" / "9999_later.py").write_text(LATER)
    monkeypatch.setattr(migrations, "folder", lambda: folder)
    migrations.scripts.cache_clear()
    fill(opened)
    before = ledger.dump(opened.database)
    try:
        with pytest.raises(MigrationError, match="medmm db upgrade") as told:
            migrations.ensure(opened.database, opened.home)
        assert told.value.exit_code == 5
        assert migrations.upgrade(opened.database, opened.home) == (HEAD, "later")
        migrations.ensure(opened.database, opened.home)
        assert "later" in table_names(opened.database)
        migrations.downgrade(opened.database, opened.home, HEAD)
        assert "later" not in table_names(opened.database)
        assert ledger.dump(opened.database) == before
    finally:
        migrations.scripts.cache_clear()


HEAD = migrations.head()
LATER = f'''
"""A later revision that rebuilds a table which others point to."""
import sqlalchemy as sa
from alembic import op
revision, down_revision = "later", "{HEAD}"
def upgrade():
    op.create_table("later", sa.Column("id", sa.Integer, primary_key=True))
    with op.batch_alter_table("studies", recreate="auto") as batch:
        batch.alter_column("accession", nullable=True)
def downgrade():
    with op.batch_alter_table("studies", recreate="auto") as batch:
        batch.alter_column("accession", nullable=False)
    op.drop_table("later")
'''


def test_tables_without_a_revision_are_refused(opened: Opened) -> None:
    with opened.database.write() as session:
        session.execute(text("DROP TABLE alembic_version"))
    for use in (migrations.ensure, migrations.upgrade):
        with pytest.raises(MigrationError, match="no revision"):
            use(opened.database, opened.home)


def test_a_failed_upgrade_leaves_the_database_as_it_was(
    empty: Opened, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(migrations.folder(), folder)
    (folder / "versions" / "9999_later.py").write_text(
        LATER.replace("def downgrade", "    op.execute('SELECT no_such_column')\ndef downgrade")
    )
    monkeypatch.setattr(migrations, "folder", lambda: folder)
    migrations.scripts.cache_clear()
    try:
        with pytest.raises(HomeError):
            migrations.ensure(empty.database, empty.home)
        assert table_names(empty.database) == set()
    finally:
        migrations.scripts.cache_clear()


def test_a_row_that_points_nowhere_stops_a_migration(sqlite_home: Opened) -> None:
    fill(sqlite_home)
    with (
        pytest.raises(MigrationError, match="point nowhere"),
        sqlite_home.database.change_schema() as connection,
    ):
        connection.execute(text("DELETE FROM studies"))
    assert studies.load_study(sqlite_home.database, sqlite_home.home, 1).id == 1
    with sqlite_home.database.write() as session:
        assert session.scalar(text("PRAGMA foreign_keys")) == 1


def test_migrations_are_found_from_any_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, opened: Opened
) -> None:
    (tmp_path / "decoy" / "migrations").mkdir(parents=True)
    (tmp_path / "decoy" / "migrations" / "env.py").write_text("raise SystemExit('decoy')")
    monkeypatch.chdir(tmp_path / "decoy")
    assert migrations.upgrade(opened.database, opened.home)[1] == migrations.head()


def test_an_upgrade_prints_nothing(opened: Opened, capfd: pytest.CaptureFixture[str]) -> None:
    migrations.upgrade(opened.database, opened.home)
    integrity.check(opened.database, opened.home)
    assert capfd.readouterr() == ("", "")
