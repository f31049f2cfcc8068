"""The schema goes up, down and up with rows, and a database of another version is refused."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from medmm import home as home_module
from medmm.database import Database
from medmm.errors import HomeError, MigrationError
from medmm.records import audit, integrity, migrations, reports, studies
from tests.records.builders import draft, refused_series, region_with_mask, series, study
from tests.records.conftest import Opened


def table_names(database: Database) -> set[str]:
    with database.read() as session:
        return set(inspect(session.connection()).get_table_names())


def fill(opened: Opened) -> None:
    studies.save_study(opened.database, opened.home, study(series(), refused_series()))
    made = draft(regions=(region_with_mask(opened.home),))
    reports.save_draft(opened.database, opened.home, 1, made)
    with opened.database.write() as session:
        audit.record(session, audit.Event("ada", "admin", "database.upgrade", "database"))
    # A downgrade drops the events, which the head rightly tells.
    audit.seal(opened.database, opened.home, anew=True)


def test_a_new_database_is_made_at_the_head(opened: Opened) -> None:
    assert migrations.current(opened.database) == migrations.head()
    assert migrations.differences(opened.database) == []
    assert integrity.check(opened.database, opened.home) == []


def test_models_and_migrations_that_differ_are_told(opened: Opened) -> None:
    with opened.database.write() as session:
        session.execute(text("ALTER TABLE patients ADD COLUMN shoe_size INTEGER"))
    (difference,) = migrations.differences(opened.database)
    assert "shoe_size" in difference


def test_every_revision_goes_up_down_and_up_with_rows(opened: Opened) -> None:
    for revision in ("base", *reversed(migrations.revisions()[:-1])):
        fill(opened)
        migrations.downgrade(opened.database, opened.home, revision)
        assert migrations.current(opened.database) == (None if revision == "base" else revision)
        before, after = migrations.upgrade(opened.database, opened.home)
        assert (before, after) == (None if revision == "base" else revision, migrations.head())
        fill(opened)
        assert integrity.check(opened.database, opened.home, hashes=True) == []


def test_down_to_base_leaves_nothing_of_ours(opened: Opened) -> None:
    fill(opened)
    migrations.downgrade(opened.database, opened.home, "base")
    assert table_names(opened.database) <= {"alembic_version", "sqlite_sequence"}


def test_upgrading_what_is_at_the_head_changes_nothing(opened: Opened) -> None:
    fill(opened)
    assert migrations.upgrade(opened.database, opened.home) == (
        (migrations.head(), migrations.head())
    )
    assert reports.load_report(opened.database, 1).last.number == 1


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
    try:
        with pytest.raises(MigrationError, match="medmm db upgrade") as told:
            migrations.ensure(opened.database, opened.home)
        assert told.value.exit_code == 5
        assert migrations.upgrade(opened.database, opened.home) == (HEAD, "later")
        migrations.ensure(opened.database, opened.home)
        assert "later" in table_names(opened.database)
        migrations.downgrade(opened.database, opened.home, HEAD)
        assert "later" not in table_names(opened.database)
        assert reports.load_report(opened.database, 1).last.number == 1
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


def test_an_upgrade_that_is_killed_leaves_nothing_half_done(tmp_path: Path) -> None:
    home = home_module.prepare(tmp_path / "home")
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from sqlalchemy import event\n"
        "from medmm import home\n"
        "from medmm.database import Database\n"
        "from medmm.records import migrations\n"
        "opened = home.prepare(Path(sys.argv[1]))\n"
        "database = Database(opened.database_url)\n"
        "@event.listens_for(database.engine, 'before_cursor_execute')\n"
        "def die(connection, cursor, statement, *rest):\n"
        "    if sys.argv[2] in statement:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "migrations.ensure(database, opened)\n"
    )
    for moment in ("CREATE TABLE series", "CREATE TRIGGER", "fts5", "INSERT INTO alembic_version"):
        ended = subprocess.run(
            [sys.executable, "-c", code, str(home.path), moment],
            check=False,
            env={**os.environ, "MEDMM_HOME": str(home.path)},
        )
        assert ended.returncode == -signal.SIGKILL, moment
        with sqlite3.connect(home.path / "medmm.db") as raw:
            assert raw.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    database = Database(home.database_url)
    migrations.ensure(database, home)
    assert integrity.check(database, home) == []
    database.close()


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
