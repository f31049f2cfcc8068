"""What a home holds before it is restored: whether anything, and which erasings would be undone."""

from pathlib import Path

from sqlalchemy import func, inspect, select

from medmm.database import Database
from medmm.errors import InputError, MedmmError
from medmm.home import Home
from medmm.records.audit_tables import AuditRow
from medmm.records.erasing.tombstones import ERASE
from medmm.records.tables import StudyRow
from medmm.records.user_tables import UserRow


def must_be_empty(home: Home) -> None:
    """Refuse a home that holds something.

    Raises:
        InputError: it has studies or users, or nobody can tell.
        HomeError: its database cannot be reached.
    """
    found = _held(home)
    if found:
        raise InputError(
            f"{home.path} {found}.",
            "Restore into a new home (--home), or put what is there aside with --force.",
            code="not-empty",
        )


def erased_since(home: Home, restored: Database) -> list[str]:
    """Whom the home had erased and the backup brings back, as "patient:3"."""
    database = Database(home.database_url)
    if _is_absent(database):
        return []
    wanted = select(AuditRow.hash, AuditRow.thing).where(
        AuditRow.action == ERASE, AuditRow.outcome == "ok"
    )
    try:
        with database.read() as session:
            found = session.execute(wanted.order_by(AuditRow.sequence))
            there = {event: thing for event, thing in found}  # noqa: C416 - rows are not pairs
    except MedmmError:
        # Damaged, or older than the audit trail: nobody can tell.
        return []
    finally:
        database.close()
    with restored.read() as session:
        known = {one for one, _ in session.execute(wanted)}
    return list(dict.fromkeys(thing for one, thing in there.items() if one not in known))


def _held(home: Home) -> str:
    database = Database(home.database_url)
    if _is_absent(database):
        return ""
    try:
        with database.read() as session:
            there = set(inspect(session.connection()).get_table_names())
            for what, row in (("studies", StudyRow), ("users", UserRow)):
                number = select(func.count()).select_from(row.__table__)
                if row.__tablename__ in there and session.scalar(number):
                    return f"has {what} already"
    except MedmmError as error:
        if database.dialect != "sqlite":
            raise
        return f"has a database that cannot be read ({error.message.rstrip('.')})"
    finally:
        database.close()
    return ""


def _is_absent(database: Database) -> bool:
    """Whether there is no file yet; looking would make one."""
    return database.dialect == "sqlite" and not Path(database.name).exists()
