"""How often a password may be guessed: state in the database, looked at before any hash.

From the fifth miss on, the next try has to wait: 1 s, then twice as long after each further miss,
up to 15 min; for an account (of whatever name was typed, so that nothing tells who is a user) and
for an origin each. A day without a miss clears both.

A try at an account counts as a miss from its beginning until it turns out right, so a hundred tries
at once are still a hundred. An origin counts what has turned out wrong: many people sign in at once
through one proxy. A right password gives back the account's misses, and to the origin only these:
somebody with an account of their own must not clear their origin between guesses at another's.
"""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from medmm.database import hold
from medmm.records.user_tables import MissRow

# The lock of all who write users: two locks taken in two orders would wait for one another.
LOCK = "users"
FREE_MISSES = 5
LONGEST_SECONDS = 900
FORGOTTEN_AFTER = timedelta(days=1)
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The present moment; tests give another clock."""
    return datetime.now(UTC)


def account_subject(key: str) -> str:
    """What an account's misses are kept under."""
    return _subject("account", key)


def origin_subject(origin: str) -> str:
    """What an origin's misses are kept under."""
    return _subject("origin", origin)


def delay(misses: int) -> timedelta:
    """How long the next try waits after so many misses in a row."""
    if misses < FREE_MISSES:
        return timedelta(0)
    # A shift of a few bits: the number itself grows without end while somebody goes on.
    doublings = min(misses - FREE_MISSES, LONGEST_SECONDS.bit_length())
    return timedelta(seconds=min(1 << doublings, LONGEST_SECONDS))


def begin(session: Session, account: str, origin: str, now: datetime) -> timedelta:
    """Begin a try, which counts for the account from now on; or how long it has to wait.

    To be committed in both cases.
    """
    hold(session, LOCK)
    session.execute(delete(MissRow).where(MissRow.last < now - FORGOTTEN_AFTER))
    wait = max(_wait(session, account, now), _wait(session, origin, now))
    if not wait:
        _count(session, account, now)
    return wait


def missed(session: Session, origin: str, now: datetime) -> None:
    """The try that was begun was wrong."""
    hold(session, LOCK)
    _count(session, origin, now)


def right(session: Session, account: str, origin: str) -> None:
    """The try that was begun was right."""
    hold(session, LOCK)
    kept, from_there = session.get(MissRow, account), session.get(MissRow, origin)
    if kept is not None and from_there is not None:
        # This try itself was not counted for the origin.
        from_there.misses = max(0, from_there.misses - (kept.misses - 1))
    clear(session, account)


def clear(session: Session, subject: str) -> None:
    """Forget the misses of one subject."""
    session.execute(delete(MissRow).where(MissRow.subject == subject))


def _subject(kind: str, value: str) -> str:
    data = f"{kind}\0{value}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(data).hexdigest()


def _wait(session: Session, subject: str, now: datetime) -> timedelta:
    row = session.get(MissRow, subject)
    if row is None:
        return timedelta(0)
    if now < row.last:
        # The clock was set back. The whole delay begins anew: shorter would unlock, and keeping
        # the old moment could lock for as long as the jump.
        row.last, row.until = now, now + delay(row.misses)
    return max(timedelta(0), row.until - now)


def _count(session: Session, subject: str, now: datetime) -> None:
    row = session.get(MissRow, subject)
    if row is None:
        row = MissRow(subject=subject, misses=0)
        session.add(row)
    row.misses += 1
    row.last, row.until = now, now + delay(row.misses)
