"""The audit log as a readable thing: pages of it by filters, all of it as lines, and its proof.

Reading it is an event itself. Nothing here grows with the log: pages are cut by the events'
numbers, so the last of a million is as near as the first, and a filter looks at so many events at
a time and says where it stopped.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, get_args

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from medmm.assembly.acting import allowed, happened
from medmm.assembly.homes import OpenHome
from medmm.errors import HomeError, InputError
from medmm.nouns.characters import as_data, escaped_json, visible
from medmm.records import audit_head, audit_seal, integrity
from medmm.records.access import By, machine
from medmm.records.audit import Outcome, audited, event_by, record
from medmm.records.audit_chain import COLUMNS, FIELDS, last_link
from medmm.records.audit_tables import AuditRow

Document = dict[str, Any]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
MOST = 1000
"""Events on a page."""
LOOKED_AT = 200_000
"""Events that a filter looks at for one page: a tenth of a second, whatever is found."""
AT_ONCE = 1000
NAMES = (*FIELDS, "previous", "hash")


@dataclass(frozen=True)
class Wanted:
    """Which events: all that is given must fit.

    ``thing`` is one ("report:3") or a kind of things ("report"). ``since`` is the first moment and
    ``until`` the first one that is not wanted any more.

    Raises:
        InputError: the outcome is none, or the times are in the wrong order.
    """

    actor: str = ""
    action: str = ""
    thing: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        if self.outcome and self.outcome not in OUTCOMES:
            raise InputError("There is no such outcome.", f"Outcomes: {', '.join(OUTCOMES)}.")
        if self.since and self.until and self.since >= self.until:
            raise InputError("The time from is not before the time to.", "Swap them.")


def moment(text: str, *, after: bool = False) -> datetime | None:
    """A time that a person gives, as ISO 8601, in UTC if it says no zone; None of an empty text.

    A date is its first moment, or with ``after`` the one after its last.

    Raises:
        InputError: it is no time.
    """
    if not text.strip():
        return None
    try:
        given = datetime.fromisoformat(text.strip())
        whole = given if given.tzinfo else given.replace(tzinfo=UTC)
        a_date = len(text.strip()) <= len("2026-11-25")
        return whole.astimezone(UTC) + (timedelta(days=1) if after and a_date else timedelta(0))
    except (ValueError, OverflowError):
        raise InputError(
            f"{text.strip()[:40]!r} is no time.", "Write it as 2026-11-25 or 2026-11-25T14:30."
        ) from None


def read_page(
    opened: OpenHome, wanted: Wanted, before: int | None = None, most: int = 100
) -> Document:
    """Events, newest first: those with numbers below ``before``, at most ``most`` of them.

    ``older`` is what to give as ``before`` for the next page; None where the log begins. A
    page may have none and the next one some, since a filter looks at `LOOKED_AT` events at a time.

    Raises:
        AccessError: who acts may not read the log.
    """
    allowed(opened, "read_audit")
    with opened.database.read() as session:
        last = last_link(session).sequence
        start = last + 1 if before is None else min(before, last + 1)
        lowest = max(start - LOOKED_AT, 1)
        query = _of(wanted).where(AuditRow.sequence < start, AuditRow.sequence >= lowest)
        query = query.order_by(AuditRow.sequence.desc()).limit(min(max(most, 1), MOST) + 1)
        rows = [_event(row) for row in session.execute(query)]
    older = lowest if lowest > 1 else None
    if len(rows) > min(max(most, 1), MOST):
        del rows[-1]
        older = rows[-1]["sequence"]
    happened(opened, "read_audit", None, count=len(rows), sequence=start - 1, **_asked(wanted))
    looked_to = older if older is not None else 1
    return {"events": rows, "older": older, "last": last, "looked_to": looked_to}


def newest(opened: OpenHome, wanted: Wanted, most: int, before: int | None = None) -> Document:
    """As `read_page`, looking back until there are ``most`` events or the log begins.

    Raises:
        AccessError: who acts may not read the log.
    """
    page = read_page(opened, wanted, before, most)
    events = page["events"]
    while page["older"] is not None and len(events) < most:
        page = read_page(opened, wanted, page["older"], most - len(events))
        events += page["events"]
    return {"events": events, "older": page["older"]}


def read_lines(opened: OpenHome, wanted: Wanted) -> Iterator[str]:
    r"""The events as JSON lines, oldest first, with their hashes; text as ``\uXXXX`` where hidden.

    Rights are asked and the event of the export is recorded by the call itself, before anything is
    given; events that come later, its own included, are not in it.

    Raises:
        AccessError: who acts may not read the log.
    """
    allowed(opened, "read_audit")
    with opened.database.read() as session:
        last = last_link(session).sequence
    happened(
        opened, "read_audit", None, code="export", format="jsonl", sequence=last, **_asked(wanted)
    )
    return _lines(opened, wanted, last)


def ask_to_verify(opened: OpenHome) -> None:
    """Ask for the right to have everything verified, and record that it was asked for.

    Raises:
        AccessError: who acts may not.
    """
    allowed(opened, "read_audit")
    happened(opened, "read_audit", code="verify")


def verified(opened: OpenHome, progress: Callable[[str], None] = lambda _: None) -> Document:
    """Look at the chain, its head, and everything that ``medmm db check`` looks at.

    Who asked was recorded by `ask_to_verify`; what came out is recorded as the platform's own,
    since it may be told long after who asked has left.

    Raises:
        HomeError: the database cannot be used now.
    """
    from rag import integrity as knowledge

    began = monotonic()
    progress("the audit chain against its signed head")
    with opened.database.read() as session:
        last = last_link(session).sequence
    chain = audit_seal.verify(opened.database, opened.home)
    progress("rows, files, signatures and schema")
    others = [one for one in integrity.check(opened.database, opened.home) if one not in chain]
    progress("the knowledge")
    others += knowledge.problems(opened.database)
    told: dict[str, str | int] = {
        "code": "verified",
        "count": len(chain) + len(others),
        "sequence": last,
    }
    by = By(machine(), opened.by.origin)
    with audited(opened.database, opened.home) as session:
        record(session, event_by(by, "read_audit", detail=told))
    return {
        "ok": not (chain or others),
        "events": last,
        "chain": [visible(one) for one in chain],
        "others": [visible(one) for one in others],
        "head": head_document(opened),
        "seconds": round(monotonic() - began, 2),
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def head_document(opened: OpenHome) -> Document:
    """The signed head: how far the log is sealed, since when, and the id of the key it is by."""
    try:
        head = audit_head.read_head(opened.home)
    except HomeError as error:
        return {"sequence": None, "time": None, "key": None, "problem": str(error)}
    if head is None:
        return {"sequence": None, "time": None, "key": None, "problem": audit_seal.MISSING_HEAD}
    return {
        "sequence": head.sequence,
        "time": visible(head.time),
        "key": visible(head.key),
        "problem": "",
    }


def last_of(opened: OpenHome, action: str) -> Document | None:
    """The newest event of an action that went well, among the last `LOOKED_AT`; None if none is.

    Of the log's own house-keeping (when was the last backup?), so it is no reading of the log.
    """
    wanted = _of(Wanted(action=action, outcome="ok"))
    with opened.database.read() as session:
        lowest = last_link(session).sequence - LOOKED_AT
        newest_first = wanted.order_by(AuditRow.sequence.desc()).limit(1)
        row = session.execute(newest_first.where(AuditRow.sequence > lowest)).first()
    return None if row is None else _event(row)


def _lines(opened: OpenHome, wanted: Wanted, last: int) -> Iterator[str]:
    at = 0
    while at < last:
        upper = min(at + LOOKED_AT, last)
        query = _of(wanted).order_by(AuditRow.sequence).limit(AT_ONCE)
        query = query.where(AuditRow.sequence > at, AuditRow.sequence <= upper)
        with opened.database.read() as session:
            rows = _all(session, query)
        for row in rows:
            yield escaped_json(json.dumps(row, ensure_ascii=False)) + "\n"
        at = rows[-1]["sequence"] if len(rows) == AT_ONCE else upper


def _all(session: Session, query: Select[Any]) -> list[Document]:
    return [_raw(row) for row in session.execute(query)]


def _of(wanted: Wanted) -> Select[Any]:
    query = select(*COLUMNS)
    for name in ("actor", "action", "outcome"):
        if value := getattr(wanted, name).strip():
            query = query.where(getattr(AuditRow, name) == value)
    if thing := wanted.thing.strip():
        kind = AuditRow.thing.startswith(f"{thing}:", autoescape=True)
        query = query.where(or_(AuditRow.thing == thing, kind))
    # The times are texts of one form, so they stand in order as texts, too.
    if wanted.since is not None:
        query = query.where(AuditRow.time >= _written(wanted.since))
    if wanted.until is not None:
        query = query.where(AuditRow.time < _written(wanted.until))
    return query


def _written(time: datetime) -> str:
    return time.isoformat(timespec="microseconds")


def _asked(wanted: Wanted) -> dict[str, str | int]:
    """What of the filters is recorded: whose doings were looked at."""
    return {"user": wanted.actor} if wanted.actor else {}


def _raw(row: Any) -> Document:
    """An event as it is kept, whatever somebody may have put there."""
    event = dict(zip(NAMES, row, strict=True))
    try:
        detail = json.loads(event["detail"])
    except (TypeError, ValueError, RecursionError):
        detail = None
    if not isinstance(detail, dict):
        detail = {"unreadable": str(event["detail"])}
    kept = {key: it if isinstance(it, str | int) else str(it) for key, it in event.items()}
    return kept | {"detail": detail}


def _event(row: Any) -> Document:
    """An event to be shown: what cannot be seen stands as a mark."""
    raw = _raw(row)
    detail = {visible(str(key)): value for key, value in raw["detail"].items()}
    shown: Document = as_data({**raw, "detail": detail}, visible)
    return shown
