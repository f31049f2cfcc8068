"""Users: listed, added, changed. What gives power is asked for by the admin's password again."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from medmm.assembly import accounts, users
from medmm.assembly.acting import allowed
from medmm.assembly.homes import OpenHome
from medmm.assembly.users import OneTime
from medmm.nouns.characters import as_data, visible
from medmm.records.access import ROLES, Action, Thing
from ui.routes.admin.asking import Given, Home, Name, Password
from ui.visits import home_of, visit_of

router = APIRouter(prefix="/api/admin/users")


class Named(Given):
    """A user."""

    name: Name


class Confirmed(Named):
    """A user, and the password of the admin who asks."""

    password: Password


class WithRole(Confirmed):
    """A user with a role to be given."""

    role: Name


@router.get("")
def list_accounts(request: Request, opened: Home) -> JSONResponse:
    """All users, and who asks."""
    listed = accounts.list_accounts(opened, visit_of(request).frame.clock)
    # Names are of letters; whatever else somebody got into the table is shown as what it is.
    shown = as_data(listed, visible)
    return JSONResponse({"users": shown, "roles": ROLES, "you": opened.by.actor.name})


@router.post("")
async def add(request: Request, given: WithRole) -> JSONResponse:
    """Add a user with a one-time password."""
    hasher = visit_of(request).frame.hasher

    def work(opened: OpenHome) -> dict[str, Any]:
        return _one_time(accounts.invite(opened, given.name, given.role, hasher=hasher))

    return await _confirmed(request, "add_user", None, given.password, work)


@router.post("/role")
async def change_role(request: Request, given: WithRole) -> JSONResponse:
    """Give a user another role."""

    def work(opened: OpenHome) -> dict[str, Any]:
        return {"user": users.change_role(opened, given.name, given.role)}

    return await _confirmed(request, "change_user", given.name, given.password, work)


@router.post("/password")
async def reset_password(request: Request, given: Confirmed) -> JSONResponse:
    """Give a user a one-time password."""
    hasher = visit_of(request).frame.hasher

    def work(opened: OpenHome) -> dict[str, Any]:
        return _one_time(accounts.reset_password(opened, given.name, hasher=hasher))

    return await _confirmed(request, "set_password", given.name, given.password, work)


@router.post("/enable")
async def enable(request: Request, given: Confirmed) -> JSONResponse:
    """Let a disabled user in again."""

    def work(opened: OpenHome) -> dict[str, Any]:
        return {"user": users.enable(opened, given.name)}

    return await _confirmed(request, "change_user", given.name, given.password, work)


@router.post("/disable")
def disable(opened: Home, given: Named) -> JSONResponse:
    """Let a user in no more."""
    allowed(opened, "change_user", Thing("user", given.name))
    return JSONResponse({"user": users.disable(opened, given.name)})


@router.post("/sign-out")
def sign_out(request: Request, opened: Home, given: Named) -> JSONResponse:
    """End all sessions of a user."""
    ended = accounts.sign_out(opened, given.name, visit_of(request).frame.clock)
    return JSONResponse({"ended": ended})


async def _confirmed(
    request: Request,
    action: Action,
    name: str | None,
    password: str,
    work: Callable[[OpenHome], dict[str, Any]],
) -> JSONResponse:
    """The work of an admin who may, and who shows the password again; in a thread, in turn."""
    frame = visit_of(request).frame

    def confirmed() -> dict[str, Any]:
        opened = home_of(request)
        allowed(opened, action, None if name is None else Thing("user", name))
        accounts.confirm(opened, password, frame.clock, hasher=frame.hasher)
        return work(opened)

    return JSONResponse(await frame.hashing.run(confirmed))


def _one_time(made: OneTime) -> dict[str, Any]:
    return {"name": made.name, "one_time_password": made.password}
