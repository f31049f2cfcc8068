"""Routes for what a user does before there is a version: unfinished text, time, slices, accepted.

The unfinished text keeps a session from idling out, as a person typed it; time does not (the page
sends it with the header that says so).
"""

import json
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import JSONResponse, Response

from medmm.assembly import reviewing, reviewing_edits
from medmm.errors import ConflictError
from medmm.records.reading import Typed
from ui.answers import refusal
from ui.routes.reports import (
    MOST,
    MOST_STATEMENTS,
    PRIVATE,
    REPORT,
    Asked,
    Body,
    Home,
    Number,
    Statement,
    Version,
)

DAY_MS = 86_400_000
Slice = Annotated[int, Field(ge=0, le=MOST)]
router = APIRouter()


class Text(Body):
    """What stands in an editor: a report's statements, or an addendum."""

    statements: Annotated[list[Statement], Field(max_length=MOST_STATEMENTS)] | None = None
    addendum: Annotated[str, Field(max_length=1_000_000)] | None = None


class Unfinished(Body):
    """A text to be kept: from which window, its count of changes, the revision it knows of."""

    based_on: Version
    page: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{8,40}$")]
    serial: Annotated[int, Field(ge=1, le=2**53)]
    revision: Annotated[int, Field(ge=0, le=MOST)]
    text: Text


class Spent(Body):
    """Milliseconds since the last such message, and ranges of slices by the series' number."""

    open_ms: Annotated[int, Field(ge=0, le=DAY_MS)]
    active_ms: Annotated[int, Field(ge=0, le=DAY_MS)]
    looked: Annotated[
        dict[
            Annotated[str, Field(pattern=r"^[0-9]{1,10}$")],
            Annotated[list[tuple[Slice, Slice]], Field(max_length=5_000)],
        ],
        Field(max_length=1_000, default_factory=dict),
    ]


class Accepted(Body):
    """The version in which each statement was accepted; None takes it back."""

    statements: Annotated[
        dict[Annotated[str, Field(max_length=40)], Version | None],
        Field(max_length=MOST_STATEMENTS),
    ]


@router.put(f"{REPORT}/unfinished")
def keep(opened: Home, report: Number, given: Unfinished) -> Response:
    """Keep the user's own unfinished text."""
    text = json.dumps(given.text.model_dump(exclude_unset=True))
    typed = Typed(given.page, given.serial, given.revision, text)
    try:
        kept = reviewing_edits.keep(opened, report, given.based_on, typed)
    except ConflictError as error:
        other = reviewing_edits.kept(opened, report, given.based_on)
        return refusal(409, error.message, error.mend, code="other-window", kept=other)
    return JSONResponse(kept, headers=PRIVATE)


@router.delete(f"{REPORT}/unfinished")
def drop(
    opened: Home,
    report: Number,
    based_on: Asked,
    revision: Annotated[int, Query(ge=0, le=MOST)],
) -> Response:
    """Forget the user's own unfinished text, as far as this window knows it."""
    reviewing_edits.give_up(opened, report, based_on, revision)
    return JSONResponse({}, headers=PRIVATE)


@router.post(f"{REPORT}/reading")
def spend(opened: Home, report: Number, spent: Spent) -> Response:
    """Add to the user's own time with a report."""
    reviewing.spend(
        opened,
        report,
        open_ms=spent.open_ms,
        active_ms=spent.active_ms,
        looked=spent.looked,
    )
    return JSONResponse({}, headers=PRIVATE)


@router.put(f"{REPORT}/accepted")
def accept(opened: Home, report: Number, given: Accepted) -> Response:
    """Note which statements the user accepted."""
    reviewing_edits.accept(opened, report, given.statements)
    return JSONResponse({}, headers=PRIVATE)
