"""Rows as lines of JSON that mean the same on every database, and back into tables.

A table is known by its columns' names and kinds alone, so rows of an older schema are read and
written without its models. Order and text of a row do not depend on the database that it lay in.
"""

import base64
import gzip
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from io import BufferedIOBase
from typing import IO, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    insert,
    select,
    text,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from medmm.database import SafeText, UtcDateTime
from medmm.records.backup.format import TableInfo

Columns = Sequence[tuple[str, str]]
ROWS_AT_ONCE = 500
# A line is one row; the longest are documents of knowledge and of reports.
LONGEST_LINE = 256 << 20
_TYPES: dict[str, Callable[[], TypeEngine[Any]]] = {
    "integer": BigInteger,
    "number": Float,
    "text": SafeText,
    "truth": Boolean,
    "moment": UtcDateTime,
    "bytes": LargeBinary,
    "json": lambda: JSON(none_as_null=True),
}
_PYTHON: dict[str, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "text": (str,),
    "truth": (bool,),
    "moment": (str,),
    "bytes": (str,),
}


def columns_of(table: Table) -> tuple[tuple[str, str], ...]:
    """Names and kinds of a model's columns, in order."""
    return tuple((column.name, _kind(column.type)) for column in table.columns)


def plain_table(name: str, columns: Columns, key: Sequence[str] = ()) -> Table:
    """A table to read from and write to that is only its columns' names and kinds."""
    made = [Column(one, _TYPES[kind](), primary_key=one in key) for one, kind in columns]
    return Table(name, MetaData(), *made)


def lines_of(session: Session, table: Table) -> Iterator[bytes]:
    """All rows of a model's table as lines, in the order of its key, some at a time."""
    columns = columns_of(table)
    key = [column.name for column in table.primary_key]
    plain = plain_table(table.name, columns, key)
    wanted = select(*plain.columns).order_by(*(plain.columns[name] for name in key))
    kinds = [kind for _, kind in columns]
    for row in session.execute(wanted.execution_options(yield_per=ROWS_AT_ONCE)):
        told = [_told(kind, value) for kind, value in zip(kinds, row, strict=True)]
        line = json.dumps(told, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        yield line.encode("utf-8") + b"\n"


def counter_of(session: Session, table: Table) -> int | None:
    """The last number that a table's counter gave; None where it has none or gave none."""
    if table.autoincrement_column is None:
        return None
    if session.get_bind().dialect.name == "sqlite":
        if not session.scalar(text("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'")):
            return None
        wanted = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        last: int | None = session.scalar(wanted, {"name": table.name})
        return last
    name = _sequence(session.connection(), table.name, table.autoincrement_column.name)
    if name is None:
        return None
    given = session.execute(text(f"SELECT last_value, is_called FROM {name}")).one()  # noqa: S608
    return int(given.last_value) if given.is_called else None


def load(connection: Connection, info: TableInfo, source: IO[bytes] | BufferedIOBase) -> None:
    """Put all rows of a packed table into the empty one of that name.

    Raises:
        ValueError: a line is no row of it, or they are not as many or as long as was said.
        OSError, EOFError, zlib.error: it is not gzip.
        HomeError: the database cannot be written now.
    """
    table = plain_table(info.name, info.columns)
    some: list[dict[str, Any]] = []
    for row in _rows(info, source):
        some.append(row)
        if len(some) == ROWS_AT_ONCE:
            connection.execute(insert(table), some)
            some = []
    if some:
        connection.execute(insert(table), some)


def set_counter(connection: Connection, info: TableInfo) -> None:
    """Let a table's counter go on after the last number it gave, or after its last row's."""
    if connection.dialect.name == "sqlite":
        if info.counter is None:
            return
        with_counter = "SELECT 1 FROM sqlite_master WHERE name = :name AND sql LIKE :counted"
        told = {"name": info.name, "counted": "%AUTOINCREMENT%"}
        if connection.scalar(text(with_counter), told):
            remove = text("DELETE FROM sqlite_sequence WHERE name = :name")
            connection.execute(remove, {"name": info.name})
            add = text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)")
            connection.execute(add, {"name": info.name, "last": info.counter})
        return
    for column, kind in info.columns:
        sequence = _sequence(connection, info.name, column) if kind == "integer" else None
        if sequence is not None:
            highest = text(f"SELECT max({column}) FROM {info.name}")  # noqa: S608
            last = max(connection.scalar(highest) or 0, info.counter or 0)
            # Number 1 that was not given yet, or the last that was.
            put = text("SELECT setval(CAST(:name AS regclass), :last, :given)")
            connection.execute(put, {"name": sequence, "last": max(last, 1), "given": last > 0})


def lines(source: IO[bytes] | BufferedIOBase, count: int, size: int) -> Iterator[Any]:
    """What each line of JSON under gzip holds; no more is unpacked than was said.

    Raises:
        ValueError: they are not as many or as long as was said, or a line is no JSON.
        OSError, EOFError, zlib.error: it is not gzip.
    """
    seen, left = 0, size
    with gzip.GzipFile(fileobj=source, mode="rb") as unpacked:
        while line := unpacked.readline(min(left, LONGEST_LINE) + 1):
            seen, left = seen + 1, left - len(line)
            if left < 0 or seen > count or not line.endswith(b"\n"):
                raise ValueError("more than was said")
            yield json.loads(line, parse_constant=_refuse)
    if (seen, left) != (count, 0):
        raise ValueError("less than was said")


def _rows(info: TableInfo, source: IO[bytes] | BufferedIOBase) -> Iterator[dict[str, Any]]:
    for row in lines(source, info.packed.lines, info.packed.size):
        if not isinstance(row, list):
            raise TypeError("no row")
        yield {
            name: _value(kind, value) for (name, kind), value in zip(info.columns, row, strict=True)
        }


def _kind(of: TypeEngine[Any]) -> str:
    known: Iterable[tuple[type, str]] = (
        (JSON, "json"),
        (UtcDateTime, "moment"),
        (LargeBinary, "bytes"),
        (Boolean, "truth"),
        (Integer, "integer"),
        (Float, "number"),
        (SafeText, "text"),
        (String, "text"),
    )
    for kind, name in known:
        if isinstance(of, kind):
            return name
    raise TypeError(f"a column of type {of!r} has no form in a backup")


def _told(kind: str, value: Any) -> Any:
    if value is None:
        return None
    if kind == "moment":
        return value.isoformat()
    if kind == "bytes":
        return base64.b64encode(value).decode("ascii")
    return value


def _value(kind: str, value: Any) -> Any:
    if value is None or kind == "json":
        return value
    if type(value) not in _PYTHON[kind]:
        raise ValueError(kind)
    if kind == "integer" and not -(2**63) <= value < 2**63:
        raise ValueError(kind)
    if kind == "bytes":
        return base64.b64decode(value, validate=True)
    return datetime.fromisoformat(value) if kind == "moment" else value


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _sequence(connection: Connection, table: str, column: str) -> str | None:
    wanted = text("SELECT pg_get_serial_sequence(:name, :column)")
    found: str | None = connection.scalar(wanted, {"name": table, "column": column})
    return found
