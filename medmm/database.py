"""The database: engine, sessions for reading and writing, declarative base; no table of its own.

SQLite runs in WAL with synchronous=FULL, so an acknowledged commit survives a crash, and every
write begins with BEGIN IMMEDIATE, so writers queue instead of failing half-way. PostgreSQL does the
same work for many users.
"""

import json
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Connection,
    DateTime,
    Dialect,
    Engine,
    MetaData,
    Text,
    create_engine,
    event,
    text,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from medmm.errors import HomeError, MedmmError, MigrationError, MissingError, StorageError

BUSY_SECONDS = 30
PRAGMAS = (
    f"busy_timeout={BUSY_SECONDS * 1000}",
    "synchronous=FULL",
    "foreign_keys=ON",
    # REPLACE deletes rows; without this it would get past a trigger that forbids it.
    "recursive_triggers=ON",
    "trusted_schema=OFF",
    "cell_size_check=ON",
    # What is removed is overwritten, not only unlinked.
    "secure_delete=ON",
)
FREE_SPACE = (
    "Free space there and run the command again; nothing that was reported as done is lost."
)
RESTORE = "Restore the home from a backup; `medmm db check` says what is damaged."


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC: aware on both sides, also where the database keeps no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Into the database; a naive time is refused because nobody knows what it means."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without time zone cannot be stored")
        moment = value.astimezone(UTC)
        return moment if dialect.name == "postgresql" else moment.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Out of the database."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class SafeText(TypeDecorator[str]):
    """Text from files: what no database can hold (NUL, lone surrogates) becomes U+FFFD."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Into the database."""
        return None if value is None else storable(value)


def storable(value: str) -> str:
    """The text with NUL and lone surrogates replaced by U+FFFD."""
    whole = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\0", "\ufffd")


class Base(DeclarativeBase):
    """What every table derives from; constraints have names, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012
        datetime: UtcDateTime,
        str: SafeText,
        dict[str, Any]: JSON(none_as_null=True),
        list[Any]: JSON(none_as_null=True),
    }


class Database:
    """One database by URL: SQLite or PostgreSQL.

    Raises:
        HomeError: the URL is of no database that medmm can use.
        MissingError: the driver for PostgreSQL is not installed.
    """

    def __init__(self, url: str) -> None:
        self.url = _supported(url)
        self.engine = _engine(self.url)
        self.dialect = self.engine.dialect.name
        self._writer = self.engine.execution_options(medmm_write=True)
        # One snapshot for all queries of a read, as SQLite's WAL gives by itself.
        self._reader = (
            self.engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            if self.dialect == "postgresql"
            else self.engine
        )

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one state of the database throughout and keeps nothing.

        Raises:
            HomeError: the database cannot be used now.
        """
        with self._told(), Session(self._reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose work is committed as a whole at the end, or not at all.

        Raises:
            HomeError: the database cannot be used now.
        """
        with (
            self._told(),
            Session(self._writer, expire_on_commit=False) as session,
            session.begin(),
        ):
            # Begin now, not at the first statement: who is inside is the only writer of SQLite.
            session.connection()
            yield session

    @contextmanager
    def change_schema(self) -> Iterator[Connection]:
        """A connection for migrations: one transaction, alone, foreign keys checked at its end.

        SQLite can only rebuild a table with foreign keys off, and only switch them outside a
        transaction (https://www.sqlite.org/lang_altertable.html, section 7).

        Raises:
            HomeError: the database cannot be used now, or the change would break foreign keys.
        """
        with self._told(), self._writer.connect() as connection:
            if self.dialect == "postgresql":
                with connection.begin():
                    hold(connection, "schema")
                    yield connection
                return
            raw: Any = connection.connection.driver_connection
            raw.execute("PRAGMA foreign_keys=OFF")
            try:
                with connection.begin():
                    yield connection
                    if connection.execute(text("PRAGMA foreign_key_check")).first():
                        raise MigrationError(
                            "The migration would leave rows that point nowhere.", RESTORE
                        )
            finally:
                raw.execute("PRAGMA foreign_keys=ON")

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()

    @property
    def name(self) -> str:
        """The database in words for messages: a path, or a URL without its password."""
        return self.url.database or "" if self.dialect == "sqlite" else str(self.url)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn the driver's errors into ours; values never get into the text."""
        try:
            yield
        except DBAPIError as error:
            # The driver's own text may quote values of the row, so it is not chained.
            raise _told_error(error, self.name) from None


def hold(work: Session | Connection, what: str) -> None:
    """Be the only writer of ``what`` until the transaction ends (SQLite: any writer is alone)."""
    bind = work.get_bind() if isinstance(work, Session) else work
    if bind.dialect.name == "postgresql":
        number = zlib.crc32(f"medmm.{what}".encode())
        work.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})


def _supported(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise HomeError(
            "The database's URL cannot be read.", "Mend MEDMM_DATABASE_URL or settings.toml."
        ) from None
    if parsed.drivername == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername == "sqlite" and parsed.database:
        return parsed
    if parsed.drivername == "postgresql+psycopg":
        return parsed
    raise HomeError(
        f"medmm cannot keep its records in {parsed.drivername}.",
        "Use sqlite:///PATH or postgresql+psycopg://USER@HOST/NAME as MEDMM_DATABASE_URL.",
    )


def _engine(url: URL) -> Engine:
    options: dict[str, Any] = {
        "hide_parameters": True,
        "json_serializer": partial(json.dumps, allow_nan=False),
    }
    if url.drivername != "sqlite":
        options["pool_pre_ping"] = True
    try:
        engine = create_engine(url, **options)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise MissingError(
            "The driver for PostgreSQL is not installed.", "pip install 'medmm[postgres]'"
        ) from error
    if url.drivername == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    # Without this pysqlite begins transactions by itself, late and never IMMEDIATE.
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").close()
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        connection.execute("PRAGMA journal_mode=WAL").close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("medmm_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _told_error(error: DBAPIError, name: str) -> MedmmError:
    if isinstance(error.orig, sqlite3.Error):
        return _told_sqlite(error.orig, name)
    return _told_postgres(error, name)


def _told_sqlite(error: sqlite3.Error, name: str) -> MedmmError:
    code = getattr(error, "sqlite_errorname", "") or type(error).__name__
    kind = code.removeprefix("SQLITE_").split("_")[0]
    known = {
        "FULL": StorageError(f"There is no space left to write {name}.", FREE_SPACE),
        "IOERR": StorageError(
            f"{name} cannot be read or written: the disk fails or is full ({code}).", FREE_SPACE
        ),
        "READONLY": StorageError(
            f"{name} cannot be written: it is read-only.",
            "Give this user the right to write there or name another home with --home.",
        ),
        "CANTOPEN": StorageError(
            f"{name} cannot be opened.",
            "Look whether its folder is there, has space and is not read-only for this user.",
        ),
        "BUSY": HomeError(
            f"{name} was in use by another process for over {BUSY_SECONDS} s.",
            "Wait for it to end, then run the command again.",
        ),
        "LOCKED": HomeError(f"{name} is in use.", "Run the command again."),
        "CORRUPT": StorageError(f"{name} is damaged.", RESTORE),
        "NOTADB": StorageError(f"{name} is not a database.", RESTORE),
    }
    if kind in known:
        return known[kind]
    if "no such table" in str(error) or "no such column" in str(error):
        return _behind(name)
    return MedmmError(f"{name} refused a row or a query ({code}).")


def _told_postgres(error: DBAPIError, name: str) -> MedmmError:
    state = getattr(error.orig, "sqlstate", None) or ""
    if state.startswith("53"):
        return StorageError(f"{name} has no space or memory left (SQLSTATE {state}).", FREE_SPACE)
    if state == "25006":
        return StorageError(f"{name} is read-only.", "Use the server that accepts writes.")
    if state in {"58030", "58P01", "XX001", "XX002"}:
        return StorageError(f"{name} is damaged or its disk fails (SQLSTATE {state}).", RESTORE)
    if state in {"42P01", "42703"}:
        return _behind(name)
    if state in {"", "3D000"} or state[:2] in {"08", "28", "57"}:
        return HomeError(
            f"{name} cannot be reached{f' (SQLSTATE {state})' if state else ''}.",
            "Start the server, or mend MEDMM_DATABASE_URL.",
        )
    return MedmmError(f"{name} refused a row or a query (SQLSTATE {state}).")


def _behind(name: str) -> MigrationError:
    return MigrationError(
        f"{name} lacks a table or column of this version.", "Run `medmm db upgrade`."
    )


def sqlite_folder(url: URL) -> Path | None:
    """The folder of a SQLite database's file; None for other databases."""
    if url.drivername != "sqlite" or not url.database:
        return None
    return Path(url.database).absolute().parent
