"""Faults that a database can have at any moment, put into a real one."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any, Self

import psycopg
from sqlalchemy import event

from medmm.database import Database


def disk_error(dialect: str) -> Exception:
    """What the driver raises when the disk fails."""
    if dialect == "postgresql":
        return psycopg.errors.IoError("could not write: Input/output error")
    return coded(sqlite3.OperationalError("disk I/O error"), "SQLITE_IOERR_WRITE")


def coded(error: sqlite3.Error, name: str) -> sqlite3.Error:
    """The error with its name, as SQLite gives it."""
    error.sqlite_errorname = name
    return error


@dataclass
class Fault:
    """A fault after the nth statement (``at``), or the first that begins so; it may see all."""

    database: Database
    at: int = 0
    begins: str = "nothing begins so"
    error: Callable[[str], Exception] = disk_error
    seen: int = 0
    struck: bool = False

    def __enter__(self) -> Self:
        event.listen(self.database.engine, "after_cursor_execute", self._after)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self.database.engine, "after_cursor_execute", self._after)

    def _after(self, _: Any, __: Any, statement: str, *___: Any) -> None:
        self.seen += 1
        if not self.struck and (self.seen == self.at or statement.startswith(self.begins)):
            self.struck = True
            raise self.error(self.database.dialect)


@dataclass
class Ended:
    """The server ends the connection that writes after its nth statement, as a restart does."""

    database: Database
    admin: psycopg.Connection
    at: int
    seen: int = 0

    def __enter__(self) -> Self:
        event.listen(self.database.engine, "after_cursor_execute", self._after)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self.database.engine, "after_cursor_execute", self._after)

    def _after(self, connection: Any, *_: Any) -> None:
        self.seen += connection.get_execution_options().get("medmm_write", False)
        if self.seen == self.at:
            own = connection.connection.driver_connection.info.backend_pid
            # Waits until the backend is gone.
            self.admin.execute("SELECT pg_terminate_backend(%s, 5000)", (own,))


@contextmanager
def commit_fault(database: Database, at: int = 1, *, done: bool = False) -> Iterator[None]:
    """The nth commit fails: before anything was kept or, if ``done``, after all of it was."""
    seen = count(1)
    dialect: Any = database.engine.dialect
    commit = dialect.do_commit

    def fail(connection: Any) -> None:
        strikes = next(seen) == at
        if done or not strikes:
            commit(connection)
        if strikes:
            raise disk_error(dialect.name)

    dialect.do_commit = fail
    try:
        yield
    finally:
        del dialect.do_commit
