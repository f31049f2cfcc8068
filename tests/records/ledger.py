"""What a database holds against what its audit trail says was done: each without the other is told.

`facts` is what an acknowledgement promises: named values that are there afterwards.
"""

import json
from collections import Counter
from typing import Any

from sqlalchemy import TextClause, inspect, select, text
from sqlalchemy.orm import Session

from medmm.database import Database
from medmm.records.audit_tables import AuditRow
from medmm.records.search_index import TABLE
from medmm.records.signing_tables import AddendumRow, SignatureRow
from medmm.records.tables import ReportRow, StatusRow, StudyRow, VersionRow
from medmm.records.user_tables import UserRow
from rag.tables import DocumentRow
from tests.records.deeds import PASSWORD, SIGNER, digest, password_number

Facts = dict[str, str]
Rows = dict[str, list[dict[str, Any]]]
# What is the database's own, or how far it was migrated.
SKIPPED = ("alembic_version", "sqlite_")
CHANGING = ("user:", "document:")
"""What begins so may rightly become another value; all other facts stay for ever."""


def facts(database: Database) -> Facts:
    """Everything that was ever acknowledged, by name."""
    with database.read() as session:
        found = {f"study:{row.id}": row.uid for row in session.scalars(select(StudyRow))}
        found |= {f"report:{row.id}": str(row.study_id) for row in session.scalars(_all(ReportRow))}
        for version in session.scalars(_all(VersionRow)):
            found[f"version:{version.report_id}:{version.number}"] = version.sha256
        for step in session.scalars(_all(StatusRow)):
            found[f"status:{step.report_id}:{step.number}"] = step.status
        for signed in session.scalars(_all(SignatureRow)):
            found[f"signature:{signed.report_id}:{signed.number}"] = signed.bound_sha256
        for beside in session.scalars(_all(AddendumRow)):
            found[f"addendum:{beside.report_id}:{beside.number}"] = beside.bound_sha256
        for user in session.scalars(_all(UserRow)):
            off = "off" if user.disabled else "on"
            found[f"user:{user.name}"] = f"{user.role} {off} {user.password_hash}"
        for document in session.scalars(_all(DocumentRow)):
            found[f"document:{document.id}"] = f"{document.sha256} {document.superseded_by}"
        events = select(AuditRow.sequence, AuditRow.hash)
        found |= {f"event:{number}": own for number, own in session.execute(events)}
    return found


def lost(before: Facts, now: Facts, *, underway: bool) -> list[str]:
    """Facts of ``before`` that are no longer so; ``underway``: some that change may have."""
    gone = [name for name, value in before.items() if now.get(name) != value]
    return [name for name in gone if not (underway and name.startswith(CHANGING))]


def told(database: Database) -> list[str]:
    """Where data and events do not tell the same story; [] if each has the other."""
    with database.read() as session:
        events = [
            (row.action, row.thing, json.loads(row.detail))
            for row in session.scalars(select(AuditRow).order_by(AuditRow.sequence))
            if row.outcome == "ok"
        ]
        return [*_counted(session, events), *_users(session, events), *_documents(session, events)]


def dump(database: Database) -> Rows:
    """Every row of every table that is in the database now, and of the index, as it is kept."""
    with database.read() as session:
        shape = inspect(session.connection())
        names = [name for name in shape.get_table_names() if not name.startswith((*SKIPPED, TABLE))]
        found = {name: [one["name"] for one in shape.get_columns(name)] for name in names}
        found[TABLE] = ["report_id" if database.dialect == "postgresql" else "rowid", "words"]
        return {
            table: sorted(
                [dict(row) for row in session.execute(_raw(table, columns)).mappings()], key=repr
            )
            for table, columns in found.items()
        }


def common(rows: Rows, other: Rows) -> Rows:
    """``rows`` as far as ``other`` has the same tables and columns."""
    shape = {name: set(own[0]) if own else None for name, own in other.items()}
    return {
        table: sorted([_cut(row, shape[table]) for row in own], key=repr)
        for table, own in rows.items()
        if table in shape
    }


def _cut(row: dict[str, Any], names: set[str] | None) -> dict[str, Any]:
    """The row without other columns; of an empty table nobody knows them."""
    return {name: row[name] for name in row if names is None or name in names}


def quoted(name: str) -> str:
    """A column's name as SQL takes it."""
    return f'"{name}"' if name != "rowid" else name


def _raw(table: str, columns: list[str]) -> TextClause:
    return text(f"SELECT {', '.join(map(quoted, columns))} FROM {table}")


def _all(row: Any) -> Any:
    return select(row).order_by(row.id)


def _counted(session: Session, events: list[Any]) -> list[str]:
    """Rows that are only ever added: as many as there are events of them."""
    rows: Counter[tuple[str, str]] = Counter()
    rows.update(("draft", f"report:{one}") for one in session.scalars(select(ReportRow.id)))
    later = select(VersionRow.report_id).where(VersionRow.number > 1)
    rows.update(("edit", f"report:{one}") for one in session.scalars(later))
    steps = {"preliminary": "hand_on", "cancelled": "cancel", "final": "sign", "amended": "addend"}
    for step in session.scalars(select(StatusRow)):
        rows[steps[step.status], f"report:{step.report_id}"] += 1
    signed: Counter[tuple[str, str]] = Counter()
    signed.update(
        ("sign", f"report:{one}") for one in session.scalars(select(SignatureRow.report_id))
    )
    signed.update(
        ("addend", f"report:{one}") for one in session.scalars(select(AddendumRow.report_id))
    )
    kinds = {"draft", "edit", "hand_on", "cancel", "sign", "addend"}
    recorded = Counter((action, thing) for action, thing, _ in events if action in kinds)
    problems = _differ("data", rows, "events", recorded)
    steps_signed = Counter(
        {name: one for name, one in rows.items() if name[0] in {"sign", "addend"}}
    )
    problems += _differ("signatures", signed, "steps", steps_signed)
    # The same study again is an event and no row.
    studies = {f"study:{one}" for one in session.scalars(select(StudyRow.id))}
    ingested = {thing for action, thing, _ in events if action == "ingest"}
    return problems + [f"{one}: study or event alone" for one in sorted(studies ^ ingested)]


def _differ(one: str, left: Counter[Any], other: str, right: Counter[Any]) -> list[str]:
    return [
        f"{' '.join(name)}: {left[name]} {one}, {right[name]} {other}"
        for name in sorted(left.keys() | right.keys())
        if left[name] != right[name]
    ]


def _users(session: Session, events: list[Any]) -> list[str]:
    """A user is as the events of it say: password after so many changes, last role, last status."""
    expected: dict[str, list[Any]] = {}
    for action, thing, detail in events:
        name = thing.removeprefix("user:")
        if action == "add_user":
            expected[name] = [0, detail.get("role", "signer"), "enabled"]
        elif action == "set_password":
            expected[name][0] += 1
        elif action == "change_user":
            expected[name][1] = detail.get("role", expected[name][1])
            expected[name][2] = detail.get("status", expected[name][2])
    made = {
        name: (
            digest(PASSWORD if name == SIGNER else password_number(count)), role, status
        )
        for name, (count, role, status) in expected.items()
    }  # fmt: skip
    found = {
        row.name: (row.password_hash, row.role, "disabled" if row.disabled else "enabled")
        for row in session.scalars(select(UserRow))
    }
    return [
        f"user {name} is not as its events say"
        for name in sorted(made.keys() | found.keys())
        if made.get(name) != found.get(name)
    ]


def _documents(session: Session, events: list[Any]) -> list[str]:
    """Documents are those that were added less those removed, each with its earlier version."""
    expected: dict[str, str] = {}
    first = ""
    for action, thing, detail in events:
        if action == "add_knowledge":
            # A second version is of the document whose first came last.
            first = thing if detail["version"] == "1" else first
            expected[thing] = first
        elif action == "remove_knowledge":
            source = expected.get(thing)
            expected = {name: of for name, of in expected.items() if of != source}
    found = {f"document:{one}" for one in session.scalars(select(DocumentRow.id))}
    return [f"{one}: document or event alone" for one in sorted(expected.keys() ^ found)]
