"""Triggers that refuse a deletion, lifted within one transaction and put back as they were.

DDL is transactional on both databases: whoever reads meanwhile sees them in force, and so does
everybody after the transaction failed or its process was killed.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import bindparam, text
from sqlalchemy.orm import Session

_ON_SQLITE = text(
    "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN :tables "
    "ORDER BY rowid"
).bindparams(bindparam("tables", expanding=True))
# By age of the table: those who write to several do so in that order, too, so none waits for us
# while we wait for it.
_ON_POSTGRES = text(
    "SELECT c.relname, t.tgname, t.tgenabled FROM pg_trigger t JOIN pg_class c "
    "ON c.oid = t.tgrelid WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' "
    "AND c.relname IN :tables AND pg_table_is_visible(c.oid) ORDER BY c.oid, t.tgname"
).bindparams(bindparam("tables", expanding=True))
_STATES = {"O": "ENABLE", "A": "ENABLE ALWAYS", "R": "ENABLE REPLICA"}


@contextmanager
def lifted(session: Session, tables: Sequence[str]) -> Iterator[None]:
    """Delete from these tables within; if that fails, the transaction must not be committed."""
    postgres = session.get_bind().dialect.name == "postgresql"
    with _on_postgres(session, tables) if postgres else _on_sqlite(session, tables):
        yield


@contextmanager
def _on_sqlite(session: Session, tables: Sequence[str]) -> Iterator[None]:
    found = session.execute(_ON_SQLITE, {"tables": list(tables)}).all()
    for name, _ in found:
        session.execute(text(f'DROP TRIGGER "{name}"'))
    yield
    session.flush()
    driver = session.connection()
    for _, sql in found:
        # As the database kept it, byte for byte: nothing in it is a parameter.
        driver.exec_driver_sql(sql)


@contextmanager
def _on_postgres(session: Session, tables: Sequence[str]) -> Iterator[None]:
    found = session.execute(_ON_POSTGRES, {"tables": list(tables)}).all()
    for table, name, _ in found:
        session.execute(text(f'ALTER TABLE "{table}" DISABLE TRIGGER "{name}"'))
    yield
    session.flush()
    for table, name, state in found:
        session.execute(text(f'ALTER TABLE "{table}" {_STATES[state]} TRIGGER "{name}"'))
