"""The database's own leavings of deleted rows, overwritten: they outlive a commit on both.

SQLite overwrites what a deletion frees (secure_delete), but not the copies that moving rows between
pages left in gaps of pages in use, nor the write-ahead log, nor the words of a full text index,
whose segments are merged later (https://www.sqlite.org/fts5.html#the_rebuild_command).
PostgreSQL keeps deleted rows until they are vacuumed, and a plain VACUUM frees their place without
overwriting it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import text

from medmm.database import Database
from medmm.errors import MedmmError
from medmm.records.erasing.rows import patient_tables
from medmm.records.search_index import TABLE as SEARCH

# How long others may still read what was there before.
WAIT_MS = 30_000
_FIRST_NUMBER = re.compile(r"\d+")
_OWNED = "SELECT pg_has_role(datdba, 'USAGE') FROM pg_database WHERE datname = current_database()"


def scrub(database: Database) -> list[str]:
    """Overwrite what deleted rows left; what could not be, a sentence each."""
    driver: Any = database.engine.dialect.dbapi
    scrubbed = _scrub_postgres if database.dialect == "postgresql" else _scrub_sqlite
    try:
        return scrubbed(database)
    except (MedmmError, driver.Error):
        # Its text may quote a row. Full disk, a lock that others did not give up, a lost server.
        told = "could not be rewritten without what was deleted"
        return [f"{database.name} {told}: it is in use, its disk is full, or not this user's."]


def _scrub_sqlite(database: Database) -> list[str]:
    with database.write() as session:
        session.execute(text(f"INSERT INTO {SEARCH} ({SEARCH}) VALUES ('rebuild')"))  # noqa: S608
    with _raw(database) as driver:
        driver.execute(f"PRAGMA busy_timeout={WAIT_MS}").close()
        driver.execute("VACUUM").close()
        busy, *_ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        return [f"{database.name}-wal still holds what was deleted: others are reading it."]
    return []


def _scrub_postgres(database: Database) -> list[str]:
    with database.read() as session:
        tables = patient_tables(session)
        schema = session.scalar(text("SELECT current_schema()"))
        owned = session.scalar(text(_OWNED))
    kept = []
    with _raw(database) as driver:
        driver.autocommit = True
        driver.execute(f"SET lock_timeout = {WAIT_MS}")
        kept += [name for name in tables if not _vacuumed(driver, f'"{schema}"."{name}"')]
        # ANALYZE keeps frequent values and bounds of a column, names among them.
        if not owned or not _vacuumed(driver, "pg_catalog.pg_statistic", analyze=False):
            kept.append("pg_statistic")
        driver.execute("RESET lock_timeout")
    if kept:
        told = f"{', '.join(kept)} of {database.name} may still hold what was deleted"
        return [f"{told}: an older session is open, or it is not this user's."]
    return []


def _vacuumed(driver: Any, name: str, *, analyze: bool = True) -> bool:
    """Whether a table was written anew without a single dead row."""
    said: list[str] = []

    def hear(notice: Any) -> None:
        # Only the count of rows has a detail, which begins with those that had to be kept.
        if notice.message_detail:
            said.append(notice.message_detail)

    driver.add_notice_handler(hear)
    try:
        options = "FULL, VERBOSE, ANALYZE" if analyze else "FULL, VERBOSE"
        driver.execute(f"VACUUM ({options}) {name}")
    finally:
        driver.remove_notice_handler(hear)
    numbers = [int(found[0]) for one in said if (found := _FIRST_NUMBER.search(one))]
    return bool(numbers) and not any(numbers)


@contextmanager
def _raw(database: Database) -> Iterator[Any]:
    """The driver's connection, outside a transaction, which VACUUM needs; not used again."""
    connection = database.engine.raw_connection()
    try:
        yield connection.driver_connection
    finally:
        connection.invalidate()
        connection.close()
