"""Answers that refuse: one sentence, a code and an id to find it in the log; never a trace."""

import json
import logging
import secrets
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from medmm.errors import (
    AccessError,
    ConflictError,
    HomeError,
    InputError,
    LimitError,
    MedmmError,
    MissingError,
    NotFoundError,
    UsageError,
)
from ui.origins import is_page
from ui.visits import visit_of

log = logging.getLogger("medmm.page")
STATUSES: tuple[tuple[type[MedmmError], int], ...] = (
    (NotFoundError, 404),
    (ConflictError, 409),
    (LimitError, 413),
    (AccessError, 403),
    (InputError, 422),
    (UsageError, 422),
    (MissingError, 503),
    (HomeError, 503),
)


def refusal(
    status: int, message: str, mend: str = "", *, code: str = "", **more: Any
) -> JSONResponse:
    """An answer of this status; its id is in the log."""
    number = secrets.token_hex(6)
    log.info("refused status=%d code=%s id=%s", status, code or "-", number)
    body = {"error": message, "mend": mend, "code": code, "id": number, **more}
    return JSONResponse(body, status, headers=_waiting(more.get("wait_seconds")))


def of_error(error: MedmmError) -> JSONResponse:
    """What an error of ours is answered with."""
    status = next((number for kind, number in STATUSES if isinstance(error, kind)), 500)
    if status == 500:
        return fault(error)
    code = getattr(error, "code", "")
    more: dict[str, Any] = {}
    if isinstance(error, AccessError) and error.wait_seconds:
        status, more = 429, {"wait_seconds": error.wait_seconds}
    elif isinstance(error, AccessError) and code == "sign-in":
        status = 401
    elif isinstance(error, ConflictError):
        more = {"based_on": error.based_on, "last": error.last}
    return refusal(status, error.message, error.mend, code=code, **more)


def fault(error: BaseException) -> JSONResponse:
    """A fault of ours: its kind and place are in the log under the id, without its words.

    (A message may quote a patient's text.)
    """
    number = secrets.token_hex(6)
    log.error("fault id=%s %s", number, place_of(error))
    message = "This is a fault of medmm."
    mend = f"It is in the log as {number}; please report it."
    return JSONResponse({"error": message, "mend": mend, "code": "fault", "id": number}, 500)


async def on_medmm_error(request: Request, error: Exception) -> Response:
    """FastAPI's handler for errors of ours."""
    return shown_as_page(
        request, of_error(error) if isinstance(error, MedmmError) else fault(error)
    )


@dataclass
class Faults:
    """The layer next to the routes: what they did not expect becomes an answer with an id."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Go on inside."""
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, noting)
        except Exception as error:  # noqa: BLE001 - the last resort
            answer = fault(error)
            if scope["type"] == "http" and not begun:
                await shown_as_page(Request(scope), answer)(scope, receive, send)


async def on_http_error(request: Request, error: Exception) -> Response:
    """FastAPI's handler for its own refusals: no such path, method, body too large."""
    status = getattr(error, "status_code", 500)
    words = {
        404: "There is nothing here.",
        405: "This cannot be done here.",
        408: "The request came too slowly.",
        413: "The request is too large.",
    }
    return shown_as_page(request, refusal(status, words.get(status, "The request was refused.")))


async def on_wrong_request(request: Request, _: Exception) -> Response:
    """FastAPI's handler for parameters and bodies that do not fit; nothing of them is repeated."""
    message = "The request does not fit what this path takes."
    return shown_as_page(request, refusal(422, message, code="request"))


def shown_as_page(request: Request, answer: JSONResponse) -> Response:
    """The same answer for people, if somebody opened a page."""
    if not is_page(request.headers, request.method):
        return answer
    from ui.html import page

    told = json.loads(bytes(answer.body))
    shown = page(
        "refused.html",
        visit_of(request),
        answer.status_code,
        title=str(answer.status_code),
        message=told["error"],
        mend=told["mend"],
        number=told["id"],
    )
    if "retry-after" in answer.headers:
        shown.headers["Retry-After"] = answer.headers["retry-after"]
    return shown


def place_of(error: BaseException) -> str:
    """Types of an error and its causes, and the lines it came through."""
    kinds: list[str] = []
    frames: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(kinds) < 8:
        kinds.append(f"{type(seen).__module__}.{type(seen).__name__}")
        seen = seen.__cause__ or seen.__context__
    trace = error.__traceback__
    while trace is not None:
        frames.append(f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}")
        trace = trace.tb_next
    return f"{' <- '.join(kinds)} at {' > '.join(frames[-12:])}"


def _waiting(seconds: int | None) -> dict[str, str]:
    return {"Retry-After": str(seconds)} if seconds else {}
