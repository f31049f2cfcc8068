"""What a request must be before anybody looks who sent it.

For a host of ours, from the client that the proxy names, not too large and not too slow.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import anyio
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.answers import refusal
from ui.options import Options

BODY_BYTES = 1_048_576
BODY_SECONDS = 60.0
URL_BYTES = 4096
# Names with which a client could tell the parts inside another host, scheme or path.
FORWARDED = frozenset({
    b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto",
    b"x-forwarded-port", b"x-forwarded-prefix", b"x-forwarded-server", b"x-original-url",
    b"x-rewrite-url", b"x-real-ip", b"x-gradio-server", b"x-gradio-user",
})  # fmt: skip


class TooLargeError(HTTPException):
    """More bytes came than this path takes."""

    def __init__(self) -> None:
        super().__init__(413, "The request is too large.")


class TooSlowError(HTTPException):
    """The bytes came too slowly."""

    def __init__(self) -> None:
        super().__init__(408, "The request came too slowly.")


@dataclass
class Doorway:
    """The layer before the guard. ``limits`` gives paths that take larger bodies, by beginning.

    ``seconds`` gives those whose bodies may take longer to come.
    """

    app: ASGIApp
    options: Options
    limits: Mapping[str, int] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Go on inside with a scope that says the truth, or refuse."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        wrong = self._wrong(scope, headers)
        if wrong is not None:
            await _refuse(scope, receive, send, *wrong)
            return
        inner = self._truthful(scope, headers)
        if scope["type"] == "websocket":
            await self.app(inner, receive, send)
            return
        path = inner["path"].removeprefix(self.options.prefix)
        limit = self._limit(path)
        if _length(headers) > limit:
            await _refuse(scope, receive, send, 413, "The request is too large.")
            return
        await self.app(inner, _bounded(receive, limit, self._seconds(path)), send)

    def _wrong(self, scope: Scope, headers: Headers) -> tuple[int, str] | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self.options.knows_host(hosts[0]):
            return 421, "This page is not served under that name."
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > URL_BYTES:
            return 414, "The address is too long."
        # h11 refuses a bad length and two of them; one with chunks beside is refused here.
        if "content-length" in headers and "transfer-encoding" in headers:
            return 400, "The request says its length twice."
        return None

    def _truthful(self, scope: Scope, headers: Headers) -> Scope:
        """The scope with the client that the proxy names, and path and scheme as people see them.

        A proxy may take the prefix off or leave it on.
        """
        inner = dict(scope)
        kept = [(name, value) for name, value in scope["headers"] if name not in FORWARDED]
        prefix = self.options.prefix
        if self.options.behind_proxy:
            inner["scheme"] = "https" if scope["type"] == "http" else "wss"
            inner["client"] = (_nearest(headers, scope), 0)
        path = scope["path"]
        if prefix and not (path == prefix or path.startswith(f"{prefix}/")):
            path = f"{prefix}{path}"
        elif prefix and path == prefix:
            path = f"{prefix}/"
        inner |= {"headers": kept, "path": path, "root_path": prefix}
        return inner

    def _limit(self, path: str) -> int:
        found = [size for start, size in self.limits.items() if path.startswith(start)]
        return max(found, default=BODY_BYTES)

    def _seconds(self, path: str) -> float:
        found = [time for start, time in self.seconds.items() if path.startswith(start)]
        return max(found, default=BODY_SECONDS)


def _nearest(headers: Headers, scope: Scope) -> str:
    """The client as the proxy next to us saw it: the last address, which no client can forge."""
    listed = ",".join(headers.getlist("x-forwarded-for")).split(",")[-1].strip()
    return listed or (scope["client"] or ("unknown", 0))[0]


def _length(headers: Headers) -> int:
    given = headers.get("content-length", "0")
    return int(given) if given.isdecimal() else 0


def _bounded(receive: Receive, limit: int, seconds: float = BODY_SECONDS) -> Receive:
    """The body, of so many bytes and within so many seconds."""
    got, left, whole = 0, seconds, False

    async def bounded() -> Message:
        nonlocal got, left, whole
        if whole:
            # Only that the client went away is waited for now, for as long as an answer streams.
            return await receive()
        began = anyio.current_time()
        try:
            with anyio.fail_after(max(left, 0)):
                message = await receive()
        except TimeoutError:
            raise TooSlowError from None
        left -= anyio.current_time() - began
        if message["type"] == "http.request":
            got += len(message.get("body", b""))
            whole = not message.get("more_body", False)
        if got > limit:
            raise TooLargeError
        return message

    return bounded


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, why: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    await refusal(status, why)(scope, receive, send)
