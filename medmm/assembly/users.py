"""Users as they are kept: rights asked, the first admin made, documents given back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from medmm.assembly.acting import allowed, happened, noted
from medmm.assembly.homes import OpenHome
from medmm.errors import InputError
from medmm.records import passwords, user_names, users
from medmm.records.access import Thing
from medmm.records.users import FIRST_ADMIN, NewUser, User

Document = dict[str, Any]


@dataclass(frozen=True)
class OneTime:
    """The first admin and its password, to be shown once and kept nowhere."""

    name: str
    password: str

    def __repr__(self) -> str:
        return f"OneTime({self.name!r})"


@dataclass(frozen=True)
class Added:
    """What ``add`` did."""

    user: Document
    first_admin: OneTime | None = None


def chooses_password(opened: OpenHome, name: str, role: str) -> bool:
    """Whether this new user chooses a password, as all do but a first admin, who is given one.

    Raises:
        AccessError: the actor may not add users.
        InputError: the name or role is refused; so told before a password is typed.
    """
    allowed(opened, "add_user")
    users.check_new(opened.database, name, role)
    if users.has_users(opened.database):
        return True
    if role != "admin" and user_names.skeleton(name) == user_names.skeleton(FIRST_ADMIN):
        raise InputError(
            f"In a new home {FIRST_ADMIN} is the name of the first admin.",
            "Choose another name.",
            code="taken",
        )
    return role != "admin"


def add(opened: OpenHome, name: str, role: str, password: str | None) -> Added:
    """Add a user. The first one of a home comes with an admin, unless it is one itself.

    Without a password the user gets one for one time, which only a first admin does.

    Raises:
        AccessError: the actor may not.
        InputError: name, role or password is refused; nothing was changed.
    """
    allowed(opened, "add_user")
    first = not users.has_users(opened.database)
    if password is None:
        if not (first and role == "admin"):
            raise InputError("A user needs a password.", "Run the command again.", code="password")
        return _add_itself_first(opened, name)
    new = NewUser(name, role, password)
    if not first or role == "admin":
        return Added(_document(_added(opened, new)))
    admin = OneTime(FIRST_ADMIN, passwords.one_time())
    first_admin = NewUser(admin.name, "admin", admin.password, must_change=True)
    user = _added(opened, new, first_admin)
    return Added(_document(user), admin)


def list_all(opened: OpenHome) -> list[Document]:
    """All users, by name.

    Raises:
        AccessError: the actor may not.
    """
    allowed(opened, "list_users")
    happened(opened, "list_users")
    return [_document(user) for user in users.list_users(opened.database)]


def set_password(opened: OpenHome, name: str, password: str) -> Document:
    """Give a user another password.

    Raises:
        AccessError: the actor may not.
        InputError: there is no such user, or the password is refused.
    """
    thing = _thing(opened, name)
    allowed(opened, "set_password", thing)
    with noted(opened, "set_password", thing) as also:
        return _document(users.set_password(opened.database, name, password, also=also))


def disable(opened: OpenHome, name: str) -> Document:
    """Let a user in no more.

    Raises:
        AccessError: the actor may not.
        InputError: there is no such user, or it is the last admin.
    """
    thing = _thing(opened, name)
    allowed(opened, "change_user", thing)
    with noted(opened, "change_user", thing, status="disabled") as also:
        return _document(users.disable_user(opened.database, name, also=also))


def enable(opened: OpenHome, name: str) -> Document:
    """Let a disabled user in again.

    Raises:
        AccessError: the actor may not.
        NotFoundError: there is no such user.
    """
    thing = _thing(opened, name)
    allowed(opened, "change_user", thing)
    with noted(opened, "change_user", thing, status="enabled") as also:
        return _document(users.enable_user(opened.database, name, also=also))


def change_role(opened: OpenHome, name: str, role: str) -> Document:
    """Give a user another role.

    Raises:
        AccessError: the actor may not.
        NotFoundError: there is no such user.
        InputError: there is no such role, or the last admin would lose it.
    """
    thing = _thing(opened, name)
    allowed(opened, "change_user", thing)
    before = users.find_user(opened.database, name).role
    with noted(opened, "change_user", thing, before=before, role=role) as also:
        return _document(users.change_role(opened.database, name, role, also=also))


def known(opened: OpenHome, name: str) -> str:
    """A user's name as it is kept, looked up before a password is asked for.

    Raises:
        NotFoundError: there is no such user.
    """
    return users.find_user(opened.database, name).name


def _added(opened: OpenHome, new: NewUser, first_admin: NewUser | None = None) -> User:
    with noted(opened, "add_user", Thing("user", new.name), role=new.role) as also:
        return users.add_user(opened.database, new, with_first_admin=first_admin, also=also)


def _add_itself_first(opened: OpenHome, name: str) -> Added:
    made = OneTime(name, passwords.one_time())
    user = _added(opened, NewUser(name, "admin", made.password, must_change=True))
    return Added(_document(user), OneTime(user.name, made.password))


def _thing(opened: OpenHome, name: str) -> Thing:
    kept = known(opened, name)
    return Thing("user", kept, owner=kept)


def _document(user: User) -> Document:
    def moment(value: datetime | None) -> str | None:
        return None if value is None else value.isoformat()

    return {
        "name": user.name,
        "role": user.role,
        "created": moment(user.created),
        "disabled": moment(user.disabled),
        "must_change": user.must_change,
    }
