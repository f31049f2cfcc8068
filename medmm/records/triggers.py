"""The triggers that keep rows as they were written: named, so that `db check` misses a gone one.

Whoever drops a trigger could change a version, a signature or an event without an error; what was
changed then is found by its hash, and that it could be changed is found here.
"""

from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.orm import Session

PROTECTED = ("report_versions", "audit_events", "report_statuses", "signatures", "addenda")
"""Tables whose rows are only ever added."""
SQLITE, POSTGRES = ("no_update", "no_delete"), ("no_change", "no_truncate")
_ON_SQLITE = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
# A trigger that is disabled, or fires for replicas alone, is as good as none.
_ON_POSTGRES = text(
    "SELECT t.tgname, CASE WHEN t.tgenabled IN ('O', 'A') THEN p.prosrc ELSE '' END "
    "FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid "
    "WHERE NOT t.tgisinternal AND pg_table_is_visible(c.oid)"
)


def expected_triggers(dialect: str) -> set[str]:
    """The names of all triggers that the migrations make on this database."""
    ends = POSTGRES if dialect == "postgresql" else SQLITE
    return {f"{table}_{end}" for table in PROTECTED for end in ends}


def trigger_problems(session: Session) -> Iterator[str]:
    """Each trigger that is missing, disabled or no longer refuses, and each that is not medmm's."""
    dialect = session.get_bind().dialect.name
    wanted = _ON_POSTGRES if dialect == "postgresql" else _ON_SQLITE
    found = {row[0]: row[1] for row in session.execute(wanted)}
    expected = expected_triggers(dialect)
    for name in sorted(expected - set(found)):
        yield f"The trigger {name} is missing: what it protects could be changed unseen."
    for name in sorted(expected & set(found)):
        if "RAISE" not in found[name]:
            yield f"The trigger {name} is off or refuses nothing."
    for name in sorted(set(found) - expected):
        yield f"The trigger {name} is not one of medmm's, and could change what is written."
