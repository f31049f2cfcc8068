"""The database of a backup made anew beside the home's own, and proved before it takes its place.

On SQLite it is a file in the staging folder, on PostgreSQL a schema of its own in the home's
database; until it is put in place nobody else sees it.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zlib import error as ZlibError  # noqa: N812

from sqlalchemy import inspect, select, text
from sqlalchemy.engine import make_url

from medmm.database import Database
from medmm.errors import HomeError, InputError, MedmmError, MigrationError
from medmm.home import Home
from medmm.records import audit_head, audit_seal, integrity, migrations
from medmm.records.access import By
from medmm.records.audit import event_by, record
from medmm.records.audit_chain import Walk
from medmm.records.backup.format import MEND, TableInfo, damaged
from medmm.records.backup.rows import load, set_counter
from medmm.records.reports import sentences
from medmm.records.restore.reading import Unpacked
from medmm.records.search_index import index_report
from medmm.records.tables import ReportRow, VersionRow

# Filled by the migrations, and by what is restored in their stead.
NOT_ROWS = frozenset({"alembic_version"})
# PostgreSQL cuts longer names.
_LONGEST_NAME = 63


def staged_home(home: Home, folder: Path) -> Home:
    """A home in a folder of its own, with everything in it."""
    own = {"home": folder, "database_url": "", "audit_head": None}
    return Home(folder, home.settings.model_copy(update=own))


def empty_database(home: Home, staged: Home) -> Database:
    """An empty database beside the home's own, on the same server or disk.

    Raises:
        HomeError: it cannot be made now.
    """
    if make_url(home.database_url).get_backend_name() == "sqlite":
        return Database(f"sqlite:///{quote(str(staged.path / 'medmm.db'))}")
    database = Database(home.database_url)
    try:
        name = staging_schema(database)
        with _rights(database), database.write() as session:
            session.execute(text(f'DROP SCHEMA IF EXISTS "{name}" CASCADE'))
            session.execute(text(f'CREATE SCHEMA "{name}"'))
    finally:
        database.close()
    options = f"{database.url.query.get('options', '')} -csearch_path={name}".strip()
    own = database.url.update_query_dict({"options": options})
    return Database(own.render_as_string(hide_password=False))


def remove_database(home: Home) -> None:
    """Remove what an unfinished restore left beside the home's own database.

    Raises:
        HomeError: the database cannot be used now.
    """
    if make_url(home.database_url).get_backend_name() == "sqlite":
        return
    database = Database(home.database_url)
    try:
        with _rights(database), database.write() as session:
            name = staging_schema(database)
            session.execute(text(f'DROP SCHEMA IF EXISTS "{name}" CASCADE'))
    finally:
        database.close()


def staging_schema(database: Database) -> str:
    """The schema that a restore into this database is made ready in."""
    with database.read() as session:
        own = session.scalar(text("SELECT current_schema()"))
    if own is None:
        raise HomeError(f"{database.name} names a schema that is not there.", "Make it first.")
    return f"medmm_restoring_{own}"[:_LONGEST_NAME]


def fill(
    database: Database,
    staged: Home,
    unpacked: Unpacked,
    file: Path,
    *,
    progress: Callable[[str], None],
) -> None:
    """Make the schema that the backup had, put its rows in, and bring it to this version's.

    Raises:
        InputError: the rows are not those of that schema, or do not fit together.
        HomeError: the database cannot be written now.
    """
    revision = unpacked.manifest.revision
    migrations.ensure(database, staged)
    if revision != migrations.head():
        migrations.downgrade(database, staged, revision)
    tables = unpacked.manifest.tables
    _must_be_the_same(database, tables, file)
    try:
        _load(database, unpacked, tables, progress)
    except MigrationError as error:
        raise _not_fitting(file, error.message) from None
    except HomeError:
        raise
    except MedmmError as error:
        raise _not_fitting(file, error.message) from None
    except (ValueError, TypeError, EOFError, OSError, ZlibError, RecursionError):
        raise damaged(str(file), "a table in it does not hold what it says") from None
    migrations.upgrade(database, staged)
    progress("making the search index")
    _index(database, file)


def prove_chain(database: Database, unpacked: Unpacked, file: Path) -> list[str]:
    """The audit chain as restored, against the backup's own head; what the backup said is wrong.

    Raises:
        InputError: it is not what the backup says it is.
    """
    said = unpacked.manifest
    head = unpacked.small("audit-head")
    sealed = None
    try:
        sealed = audit_head.parse_head(head).link if head is not None else None
    except HomeError as error:
        _known(error.message, said.problems, file)
    walk = Walk(sealed=sealed)
    with database.read() as session:
        found = walk.run(session)
    for problem in found:
        _known(problem, said.problems, file)
    if (walk.at.sequence, walk.at.hash) != (said.sequence, said.hash):
        raise InputError(f"{file} holds another audit chain than it says.", MEND, code="audit")
    return list(said.problems)


def record_restore(database: Database, staged: Home, unpacked: Unpacked, by: By) -> None:
    """Record the restore as the first event after the backup, and seal the chain with it anew.

    Raises:
        HomeError: it cannot be written now.
    """
    said = unpacked.manifest
    detail: dict[str, str | int | bool] = {
        "sha256": unpacked.sha256,
        "sequence": said.sequence,
        "hash": said.hash,
        "revision": said.revision,
        "count": said.files.lines,
    }
    with database.write() as session:
        record(session, event_by(by, "restore", detail=detail))
    audit_seal.seal(database, staged, anew=True)


def problems(database: Database, staged: Home) -> list[str]:
    """What `medmm db check` will say of the restored home, without the staging folder's name."""
    return [
        one.replace(f"{staged.path}/", "").replace(f"{staged.path}", "")
        for one in integrity.check(database, staged)
    ]


def _known(problem: str, said: tuple[str, ...], file: Path) -> None:
    if problem not in said:
        raise InputError(f"{file} cannot be trusted. {problem}", MEND, code="audit")


def _not_fitting(file: Path, why: str) -> InputError:
    return InputError(f"{file} holds rows that do not fit together: {why}", MEND, code="rows")


@contextmanager
def _rights(database: Database) -> Iterator[None]:
    """Turn the server's refusal to make a schema into words."""
    try:
        yield
    except HomeError:
        raise
    except MedmmError:
        raise HomeError(
            f"{database.name} does not let this user make a schema for the restore.",
            "Give it the right: GRANT CREATE ON DATABASE.",
        ) from None


def _must_be_the_same(database: Database, tables: tuple[TableInfo, ...], file: Path) -> None:
    """Refuse tables or columns that the schema of that revision does not have, or lacks."""
    with database.read() as session:
        there = inspect(session.connection())
        names = set(there.get_table_names()) - NOT_ROWS
        found = {
            name: {column["name"] for column in there.get_columns(name)}
            for name in names
            if not name.startswith("report_search")
        }
    said = {table.name: {name for name, _ in table.columns} for table in tables}
    if said != found:
        wrong = sorted(set(said) ^ set(found) or {one for one in said if said[one] != found[one]})
        raise damaged(str(file), f"table {wrong[0]} is not that of its schema")


def _load(
    database: Database,
    unpacked: Unpacked,
    tables: tuple[TableInfo, ...],
    progress: Callable[[str], None],
) -> None:
    with database.change_schema() as connection:
        foreign: Sequence[Any] = ()
        if database.dialect == "postgresql":
            # Taken away and put back, which proves them: rows come in no order of their own.
            wanted = (
                "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) "
                "FROM pg_constraint WHERE contype = 'f' "
                "AND connamespace = current_schema()::regnamespace"
            )
            foreign = connection.exec_driver_sql(wanted).all()
        for table, name, _ in foreign:
            connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        for info in tables:
            progress(f"restoring table {info.name}")
            # What the migrations put into a new table is in the backup, too.
            connection.exec_driver_sql(f"DELETE FROM {info.name}")  # noqa: S608
            with unpacked.table(info.name).open("rb") as packed:
                load(connection, info, packed)
            set_counter(connection, info)
        for table, name, said in foreign:
            connection.exec_driver_sql(f"ALTER TABLE {table} ADD CONSTRAINT {name} {said}")


def _index(database: Database, file: Path) -> None:
    """Make every report found by its last version's sentences."""
    last = (
        select(VersionRow.document)
        .where(VersionRow.report_id == ReportRow.id)
        .order_by(VersionRow.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    with database.write() as session:
        numbers = session.scalars(select(ReportRow.id).order_by(ReportRow.id)).all()
        for number in numbers:
            document = session.scalar(select(last).where(ReportRow.id == number))
            if document is None:
                continue
            try:
                index_report(session, number, list(sentences(json.loads(document))))
            except (KeyError, TypeError, ValueError, RecursionError):
                raise _not_fitting(file, f"report {number} is no report.") from None
