"""What the tests of signing do with a home: people, drafts, signatures, events."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select, text

from medmm.nouns import Evidence, Statement
from medmm.nouns.draft import Signature
from medmm.records import reports, studies, users
from medmm.records.audit_tables import AuditRow
from medmm.records.passwords import FLOOR, Cost, Hasher
from medmm.records.signing import sign_report
from medmm.records.users import NewUser
from tests.records.builders import draft, study
from tests.records.conftest import Opened
from tests.records.test_users import QUICK

GOOD = "a quiet lung is good"
OTHER = "another quiet lung"
HERE = "192.0.2.1"
PEOPLE = (
    ("ann", "signer"), ("bob", "signer"), ("rita", "reader"), ("rex", "reporter"), ("ada", "admin"),
)  # fmt: skip
CONTRADICTED = (
    Statement("s1", "Findings", "CT of the chest.", "recorded", (Evidence("header", "Modality"),)),
    Statement("s2", "Findings", "The left lung measures 2 L.", "contradicted"),
    Statement("s3", "Impression", "No nodule.", "contradicted"),
)


@dataclass(frozen=True)
class Trusting(Hasher):
    """Takes one fixed password without the work of a hash, so that a race is about signing."""

    cost: Cost = FLOOR

    def matches(self, kept: str | None, password: str) -> bool:
        return kept is not None and password == GOOD


TRUSTING = Trusting()


def people(opened: Opened) -> None:
    for name, role in PEOPLE:
        # Passwords are each one's own, as another's must not do.
        password = GOOD if name != "bob" else OTHER
        users.add_user(opened.database, NewUser(name, role, password), hasher=QUICK)


def add_draft(opened: Opened, statements: Sequence[Statement] = ()) -> int:
    made = draft()
    if statements:
        made = replace(made, statements=tuple(statements))
    report_id = reports.save_draft(opened.database, opened.home, 1, made).report_id
    assert report_id is not None
    return report_id


def prepare(opened: Opened) -> Opened:
    """A home with people and one draft, report 1."""
    people(opened)
    studies.save_study(opened.database, opened.home, study())
    add_draft(opened)
    return opened


def sign(opened: Opened, report_id: int = 1, user: str = "ann", **more: Any) -> Signature:
    given = {"password": GOOD, "origin": HERE, "hasher": QUICK} | more
    return sign_report(opened.database, opened.home, report_id, user=user, **given)


def events(opened: Opened) -> list[tuple[str, str, str, str, str, dict[str, Any]]]:
    """Actor, role, action, thing, outcome and detail of each audit event."""
    with opened.database.read() as session:
        return [
            (row.actor, row.role, row.action, row.thing, row.outcome, json.loads(row.detail))
            for row in session.scalars(select(AuditRow).order_by(AuditRow.sequence))
        ]


def raw(opened: Opened, *statements: str) -> None:
    """Change rows behind medmm's back, without the triggers that forbid it."""
    with opened.database.write() as session:
        if opened.database.dialect == "sqlite":
            triggers = text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for name in session.scalars(triggers).all():
                session.execute(text(f"DROP TRIGGER {name}"))
        else:
            session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            done: Any = session.execute(text(statement.replace(":", "\\:")))
            # What matches no row would show nothing.
            assert done.rowcount == 1
