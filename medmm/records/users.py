"""Users: added, listed, changed. How one of them is told by a password: `medmm.records.sign_in`.

Nothing here asks who is calling: that is `medmm.records.access`, and its place is the caller. What
the caller gives as ``also`` is done last in the same transaction: recording the event.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from medmm.database import Database, hold
from medmm.errors import InputError, NotFoundError
from medmm.records import limiter, passwords, user_names
from medmm.records.access import ROLES
from medmm.records.audit import Also
from medmm.records.limiter import Clock, utc_now
from medmm.records.passwords import HASHER, Hasher
from medmm.records.session_tables import SessionRow
from medmm.records.user_tables import UserRow

FIRST_ADMIN = "admin"
OTHER_NAME = "Choose another name."


def nothing(_: Session) -> None:
    """No more is done in the transaction."""


@dataclass(frozen=True)
class User:
    """A user as the database has it, without the password's hash."""

    name: str
    role: str
    created: datetime
    disabled: datetime | None
    must_change: bool


@dataclass(frozen=True)
class NewUser:
    """A user to be added. ``must_change``: the password is only good for choosing another."""

    name: str
    role: str
    password: str
    must_change: bool = False

    def __repr__(self) -> str:
        return f"NewUser({self.name!r}, {self.role!r})"


def add_user(
    database: Database,
    new: NewUser,
    *,
    hasher: Hasher = HASHER,
    clock: Clock = utc_now,
    with_first_admin: NewUser | None = None,
    also: Also = nothing,
) -> User:
    """Add a user; with a first admin before it, in one transaction, if there is no user yet.

    Raises:
        InputError: the name, role or password is refused, or the name is taken or looks like one
            that is; nothing was changed.
    """
    given = [new] if with_first_admin is None else [with_first_admin, new]
    # Hashing takes long; the database is not held for it.
    rows = [_row(one, hasher, clock()) for one in given]
    with database.write() as session:
        hold(session, limiter.LOCK)
        if with_first_admin is not None and _any(session):
            rows = rows[1:]
        for row in rows:
            _refuse_taken(session, row.name)
            session.add(row)
            session.flush()
        also(session)
    return _user(rows[-1])


def check_new(database: Database, name: str, role: str) -> None:
    """Whether a user of this name and role could be added now.

    Raises:
        InputError: no; it says why.
    """
    kept = user_names.checked(name)
    _role(role)
    with database.read() as session:
        _refuse_taken(session, kept)


def has_users(database: Database) -> bool:
    """Whether anybody was ever added; a home without is new."""
    with database.read() as session:
        return _any(session)


def list_users(database: Database) -> list[User]:
    """All users, by name."""
    with database.read() as session:
        return [_user(row) for row in session.scalars(select(UserRow).order_by(UserRow.key))]


def find_user(database: Database, name: str) -> User:
    """One user.

    Raises:
        NotFoundError: there is none of this name.
    """
    with database.read() as session:
        return _user(_found(session, name))


def set_password(
    database: Database,
    name: str,
    password: str,
    *,
    must_change: bool = False,
    hasher: Hasher = HASHER,
    also: Also = nothing,
) -> User:
    """Give a user another password and forget the account's misses.

    Raises:
        NotFoundError: there is no such user.
        InputError: the password is refused, or is the one that is kept.
    """
    with database.read() as session:
        row = _found(session, name)
    passwords.check(password, row.name)
    if hasher.matches(row.password_hash, password):
        raise InputError("The new password is the old one.", "Choose another one.", code="password")
    kept = hasher.hashed(password)
    with database.write() as session:
        hold(session, limiter.LOCK)
        row = _found(session, name)
        row.password_hash, row.must_change = kept, must_change
        limiter.clear(session, limiter.account_subject(row.key))
        also(session)
    return _user(row)


def disable_user(
    database: Database, name: str, *, clock: Clock = utc_now, also: Also = nothing
) -> User:
    """Let a user in no more; the row stays, because reports name it.

    Raises:
        NotFoundError: there is no such user.
        InputError: it is the last admin.
    """
    with database.write() as session:
        hold(session, limiter.LOCK)
        row = _found(session, name)
        if row.disabled is None:
            _refuse_last_admin(session, row)
            row.disabled = clock()
            # Enabled again before the next request, nobody would be signed in by an old session.
            open_ones = (SessionRow.user_id == row.id) & SessionRow.ended.is_(None)
            session.execute(update(SessionRow).where(open_ones).values(ended=clock()))
        also(session)
    return _user(row)


def enable_user(database: Database, name: str, *, also: Also = nothing) -> User:
    """Let a disabled user in again.

    Raises:
        NotFoundError: there is no such user.
    """
    with database.write() as session:
        hold(session, limiter.LOCK)
        row = _found(session, name)
        row.disabled = None
        also(session)
    return _user(row)


def change_role(database: Database, name: str, role: str, *, also: Also = nothing) -> User:
    """Give a user another role.

    Raises:
        NotFoundError: there is no such user.
        InputError: there is no such role, or it is the last admin who would lose it.
    """
    with database.write() as session:
        hold(session, limiter.LOCK)
        row = _found(session, name)
        if role != row.role:
            _refuse_last_admin(session, row)
            row.role = _role(role)
        also(session)
    return _user(row)


def _any(session: Session) -> bool:
    return session.scalar(select(UserRow.id).limit(1)) is not None


def _found(session: Session, name: str) -> UserRow:
    row = session.scalar(select(UserRow).where(UserRow.key == user_names.key(name)))
    if row is None:
        raise NotFoundError("There is no such user.", "`medmm user list` shows all.")
    return row


def _row(new: NewUser, hasher: Hasher, now: datetime) -> UserRow:
    name, role = user_names.checked(new.name), _role(new.role)
    passwords.check(new.password, name)
    return UserRow(
        name=name,
        key=user_names.key(name),
        skeleton=user_names.skeleton(name),
        role=role,
        password_hash=hasher.hashed(new.password),
        must_change=new.must_change,
        created=now,
    )


def _role(role: str) -> str:
    if role not in ROLES:
        raise InputError("There is no such role.", f"Roles: {', '.join(ROLES)}.", code="role")
    return role


def _refuse_taken(session: Session, name: str) -> None:
    key, skeleton = user_names.key(name), user_names.skeleton(name)
    same = session.scalar(select(UserRow.name).where(UserRow.key == key))
    if same is not None:
        raise InputError(f"There is a user {same} already.", OTHER_NAME, code="taken")
    alike = session.scalar(select(UserRow.name).where(UserRow.skeleton == skeleton))
    if alike is not None:
        raise InputError(f"The name looks like that of {alike}.", OTHER_NAME, code="taken")


def _refuse_last_admin(session: Session, row: UserRow) -> None:
    """Refuse to take the last enabled admin's role or account."""
    admins = select(func.count()).where(UserRow.role == "admin", UserRow.disabled.is_(None))
    if row.role == "admin" and row.disabled is None and session.scalar(admins) == 1:
        raise InputError(
            f"{row.name} is the last admin.", "Make another admin first.", code="last-admin"
        )


def _user(row: UserRow) -> User:
    return User(row.name, row.role, row.created, row.disabled, row.must_change)
