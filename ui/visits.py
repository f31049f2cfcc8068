"""A request's visit: whose it is, from where, under which session.

The guard makes it before anything else sees the request. It is the one way to an actor, both for
routes (`fastapi.Request`) and for Gradio's handlers (`gradio.Request`).
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

from starlette.types import Scope

from medmm.assembly.homes import OpenHome
from medmm.errors import AccessError
from medmm.records import sessions
from medmm.records.access import Actor, By
from medmm.records.sessions import SignedIn
from ui.frame import Frame

KEY = "medmm.visit"


@dataclass(frozen=True)
class Visit:
    """A request seen from the guard. ``origin`` is the client's address."""

    frame: Frame
    origin: str
    token: str = ""
    signed_in: SignedIn | None = None

    @property
    def csrf(self) -> str:
        """What every write of this session has to carry: only this page can know it.

        A keyed hash of the session's token, so it is kept nowhere and changes with the session.
        """
        return hmac.new(self.token.encode(), b"medmm csrf", hashlib.sha256).hexdigest()

    def carries(self, given: str) -> bool:
        """Whether what a write carries is this session's token against forgery."""
        return hmac.compare_digest(self.csrf.encode(), given.encode("utf-8", "replace"))

    def __repr__(self) -> str:
        return f"Visit({self.origin!r}, {self.signed_in!r})"


def visit_of(request: Any) -> Visit:
    """The visit of a route's request or of a Gradio handler's."""
    # Gradio's wraps the one of the call that put the work into its queue.
    scope: Scope = (getattr(request, "request", None) or request).scope
    visit: Visit = scope[KEY]
    return visit


def actor(request: Any) -> Actor:
    """Who acts, as the database has them now; a handler may run long after it was called.

    Raises:
        AccessError: nobody is signed in (any more); code "sign-in".
    """
    visit = visit_of(request)
    signed_in = visit.signed_in
    if signed_in is not None and getattr(request, "request", None) is not None:
        frame = visit.frame
        signed_in = sessions.find_by_number(frame.opened.database, signed_in.session, frame.clock)
    if signed_in is None or signed_in.must_change:
        raise AccessError("Nobody is signed in here.", "Sign in again.", code="sign-in")
    return signed_in.actor


def home_of(request: Any) -> OpenHome:
    """The open home in the hands of who asks, from where they ask.

    With it every function of `medmm.assembly` asks for their rights and records what they do.

    Raises:
        AccessError: nobody is signed in (any more); code "sign-in".
    """
    visit = visit_of(request)
    return visit.frame.opened.acting(By(actor(request), visit.origin))
