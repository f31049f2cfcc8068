"""Signing in and out, and choosing a password: plain pages that work without JavaScript."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from medmm.errors import AccessError, InputError
from medmm.records.passwords import MIN_CHARACTERS
from ui.cookies import forget, give
from ui.html import page
from ui.local_paths import local_path
from ui.signing_in import change_password, sign_in, sign_out, sign_out_everywhere
from ui.visits import Visit, visit_of

router = APIRouter()
Field = Annotated[str, Form()]
DIFFERENT = "The two new passwords differ."


@router.get("/sign-in")
@router.head("/sign-in", include_in_schema=False)
async def show_sign_in(request: Request, next: str = "/") -> Response:  # noqa: A002
    """The form, or onward for somebody who is signed in."""
    visit = visit_of(request)
    if visit.signed_in is not None:
        return RedirectResponse(visit.frame.url(local_path(next)), 303)
    return _form(visit, next)


@router.post("/sign-in")
async def do_sign_in(
    request: Request,
    name: Field = "",
    password: Field = "",
    next: Field = "/",  # noqa: A002
) -> Response:
    """Try name and password."""
    visit = visit_of(request)
    try:
        token = await visit.frame.hashing.run(sign_in, visit, name, password)
    except AccessError as error:
        return _form(visit, next, error, name)
    onward = RedirectResponse(visit.frame.url(local_path(next)), 303)
    give(onward, visit.frame, token)
    return onward


@router.post("/sign-out")
def do_sign_out(request: Request) -> Response:
    """End this session."""
    visit = visit_of(request)
    sign_out(visit)
    return _gone(visit)


@router.post("/sign-out-everywhere")
def do_sign_out_everywhere(request: Request) -> Response:
    """End all of the user's sessions."""
    visit = visit_of(request)
    sign_out_everywhere(visit)
    return _gone(visit)


@router.get("/password")
async def show_password(request: Request) -> Response:
    """The form."""
    return _password_form(visit_of(request))


@router.post("/password")
async def do_password(
    request: Request, old: Field = "", new: Field = "", again: Field = ""
) -> Response:
    """Try to change it; all other sessions of the user end by it."""
    visit = visit_of(request)
    if new != again:
        return _password_form(visit, InputError(DIFFERENT))
    try:
        token = await visit.frame.hashing.run(change_password, visit, old, new)
    except InputError as error:
        return _password_form(visit, error)
    onward = RedirectResponse(visit.frame.url("/"), 303)
    give(onward, visit.frame, token)
    return onward


def _form(visit: Visit, next: str, error: AccessError | None = None, name: str = "") -> Response:  # noqa: A002
    answer = page(
        "sign_in.html",
        visit,
        _status(error) if error else 200,
        title="Sign in",
        message=str(error) if error else "",
        name=name,
        next=local_path(next),
    )
    if error is not None and error.wait_seconds:
        answer.headers["Retry-After"] = str(error.wait_seconds)
    return answer


def _password_form(visit: Visit, error: InputError | None = None) -> Response:
    status = 200 if error is None else _status(error)
    return page(
        "password.html",
        visit,
        status,
        title="Password",
        message=str(error) if error else "",
        shortest=MIN_CHARACTERS,
    )


def _status(error: InputError) -> int:
    if isinstance(error, AccessError):
        return {"too-many": 429, "busy": 503}.get(error.code, 403)
    return 422


def _gone(visit: Visit) -> Response:
    answer = RedirectResponse(visit.frame.url("/sign-in"), 303)
    forget(answer, visit.frame)
    # What scripts of this page kept in the browser (W3C Clear Site Data).
    answer.headers["Clear-Site-Data"] = '"storage"'
    return answer
