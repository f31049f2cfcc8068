"""Routes of the worklist: the list itself, jobs, drafting, taking in, acknowledging.

The list is asked for by POST, because what people search for are names, and addresses end in the
logs of proxies.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Request
from markupsafe import Markup
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import HTMLResponse, JSONResponse

from medmm.assembly import critical, ingest_folders, starting, worklist
from medmm.assembly.acting import allowed
from medmm.assembly.homes import OpenHome
from medmm.assembly.starting import DraftWish
from medmm.assembly.upload_folders import UPLOAD_BYTES
from medmm.assembly.worklist import Filters
from ui.html import rendered
from ui.visits import home_of, visit_of

MOST = 2**31 - 1
router = APIRouter()


def hands(request: Request) -> OpenHome:
    """The home in the hands of who asks."""
    return home_of(request)


Home = Annotated[OpenHome, Depends(hands)]
Number = Annotated[int, Path(ge=1, le=MOST)]
Name = Annotated[str, Field(max_length=100)]


class Given(BaseModel):
    """A body of JSON; what is not known in it is refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Asked(Given):
    """What the list is asked for."""

    query: Annotated[str, Field(max_length=400)] = ""
    status: Name = ""
    modality: Name = ""
    age: Name = ""
    mine: bool = False
    flagged: bool = False
    before: Annotated[int, Field(ge=1, le=MOST)] | None = None


class Wish(Given):
    """How a study is to be drafted."""

    writer: Name = "composer"
    experts: Annotated[list[Name], Field(max_length=100)] | None = None
    indication: Annotated[str, Field(max_length=starting.LONGEST_INDICATION)] = ""
    prior: Literal["automatic", "none"] | Annotated[int, Field(ge=1, le=MOST)] = "automatic"
    knowledge: bool = True


class Folder(Given):
    """A folder of the server: the number of an allowed one, and a path below it."""

    root: Annotated[int, Field(ge=0, le=1000)]
    inside: Annotated[str, Field(max_length=1000)] = ""


class Noted(Given):
    """Which critical finding was taken note of, whom was told, and how."""

    rule: Name
    told: Annotated[str, Field(max_length=200)] = ""
    method: Name = ""


@router.get("/api/worklist/room")
def room(request: Request, opened: Home) -> HTMLResponse:
    """The room itself: search, filters, dialogs; the list is asked for next."""
    allowed(opened, "list")
    return _html(
        request,
        "worklist_room.html",
        may_draft=starting.may(opened, "draft"),
        may_ingest=starting.may(opened, "ingest"),
        folders=ingest_folders.listed(opened.home) if starting.may(opened, "ingest") else [],
        states=worklist.STATES,
        ages=tuple(worklist.AGES),
        megabytes=UPLOAD_BYTES // 2**20,
    )


@router.post("/api/worklist")
def listed(request: Request, opened: Home, asked: Asked) -> HTMLResponse:
    """A page of the list, as HTML."""
    now = visit_of(request).frame.clock()
    found = worklist.page(opened, Filters(**asked.model_dump()), now)
    return _html(
        request,
        "worklist_rows.html",
        **found,
        asked=asked,
        may_draft=starting.may(opened, "draft"),
        may_acknowledge=starting.may(opened, "acknowledge"),
    )


@router.get("/api/jobs")
def jobs(request: Request, opened: Home) -> JSONResponse:
    """Jobs of who asks: how many are active, where each stands, and the same as HTML."""
    shown = starting.shown_jobs(opened)
    active = [one for one in shown if one["status"] in {"waiting", "running"}]
    text = _rendered(request, "worklist_jobs.html", jobs=shown)
    stands = {str(one["id"]): one["status"] for one in shown}
    return JSONResponse({"active": len(active), "stands": stands, "jobs": shown, "html": text})


@router.get("/api/jobs/{number}")
def job(request: Request, opened: Home, number: Number) -> HTMLResponse:
    """What became of each series that a job took in, as HTML."""
    shown = starting.shown_results(opened, number)
    return _html(request, "worklist_results.html", job=shown)


@router.post("/api/jobs/{number}/cancel")
def cancel(opened: Home, number: Number) -> JSONResponse:
    """Cancel a job."""
    return JSONResponse(starting.cancel_job(opened, number))


@router.get("/api/studies/{study}/draft")
def choices(request: Request, opened: Home, study: Number) -> HTMLResponse:
    """What a draft of a study can be made with, as a form."""
    return _html(request, "worklist_draft.html", **starting.draft_choices(opened, study))


@router.post("/api/studies/{study}/draft")
def draft(opened: Home, study: Number, wish: Wish) -> JSONResponse:
    """Let a draft wait for the worker: 202 with its job."""
    experts = None if wish.experts is None else tuple(wish.experts)
    asked = DraftWish(wish.writer, experts, wish.indication, wish.prior, wish.knowledge)
    return JSONResponse(starting.start_draft(opened, study, asked), 202)


@router.post("/api/ingest")
def ingest(opened: Home, folder: Folder) -> JSONResponse:
    """Let a folder of the server wait to be taken in: 202 with its job."""
    return JSONResponse(starting.start_folder(opened, folder.root, folder.inside), 202)


@router.post("/api/reports/{report}/acknowledgements")
def acknowledge(opened: Home, report: Number, noted: Noted) -> JSONResponse:
    """Record that somebody took note of a critical finding."""
    given = critical.acknowledge(opened, report, noted.rule, noted.told, noted.method)
    made = {"rule": given.rule, "author": given.author, "time": given.time.isoformat()}
    return JSONResponse(made, 201)


def _html(request: Request, template: str, **values: object) -> HTMLResponse:
    return HTMLResponse(_rendered(request, template, **values))


def _rendered(request: Request, template: str, **values: object) -> Markup:
    return rendered(template, url=visit_of(request).frame.url, **values)
