"""What of Gradio's own routes is open, and to whom: a list of the few that its pages need.

Gradio keys its state and its queue by names that browsers make up (session hashes) and by numbers
of events. Both are somebody's here: the session that used a hash first has it for good, and an
event belongs to the session that began it; any other session gets 403.
"""

import json
import re
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import anyio.to_thread
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from medmm.database import Database
from medmm.records import sessions
from ui.answers import refusal
from ui.bodies import read_body
from ui.visits import Visit

MOUNT = "/rooms/"
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
ROUTES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("GET", re.compile(r"/theme\.css")),
    ("GET", re.compile(r"/gradio_api/info")),
    ("GET", re.compile(r"/gradio_api/heartbeat/(?P<hash>[^/]+)")),
    ("GET", re.compile(r"/gradio_api/queue/data")),
    ("POST", re.compile(r"/gradio_api/queue/join")),
    ("POST", re.compile(r"/gradio_api/cancel")),
)
"""Method and path below a room's mount. All else of Gradio answers 404, its files above all."""
EVENTS_KEPT = 20_000
WHERE = frozenset({"session_hash", "event_id"})
Call = tuple[Scope, Receive, Send]


@dataclass
class GradioCalls:
    """Calls to Gradio's routes, let through if they are on the list and about what is one's own."""

    database: Database
    _events: OrderedDict[str, int] = field(default_factory=OrderedDict, init=False, repr=False)

    def about(self, path: str) -> bool:
        """Whether a path is Gradio's."""
        return path.startswith(MOUNT)

    async def pass_on(self, app: ASGIApp, visit: Visit, path: str, call: Call) -> None:
        """Let a signed-in visit's call through, or refuse it.

        Raises:
            HomeError: the database cannot be used now.
        """
        scope, receive, send = call
        inner = "/" + path.removeprefix(MOUNT).partition("/")[2]
        found = _listed(scope["method"], inner)
        if found is None or visit.signed_in is None:
            await refusal(404, "There is nothing here.")(scope, receive, send)
            return
        names = _named(found, scope)
        if scope["method"] == "POST":
            body = await read_body(receive)
            given = _in_json(body.data)
            if given is None:
                await refusal(400, "The request is no JSON.")(scope, receive, send)
                return
            names, receive = names + given, body.again
        if not await self._all_own(visit.signed_in.session, names):
            answer = refusal(403, "This belongs to another session.", code="session")
            await answer(scope, receive, send)
            return
        if inner.endswith("/queue/join"):
            send = self._noting_event(visit.signed_in.session, send)
        await app(scope, receive, send)

    async def _all_own(self, session: int, names: list[tuple[str, Any]]) -> bool:
        for kind, name in names:
            if name is None:
                continue
            if not isinstance(name, str) or not NAME.fullmatch(name):
                return False
            if kind == "event_id":
                if self._events.get(name) != session:
                    return False
            elif not await anyio.to_thread.run_sync(sessions.bind, self.database, session, name):
                return False
        return True

    def _noting_event(self, session: int, send: Send) -> Send:
        """Learn from the answer which event the session began."""

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.body":
                for kind, name in _in_json(message.get("body", b"")) or []:
                    if kind == "event_id" and isinstance(name, str):
                        self._events[name] = session
                while len(self._events) > EVENTS_KEPT:
                    self._events.popitem(last=False)
            await send(message)

        return noting


def _listed(method: str, inner: str) -> re.Match[str] | None:
    for allowed, pattern in ROUTES:
        found = pattern.fullmatch(inner)
        if found is not None and method == allowed:
            return found
    return None


def _named(found: re.Match[str], scope: Scope) -> list[tuple[str, Any]]:
    """Hashes and events that path and query name; each of several counts."""
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    names: list[tuple[str, Any]] = [(key, value) for key, value in query if key in WHERE]
    return names + [("session_hash", value) for value in found.groupdict().values()]


def _in_json(data: bytes) -> list[tuple[str, Any]] | None:
    """Hashes and events that a JSON body names, at any depth, doubled keys included.

    None if it is no JSON. Read as Starlette reads it, so that no byte means two things.
    """
    names: list[tuple[str, Any]] = []

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names.extend((key, value) for key, value in pairs if key in WHERE)
        return dict(pairs)

    try:
        json.loads(data, object_pairs_hook=look)
    except (ValueError, RecursionError):
        return None
    return names
