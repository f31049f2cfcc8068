"""The audit log: pages, the download, and the proof of it in the background."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import JSONResponse, StreamingResponse

from medmm.assembly import auditing
from medmm.assembly.acting import allowed
from medmm.assembly.auditing import Wanted
from medmm.records.access import ACTIONS
from ui.routes.admin.asking import ADMINS, Home
from ui.routes.admin.background import Background

router = APIRouter(prefix="/api/admin/audit")
PAGE = 100
OTHER_ACTIONS = ("sign_in", "sign_out")
"""What is recorded and is nobody's right."""
Text = Annotated[str, Query(max_length=200)]
Sequence = Annotated[int | None, Query(ge=1, le=2**62)]


def wanted(
    actor: Text = "",
    action: Text = "",
    thing: Text = "",
    outcome: Text = "",
    since: Text = "",
    until: Text = "",
) -> Wanted:
    """The filters that an address holds."""
    given = auditing.moment(since), auditing.moment(until, after=True)
    return Wanted(actor, action, thing, outcome, *given)


Filters = Annotated[Wanted, Depends(wanted)]


@router.get("")
def one_page(opened: Home, filters: Filters, before: Sequence = None) -> JSONResponse:
    """Events, newest first."""
    page = auditing.read_page(opened, filters, before, PAGE)
    actions = sorted({*ACTIONS, *OTHER_ACTIONS})
    return JSONResponse(page | {"actions": actions, "outcomes": auditing.OUTCOMES})


@router.get("/lines")
def lines(opened: Home, filters: Filters) -> StreamingResponse:
    """All of them as JSON lines, to be kept."""
    given = auditing.read_lines(opened, filters)
    name = f"medmm-audit-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.jsonl"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(given, media_type="application/x-ndjson", headers=headers)


def verifying() -> APIRouter:
    """The routes of one page's proof: begun by one admin, seen by all."""
    proof = Background("verify-audit")
    own = APIRouter(prefix="/api/admin/audit")

    @own.post("/verify")
    def begin(opened: Home) -> JSONResponse:
        """Begin, unless it is under way."""
        allowed(opened, ADMINS)
        # The event of who began it is written before the first row is looked at.
        begun = proof.begin(
            lambda: auditing.ask_to_verify(opened),
            lambda progress: auditing.verified(opened, progress),
        )
        return JSONResponse(proof.document() | {"begun": begun})

    @own.get("/verify")
    def state(opened: Home) -> JSONResponse:
        """How far it is, or what came out."""
        allowed(opened, ADMINS)
        return JSONResponse(proof.document())

    return own
