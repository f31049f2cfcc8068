"""The guard around everything: no session, no answer.

Default deny: what is open is listed here, and a route that somebody adds is closed until it is
listed. Every request's session, user and role are read from the database anew.
"""

from dataclasses import dataclass
from urllib.parse import quote

import anyio.to_thread
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from medmm.errors import MedmmError
from medmm.records import sessions
from medmm.records.sessions import SignedIn
from ui.answers import of_error, refusal
from ui.bodies import Body, form_field, read_body
from ui.frame import Frame
from ui.gradio_calls import GradioCalls
from ui.origins import comes_from_here, is_page
from ui.visits import KEY, Visit

OPEN = frozenset({"/healthz", "/sign-in"})
OPEN_ASSETS = frozenset({"frame.css", "icon.svg"})
# Open to a user whose password was for one time, beside signing out.
CHANGING = frozenset({"/password", "/sign-out", "/sign-out-everywhere"})
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Writes whose bodies go to the disk as they come: the token is in the header or nowhere.
STREAMED = frozenset({"/api/uploads"})
BACKGROUND = "x-medmm-background"
"""A script's header on what it asks on its own: it does not keep a session from idling out."""


@dataclass
class Guard:
    """The layer that knows who asks."""

    app: ASGIApp
    frame: Frame
    calls: GradioCalls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Go on inside with a visit in the scope, or refuse."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        try:
            if scope["type"] == "websocket":
                await self._websocket(scope, receive, send)
            else:
                await self._http(scope, receive, send)
        except MedmmError as error:
            await of_error(error)(scope, receive, send)
        except HTTPException as error:
            await refusal(error.status_code, str(error.detail))(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        path = self._local(scope)
        unsafe = scope["method"] not in SAFE
        if not comes_from_here(headers, self.frame.options, unsafe=unsafe):
            await refusal(403, "This came from another page.", code="origin")(scope, receive, send)
            return
        visit = await self._visit(scope, headers)
        scope[KEY] = visit
        if self._is_open(path):
            await self.app(scope, receive, send)
            return
        closed = self._closed(visit, path, scope, headers)
        if closed is not None:
            await closed(scope, receive, send)
            return
        if self.calls.about(path):
            await self.calls.pass_on(self.app, visit, path, (scope, receive, send))
            return
        if unsafe:
            body = Body(b"", receive) if path in STREAMED else await read_body(receive)
            if not visit.carries(headers.get("x-csrf-token") or _token_of(headers, body)):
                answer = refusal(
                    403, "The form is out of date.", "Load the page again.", code="csrf"
                )
                await answer(scope, receive, send)
                return
            receive = receive if path in STREAMED else body.again
        await self.app(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        visit = await self._visit(scope, headers)
        here = comes_from_here(headers, self.frame.options, unsafe=True)
        if not here or visit.signed_in is None or visit.signed_in.must_change:
            await send({"type": "websocket.close", "code": 1008})
            return
        scope[KEY] = visit
        await self.app(scope, receive, send)

    async def _visit(self, scope: Scope, headers: Headers) -> Visit:
        token = _cookie(headers, self.frame.cookie)
        used = BACKGROUND not in headers

        def found() -> SignedIn | None:
            return sessions.find(self.frame.opened.database, token, self.frame.clock, used=used)

        signed_in = await anyio.to_thread.run_sync(found) if token else None
        origin = (scope.get("client") or ("unknown", 0))[0]
        return Visit(self.frame, origin, token if signed_in else "", signed_in)

    def _local(self, scope: Scope) -> str:
        path: str = scope["path"]
        return path.removeprefix(self.frame.options.prefix)

    def _is_open(self, path: str) -> bool:
        if path in OPEN:
            return True
        given = path.removeprefix(f"{self.frame.assets.route}/").partition("/")
        return path.startswith(f"{self.frame.assets.route}/") and given[2] in OPEN_ASSETS

    def _closed(self, visit: Visit, path: str, scope: Scope, headers: Headers) -> Response | None:
        """The answer to who may not go on; None for who may."""
        if visit.signed_in is None:
            if is_page(headers, scope["method"]) and not self.calls.about(path):
                query = scope["query_string"].decode("latin-1")
                wanted = f"{path}?{query}" if query else path
                there = self.frame.url("/sign-in")
                return RedirectResponse(f"{there}?next={quote(wanted, safe='/')}", 303)
            return refusal(401, "Nobody is signed in here.", "Sign in.", code="sign-in")
        if visit.signed_in.must_change and path not in CHANGING:
            if is_page(headers, scope["method"]):
                return RedirectResponse(self.frame.url("/password"), 303)
            return refusal(403, "The password has to be changed first.", code="must-change")
        return None


def _cookie(headers: Headers, name: str) -> str:
    """The session cookie; two of one name are none: another page of this host may have set one."""
    found = [
        value
        for header in headers.getlist("cookie")
        for part in header.split(";")
        for key, value in cookie_parser(part).items()
        if key == name
    ]
    return found[0] if len(found) == 1 else ""


def _token_of(headers: Headers, body: Body) -> str:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return ""
    return form_field(body.data, "csrf_token")
