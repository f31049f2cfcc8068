"""Who is signed in on the page: random tokens, of which only hashes are kept, and their ends.

A session ends 15 min after its last use, 12 h after sign-in, at sign-out, and as soon as its user
is disabled or has another role or password (OWASP ASVS 5.0, V7). Rights are never in it: every
look-up reads the user anew. Rows that ended are kept for a day, so that what was bound to them is
nobody else's in that time, and then go.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, CursorResult, delete, select, update
from sqlalchemy.orm import Session

from medmm.database import Database, hold
from medmm.errors import AccessError
from medmm.records import limiter, user_names
from medmm.records.access import Actor
from medmm.records.audit import Also
from medmm.records.limiter import Clock, utc_now
from medmm.records.session_tables import BindingRow, SessionRow
from medmm.records.user_tables import UserRow
from medmm.records.users import nothing

IDLE = timedelta(minutes=15)
ABSOLUTE = timedelta(hours=12)
# A write for every request would be a disk's fsync for every picture.
SEEN_EVERY = timedelta(minutes=1)
FORGOTTEN_AFTER = timedelta(days=1)
TOKEN_BYTES = 32


@dataclass(frozen=True)
class SignedIn:
    """Whom a token stands for, as the database has them at this moment.

    ``must_change``: the password was for one time, and nothing but choosing another is open.
    """

    session: int
    actor: Actor
    must_change: bool


def start(
    database: Database,
    name: str,
    origin: str,
    clock: Clock = utc_now,
    *,
    replacing: str = "",
    also: Also = nothing,
) -> str:
    """Begin a session of a user whose password was right just now; its token, kept nowhere.

    The session of the token ``replacing`` ends: a token from before a sign-in is never one after.

    Raises:
        AccessError: the user was disabled in the meantime.
    """
    token, now = secrets.token_urlsafe(TOKEN_BYTES), clock()
    with database.write() as session:
        hold(session, limiter.LOCK)
        user = session.scalar(
            select(UserRow).where(UserRow.key == user_names.key(name), UserRow.disabled.is_(None))
        )
        if user is None:
            raise AccessError("The name or the password is wrong.", "Try again.", code="sign-in")
        _forget(session, now)
        _end(session, now, SessionRow.token_sha256 == _sha256(replacing))
        row = SessionRow(
            token_sha256=_sha256(token),
            user_id=user.id,
            state_sha256=_state(user),
            origin=origin,
            created=now,
            seen=now,
            ends=now + ABSOLUTE,
        )
        session.add(row)
        also(session)
    return token


def find(
    database: Database, token: str, clock: Clock = utc_now, *, used: bool = True
) -> SignedIn | None:
    """Whom a token stands for now; None if it stands for nobody, or does no longer.

    ``used`` says that a person did something, which puts the idle end off.
    """
    if not token:
        return None
    return _find(database, SessionRow.token_sha256 == _sha256(token), clock, used=used)


def find_by_number(database: Database, number: int, clock: Clock = utc_now) -> SignedIn | None:
    """As `find`, for work that was taken on under a session and is done only now."""
    return _find(database, SessionRow.id == number, clock, used=False)


def end(database: Database, token: str, clock: Clock = utc_now, *, also: Also = nothing) -> None:
    """Sign out."""
    with database.write() as session:
        _end(session, clock(), SessionRow.token_sha256 == _sha256(token))
        also(session)


def end_everywhere(
    database: Database, name: str, clock: Clock = utc_now, *, also: Also = nothing
) -> int:
    """Sign a user out of all sessions; how many there were."""
    with database.write() as session:
        users = select(UserRow.id).where(UserRow.key == user_names.key(name))
        count = _end(session, clock(), SessionRow.user_id.in_(users))
        also(session)
    return count


def bind(database: Database, number: int, name: str) -> bool:
    """Whether a name that a browser made up is this session's: the first that uses it has it."""
    key = _sha256(name)
    with database.read() as session:
        kept = session.get(BindingRow, key)
    if kept is None:
        with database.write() as session:
            hold(session, "session-bindings")
            kept = session.get(BindingRow, key)
            if kept is None:
                kept = BindingRow(name_sha256=key, session_id=number)
                session.add(kept)
    return kept.session_id == number


def _find(
    database: Database, which: ColumnElement[bool], clock: Clock, *, used: bool
) -> SignedIn | None:
    now = clock()
    with database.read() as session:
        found = session.execute(
            select(SessionRow, UserRow).join(UserRow, UserRow.id == SessionRow.user_id).where(which)
        ).first()
    if found is None:
        return None
    row, user = found
    if not lasts(row, user, now):
        if row.ended is None:
            # For good: a user who is enabled again signs in again.
            with database.write() as session:
                _end(session, now, SessionRow.id == row.id)
        return None
    if used and not timedelta(0) <= now - row.seen < SEEN_EVERY:
        with database.write() as session:
            session.execute(update(SessionRow).where(SessionRow.id == row.id).values(seen=now))
    return SignedIn(row.id, Actor(user.name, user.role, "person"), user.must_change)


def lasts(row: SessionRow, user: UserRow, now: datetime) -> bool:
    """Whether a session still stands for its user at this moment."""
    return (
        row.ended is None
        and now < row.ends
        and now - row.seen < IDLE
        and user.disabled is None
        and row.state_sha256 == _state(user)
    )


def _end(session: Session, now: datetime, which: ColumnElement[bool]) -> int:
    done = session.execute(
        update(SessionRow).where(which, SessionRow.ended.is_(None)).values(ended=now)
    )
    return done.rowcount if isinstance(done, CursorResult) else 0


def _forget(session: Session, now: datetime) -> None:
    """Remove what ended long ago."""
    old = select(SessionRow.id).where(SessionRow.ends < now - FORGOTTEN_AFTER)
    session.execute(delete(BindingRow).where(BindingRow.session_id.in_(old)))
    session.execute(delete(SessionRow).where(SessionRow.ends < now - FORGOTTEN_AFTER))


def _state(user: UserRow) -> str:
    """What a session of this user rests on."""
    return _sha256(f"{user.role}\0{user.password_hash}")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
