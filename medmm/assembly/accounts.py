"""Accounts as an admin keeps them on the page: one-time passwords, sessions, the admin shown again.

What gives somebody more than they had (an account, a role, a password, a way back in) is asked for
twice: by the right, and by the admin's own password, so that a page that was left open gives no
power that outlasts it (OWASP ASVS 5.0, 7.5).
"""

from typing import Any

from medmm.assembly import users as kept_users
from medmm.assembly.acting import allowed, noted
from medmm.assembly.homes import OpenHome
from medmm.assembly.users import OneTime
from medmm.errors import AccessError, InputError
from medmm.records import passwords, session_lists, sessions, user_names, users
from medmm.records.access import Thing
from medmm.records.audit import sealing
from medmm.records.limiter import Clock, utc_now
from medmm.records.passwords import HASHER, Hasher
from medmm.records.sign_in import authenticate
from medmm.records.users import NewUser

Document = dict[str, Any]


def list_accounts(opened: OpenHome, clock: Clock = utc_now) -> list[Document]:
    """All users by name, each with ``last_sign_in`` as far as it is kept and open ``sessions``.

    Raises:
        AccessError: who acts may not.
    """
    listed = kept_users.list_all(opened)
    seen = session_lists.seen(opened.database, clock)
    return [
        user
        | {
            "last_sign_in": seen[user["name"]].last.isoformat() if user["name"] in seen else None,
            "sessions": seen[user["name"]].open if user["name"] in seen else 0,
        }
        for user in listed
    ]


def confirm(
    opened: OpenHome, password: str, clock: Clock = utc_now, *, hasher: Hasher = HASHER
) -> None:
    """Go on only if who acts shows that it is still them; a wrong password counts and is recorded.

    Raises:
        AccessError: code "password": it is wrong; "too-many": wait ``wait_seconds``.
    """
    refused = None
    with sealing(opened.database, opened.home):
        try:
            authenticate(
                opened.database,
                opened.by.actor.name,
                password,
                opened.by.origin,
                clock,
                hasher=hasher,
            )
        except AccessError as error:
            refused = error
    if refused is None:
        return
    if refused.code == "sign-in":
        raise AccessError(
            "That is not your own password.", "Type the one you signed in with.", code="password"
        )
    raise refused


def invite(opened: OpenHome, name: str, role: str, *, hasher: Hasher = HASHER) -> OneTime:
    """Add a user with a password for one time, to be shown once and kept nowhere.

    Raises:
        AccessError: who acts may not.
        InputError: the name or role is refused.
    """
    allowed(opened, "add_user")
    kept = user_names.checked(name)
    new = NewUser(kept, role, passwords.one_time(), must_change=True)
    with noted(opened, "add_user", Thing("user", kept), role=role) as also:
        users.add_user(opened.database, new, hasher=hasher, also=also)
    return OneTime(kept, new.password)


def reset_password(opened: OpenHome, name: str, *, hasher: Hasher = HASHER) -> OneTime:
    """Give another user a password for one time; their sessions end by it.

    Raises:
        AccessError: who acts may not.
        InputError: there is no such user, or it is who acts.
    """
    # Without an owner: who may set their own password alone does it under the one they have.
    allowed(opened, "set_password", Thing("user", name))
    kept = users.find_user(opened.database, name).name
    if kept == opened.by.actor.name:
        raise InputError("This is your own password.", "Change it under Password.", code="own")
    made = OneTime(kept, passwords.one_time())
    with noted(opened, "set_password", Thing("user", kept), code="one-time") as also:
        users.set_password(
            opened.database, kept, made.password, must_change=True, hasher=hasher, also=also
        )
    return made


def sign_out(opened: OpenHome, name: str, clock: Clock = utc_now) -> int:
    """End all sessions of a user; how many there were.

    Raises:
        AccessError: who acts may not.
        NotFoundError: there is no such user.
    """
    allowed(opened, "change_user", Thing("user", name))
    kept = users.find_user(opened.database, name).name
    with noted(opened, "change_user", Thing("user", kept), code="sign-out") as also:
        return sessions.end_everywhere(opened.database, kept, clock, also=also)
