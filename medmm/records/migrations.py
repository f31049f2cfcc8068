"""The database's schema: made new, checked against this version, upgraded whole or not at all."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, inspect
from sqlalchemy.orm import Session

from medmm.database import Base, Database, sqlite_folder
from medmm.errors import HomeError, MigrationError
from medmm.home import Home, network_file_system, sync_folder
from medmm.records import (  # noqa: F401  # they join the metadata
    audit_tables,
    job_tables,
    reading_tables,
    session_tables,
    signing_tables,
    tables,
    user_tables,
)

UPGRADE = "Run `medmm db upgrade`."


def ensure(database: Database, home: Home) -> None:
    """Make an empty database ready, and refuse one that is not at this version's schema.

    Raises:
        MigrationError: the database is behind or ahead.
        HomeError: it lies on a network file system, or cannot be used now.
    """
    folder = sqlite_folder(database.url)
    kind = network_file_system(folder) if folder else ""
    if kind:
        raise HomeError(
            f"{database.name} is on a network file system ({kind}), where SQLite can lose data.",
            "Name a local folder with --home, or use PostgreSQL (MEDMM_DATABASE_URL).",
        )
    with home.lock("database"):
        revision = current(database)
        if revision is None and not _has_tables(database):
            _run(database, "head")
            if folder:
                sync_folder(folder)
            return
    problem = _schema_problem(database, revision)
    if problem is not None:
        raise problem


def upgrade(
    database: Database, home: Home, also: Callable[[Session, str, str], object] | None = None
) -> tuple[str | None, str]:
    """Bring the schema to this version; the revisions before and after.

    One transaction: a process that is killed in it leaves the schema as it was. ``also`` is done
    last in it, where there was something to upgrade, with both revisions: recording the event.

    Raises:
        MigrationError: the database was made by a newer version, or a migration failed.
        HomeError: the database cannot be used now.
    """
    with home.lock("database"):
        before = current(database)
        if before is not None and before not in revisions():
            raise _ahead(database)
        if before is None and _has_tables(database):
            raise _unknown(database)
        with _alembic(database) as config:
            command.upgrade(config, "head")
            if also is not None and before not in (None, head()):
                with Session(config.attributes["connection"]) as session:
                    also(session, before, head())
                    # Within the connection's transaction, which is committed further out.
                    session.commit()
    return before, head()


def downgrade(database: Database, home: Home, revision: str) -> None:
    """Take the schema back to ``revision`` ("base": empty); what later ones keep is dropped.

    Raises:
        MigrationError: there is no such revision.
        HomeError: the database cannot be used now.
    """
    with home.lock("database"), _alembic(database) as config:
        command.downgrade(config, revision)


def differences(database: Database) -> list[str]:
    """Where the tables in the database are not what the models say; none is right."""
    with database.read() as session:
        try:
            command.check(_config(session.connection()))
        except CommandError as error:
            return [str(error)]
    return []


def current(database: Database) -> str | None:
    """The database's revision, None where there is none."""
    with database.read() as session:
        return MigrationContext.configure(session.connection()).get_current_revision()


def head() -> str:
    """The revision that this version works with."""
    return scripts().get_current_head() or ""


def schema_problem(database: Database) -> MigrationError | None:
    """Why the database's schema is not this version's, or None."""
    return _schema_problem(database, current(database))


def _schema_problem(database: Database, revision: str | None) -> MigrationError | None:
    if revision == head():
        return None
    if revision is None:
        return _unknown(database)
    if revision not in revisions():
        return _ahead(database)
    return MigrationError(
        f"{database.name} is at revision {revision}, and this medmm needs {head()}.", UPGRADE
    )


def _ahead(database: Database) -> MigrationError:
    return MigrationError(
        f"{database.name} was made by a newer version of medmm.",
        "Use that version, or restore a backup.",
    )


def _unknown(database: Database) -> MigrationError:
    return MigrationError(
        f"{database.name} has no revision, so nobody knows what its tables hold.",
        "Name another home with --home, or restore a backup.",
    )


def _has_tables(database: Database) -> bool:
    with database.read() as session:
        there = set(inspect(session.connection()).get_table_names())
    return bool(there & set(Base.metadata.tables))


def _run(database: Database, revision: str) -> None:
    with _alembic(database) as config:
        command.upgrade(config, revision)


@contextmanager
def _alembic(database: Database) -> Iterator[Config]:
    """Alembic's settings with a connection in one transaction, which env.py joins."""
    with database.change_schema() as connection:
        yield _config(connection)


def _config(connection: Connection | None = None) -> Config:
    config = Config(stdout=io.StringIO(), attributes={"connection": connection})
    # ConfigParser reads % as the beginning of a name.
    config.set_main_option("script_location", str(folder()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def folder() -> Path:
    """Where the migrations are: in the installed package, or beside it in a checkout.

    Raises:
        HomeError: neither is there.
    """
    package = Path(__file__).resolve().parents[1]
    for candidate in (package / "migrations", package.parent / "migrations"):
        if (candidate / "env.py").is_file():
            return candidate
    raise HomeError("medmm's migrations are missing.", "Install medmm again.")


@cache
def scripts() -> ScriptDirectory:
    """All revisions of this version."""
    return ScriptDirectory.from_config(_config())


def revisions() -> list[str]:
    """Names of all revisions, oldest first."""
    return [script.revision for script in scripts().walk_revisions()][::-1]
