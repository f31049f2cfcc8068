"""Who somebody is, shown by a password: the limiter first, then one hash, then the answer.

Unknown, disabled and mistaken get the same answer after the same work, and a try that has to wait
costs no hash at all (64 MiB each, so that guesses cannot fill the memory).

A miss leaves its event in the same transaction as its count. What a right password let in is
recorded by whom it let in: a session, a signature.
"""

from datetime import timedelta
from math import ceil

from sqlalchemy import select
from sqlalchemy.orm import Session

from medmm.database import Database
from medmm.errors import AccessError
from medmm.records import limiter, user_names, users
from medmm.records.access import Actor
from medmm.records.audit import Also, Event, record
from medmm.records.limiter import Clock, utc_now
from medmm.records.passwords import HASHER, Hasher
from medmm.records.user_tables import UserRow


def authenticate(
    database: Database,
    name: str,
    password: str,
    origin: str,
    clock: Clock = utc_now,
    *,
    hasher: Hasher = HASHER,
    changing: bool = False,
) -> Actor:
    """The user of this name and password, signed in from ``origin`` (an address, or "console").

    A hash kept at a lower cost is made anew. ``changing`` lets in, only to choose another password,
    a user whose password is for one time; the caller sees to it that nothing else is done.

    Raises:
        AccessError: code "sign-in": the name or the password is wrong, or the user is disabled;
            code "too-many": wait ``wait_seconds``; code "must-change": right, but for one time.
    """
    key = user_names.key(name)
    account, source = limiter.account_subject(key), limiter.origin_subject(origin)
    with database.write() as session:
        wait = limiter.begin(session, account, source, clock())
        user = session.scalar(select(UserRow).where(UserRow.key == key))
    if wait:
        raise _too_many(wait)
    kept = user.password_hash if user is not None else None
    right = hasher.matches(kept, password)
    newer = hasher.hashed(password) if right and kept and hasher.outdated(kept) else kept
    with database.write() as session:
        # Read again: the user may have been disabled while the hash was computed.
        user = session.scalar(
            select(UserRow).where(
                UserRow.key == key, UserRow.password_hash == kept, UserRow.disabled.is_(None)
            )
        )
        if not right or user is None or newer is None:
            limiter.missed(session, source, clock())
            record(session, _miss(session, key, origin))
            user = None
        else:
            limiter.right(session, account, source)
            user.password_hash = newer
    if user is None:
        raise AccessError("The name or the password is wrong.", "Try again.", code="sign-in")
    if user.must_change and not changing:
        raise AccessError(
            f"The password of {user.name} was for one time and has to be changed first.",
            f"Choose another one: medmm user passwd {user.name}",
            code="must-change",
        )
    return Actor(user.name, user.role, "person")


def change_own_password(
    database: Database,
    name: str,
    old: str,
    new: str,
    origin: str,
    clock: Clock = utc_now,
    *,
    hasher: Hasher = HASHER,
    also: Also = users.nothing,
) -> Actor:
    """Choose another password, showing the one before, which may have been for one time.

    ``also`` is done last in the transaction that keeps it: recording the event.

    Raises:
        AccessError: as `authenticate`.
        InputError: the new password is refused, or is the old one.
    """
    actor = authenticate(database, name, old, origin, clock, hasher=hasher, changing=True)
    users.set_password(database, actor.name, new, hasher=hasher, also=also)
    return actor


def _miss(session: Session, key: str, origin: str) -> Event:
    """The event of a try that failed: a name that nobody has may be a password typed too early."""
    name = session.scalar(select(UserRow.name).where(UserRow.key == key))
    return Event(name or "unknown", "", "sign_in", "", "denied", {"code": "sign-in"}, origin)


def _too_many(wait: timedelta) -> AccessError:
    seconds = ceil(wait.total_seconds())
    return AccessError(
        "Too many passwords were wrong.",
        f"Wait {seconds} s, then try again.",
        code="too-many",
        wait_seconds=seconds,
    )
