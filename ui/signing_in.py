"""What signing in and out does: the password looked at, the session begun or ended, the event."""

from collections.abc import Iterator
from contextlib import contextmanager

from medmm.errors import AccessError
from medmm.records import sessions
from medmm.records.access import Actor, By, Thing
from medmm.records.audit import Event, event_by, record, sealing
from medmm.records.sign_in import authenticate, change_own_password
from ui.visits import Visit


def sign_in(visit: Visit, name: str, password: str) -> str:
    """Begin a session; its token.

    A password for one time is let in: the guard opens nothing but choosing another.

    Raises:
        AccessError: the name or the password is wrong, which is recorded, or too many were.
    """
    frame = visit.frame
    with _sealed(visit):
        who = authenticate(
            frame.opened.database,
            name,
            password,
            visit.origin,
            frame.clock,
            hasher=frame.hasher,
            changing=True,
        )
        return _begin(visit, who)


def change_password(visit: Visit, old: str, new: str) -> str:
    """Change the password of who is signed in; the token of the session that goes on.

    All other sessions of the user rested on the old one and are over.

    Raises:
        AccessError: the old one is wrong, which is recorded, or too many were.
        InputError: the new one is refused.
    """
    frame, who = visit.frame, _who(visit)
    event = event_by(By(who, visit.origin), "set_password", _own(who))
    with _sealed(visit):
        changed = change_own_password(
            frame.opened.database,
            who.name,
            old,
            new,
            visit.origin,
            frame.clock,
            hasher=frame.hasher,
            also=lambda session: record(session, event),
        )
        return _begin(visit, changed)


def sign_out(visit: Visit) -> None:
    """End the session."""
    frame = visit.frame
    event = _event(visit, _who(visit), "sign_out")
    with _sealed(visit):
        sessions.end(
            frame.opened.database,
            visit.token,
            frame.clock,
            also=lambda session: record(session, event),
        )


def sign_out_everywhere(visit: Visit) -> None:
    """End all sessions of the user."""
    frame, who = visit.frame, _who(visit)
    event = _event(visit, who, "sign_out", code="everywhere")
    with _sealed(visit):
        sessions.end_everywhere(
            frame.opened.database,
            who.name,
            frame.clock,
            also=lambda session: record(session, event),
        )


@contextmanager
def _sealed(visit: Visit) -> Iterator[None]:
    """The chain sealed at the end, also after a refusal, which has left its event."""
    opened, refused = visit.frame.opened, None
    with sealing(opened.database, opened.home):
        try:
            yield
        except AccessError as error:
            refused = error
    if refused is not None:
        raise refused


def _begin(visit: Visit, who: Actor) -> str:
    frame = visit.frame
    event = _event(visit, who, "sign_in")
    return sessions.start(
        frame.opened.database,
        who.name,
        visit.origin,
        frame.clock,
        replacing=visit.token,
        also=lambda session: record(session, event),
    )


def _who(visit: Visit) -> Actor:
    """Who is signed in, also with a password that has to be changed."""
    if visit.signed_in is None:
        raise AccessError("Nobody is signed in here.", "Sign in again.", code="sign-in")
    return visit.signed_in.actor


def _own(who: Actor) -> Thing:
    return Thing("user", who.name, owner=who.name)


def _event(visit: Visit, who: Actor, action: str, **detail: str) -> Event:
    """Signing in and out is nobody's right, so no table of rights knows these actions."""
    return Event(who.name, who.role, action, f"user:{who.name}", detail=detail, origin=visit.origin)
