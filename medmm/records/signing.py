"""Signing a report: the password again, the exact version that was shown, one transaction.

The signer gives name and password for each signature, also when signed in (two components, 21 CFR
11.200(a)(1)); the signature says printed name, time and meaning (11.50(a)) and binds the document's
bytes (11.70). Whoever is not let through leaves an event in the audit trail, as do they who are.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from medmm.database import Database
from medmm.errors import (
    AccessError,
    ConflictError,
    InputError,
    NotFoundError,
    StorageError,
    UsageError,
)
from medmm.home import Home
from medmm.nouns.documents import canonical_bytes
from medmm.nouns.draft import Signature
from medmm.records.access import Action, Actor, Thing, require
from medmm.records.audit import Event, audited, record
from medmm.records.contradictions import must_be_settled
from medmm.records.passwords import HASHER, Hasher
from medmm.records.sign_in import authenticate
from medmm.records.signature_checks import SIGN, verify_signatures
from medmm.records.signatures import addenda_of, bound_hash, signature, signatures_of
from medmm.records.signing_tables import SignatureRow
from medmm.records.status_changes import change_status, held_report
from medmm.records.statuses import move, reason_given
from medmm.records.tables import VersionRow
from medmm.records.user_tables import UserRow

__all__ = ["MEANING", "addenda_of", "sign_report", "signatures_of", "verify_signatures"]

MEANING = "I have reviewed and approve this report"
NOBODY: Mapping[str, str] = MappingProxyType({})


@dataclass
class Attempt:
    """A try to sign: what its event will say; the role is known once the password was right."""

    database: Database
    home: Home
    action: str
    report_id: int
    user: str
    origin: str
    role: str = ""
    detail: dict[str, str | int | bool] = field(default_factory=dict)

    def event(self, **detail: str | int | bool) -> Event:
        """The event of its success."""
        return Event(
            self.user,
            self.role,
            self.action,
            f"report:{self.report_id}",
            detail={**self.detail, **detail},
            origin=self.origin,
        )

    @contextmanager
    def told(self) -> Iterator[None]:
        """Record what is refused within, in a transaction of its own, and let it go on."""
        try:
            yield
        except (InputError, UsageError) as error:
            outcome = "denied" if isinstance(error, AccessError) else "failed"
            code = error.code if isinstance(error, InputError) else "usage"
            event = self.event(code=code)
            with audited(self.database, self.home) as session:
                record(session, Event(**{**vars(event), "outcome": outcome}))
            raise

    def let_in(self, action: Action, password: str, hasher: Hasher) -> Actor:
        """The person whose password it is, if that person may.

        Raises:
            AccessError: as `authenticate`, or the person may not.
        """
        actor = authenticate(self.database, self.user, password, self.origin, hasher=hasher)
        self.user, self.role = actor.name, actor.role
        require(actor, action, Thing("report", self.report_id))
        return actor


def sign_report(
    database: Database,
    home: Home,
    report_id: int,
    *,
    user: str,
    password: str,
    origin: str,
    meaning: str = MEANING,
    confirmed: Mapping[str, str] = NOBODY,
    based_on: int | None = None,
    hasher: Hasher = HASHER,
) -> Signature:
    """Sign a report's last version, which makes it final; nothing of it changes afterwards.

    ``based_on`` is the version that the signer saw (default: the last when this is called).
    ``confirmed`` gives a reason for each contradicted statement that the signer keeps.

    Raises:
        AccessError: the name or password is wrong, too many were, or the person may not sign.
        NotFoundError: there is no such report or version.
        ConflictError: somebody signed it, or made a later version, before.
        InputError: contradicted statements are left, or the report is cancelled.
        UsageError: the meaning or a reason cannot be shown.
        StorageError: the stored document is damaged, or the disk is full or failing.
    """
    attempt = Attempt(database, home, SIGN, report_id, user, origin)
    with attempt.told():
        said = meaning_given(meaning)
        reasons = {name: reason_given(why) for name, why in confirmed.items()}
        seen = _last_number(database, report_id) if based_on is None else based_on
        attempt.detail["version"] = seen
        actor = attempt.let_in("sign", password, hasher)
        with audited(database, home) as session:
            row, document = _row(session, report_id, seen, actor)
            row.meaning, row.confirmed = said, _canonical(reasons)
            must_be_settled(report_id, json.loads(document), reasons)
            row.status = change_status(session, report_id, "final", author=actor.name)
            row.bound_sha256 = bound_hash(row)
            session.add(row)
            record(
                session,
                attempt.event(
                    sha256=row.document_sha256,
                    hash=row.bound_sha256,
                    status=row.status,
                    count=len(reasons),
                ),
            )
    return signature(row)


def meaning_given(meaning: str) -> str:
    """What a signature means, in a line.

    Raises:
        UsageError: it is empty, over-long, or holds characters that cannot be seen.
    """
    said = reason_given(meaning)
    if not said:
        raise UsageError("The signature has no meaning.", "Say what it means: --meaning TEXT.")
    return said


def now() -> str:
    """The time of a signature."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def must_still_be(session: Session, actor: Actor) -> None:
    """Go on only if the person is still let in, in the same role.

    Raises:
        AccessError: disabled, or another role, since the password was looked at.
    """
    same = select(UserRow.id).where(
        UserRow.name == actor.name, UserRow.role == actor.role, UserRow.disabled.is_(None)
    )
    if session.scalar(same) is None:
        raise AccessError(f"{actor.name} may not sign any more.", "Ask an admin.")


def _last_number(database: Database, report_id: int) -> int:
    """The last version's number; 0 for no report, which is told once the password is right."""
    with database.read() as session:
        last = _last(session, report_id)
        return last.number if last else 0


def _last(session: Session, report_id: int) -> VersionRow | None:
    wanted = select(VersionRow).where(VersionRow.report_id == report_id)
    return session.scalar(wanted.order_by(VersionRow.number.desc()).limit(1))


def _row(session: Session, report_id: int, seen: int, actor: Actor) -> tuple[SignatureRow, str]:
    """A signature over the version that was seen, and that, if it can be signed now."""
    status = held_report(session, report_id).status
    must_still_be(session, actor)
    _must_be_unsigned(session, report_id)
    move(status, "final")
    last = _last(session, report_id)
    if last is None or not 1 <= seen <= last.number:
        raise NotFoundError(f"Report {report_id} has no version {seen}.", "Look at it first.")
    if seen != last.number:
        raise ConflictError(
            f"Version {seen} of report {report_id} was shown, but version {last.number} by "
            f"{last.author} came before it was signed.",
            f"Nothing was signed: look at `medmm reports show {report_id}`, then sign that.",
            based_on=seen,
            last=last.number,
        )
    found = hashlib.sha256(last.document.encode("utf-8")).hexdigest()
    if found != last.sha256:
        raise StorageError(
            f"Version {seen} of report {report_id} is not what was recorded.",
            "Restore the home from a backup; `medmm db check` says what is damaged.",
        )
    row = SignatureRow(
        report_id=report_id,
        number=1,
        version=seen,
        document_sha256=found,
        signer=actor.name,
        signer_name=actor.name,
        role=actor.role,
        time=now(),
    )
    return row, last.document


def _must_be_unsigned(session: Session, report_id: int) -> None:
    wanted = select(SignatureRow).where(SignatureRow.report_id == report_id)
    there = session.scalar(wanted.order_by(SignatureRow.number.desc()).limit(1))
    if there is not None:
        raise ConflictError(
            f"Report {report_id} was signed by {there.signer_name} at {there.time}.",
            "What is to be added goes into an addendum: `medmm reports addend ID FILE`.",
            based_on=there.version,
            last=there.version,
        )


def _canonical(reasons: Mapping[str, str]) -> str:
    return canonical_bytes(dict(reasons)).decode("utf-8")
