"""Documents of knowledge: listed, searched with every reason, added, removed."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import JSONResponse

from medmm import nouns
from medmm.assembly import knowledge, uploads
from medmm.assembly.acting import allowed
from medmm.assembly.knowledge import AddRequest
from medmm.errors import HomeError, MissingError
from medmm.nouns.characters import as_data, visible
from rag.incoming import DOMAINS, check_domain
from ui.routes.admin.asking import Given, Home, Number
from ui.visits import home_of

router = APIRouter(prefix="/api/admin/knowledge")
LIMITS = {"/api/admin/knowledge/upload": uploads.MOST_BYTES}
"""The one path that takes larger bodies, in bytes."""
Text = Annotated[str, Query(max_length=uploads.LONGEST_FIELD)]


class Asked(Given):
    """What is searched for: where, and how many passages at most are kept."""

    text: Annotated[str, Field(min_length=1, max_length=500)]
    domain: Annotated[str, Field(max_length=40)] = ""
    most: Annotated[int, Field(ge=1, le=20)] = 3


@router.get("")
def listed(opened: Home) -> JSONResponse:
    """Every version of every document, the starter cards among them."""
    allowed(opened, "add_knowledge")
    with suppress(MissingError):
        knowledge.bring_cards(opened)
    rows = as_data(knowledge.list_documents(opened, superseded=True), visible)
    return JSONResponse({"documents": rows, "domains": DOMAINS, "most_bytes": uploads.MOST_BYTES})


@router.post("/search")
def search(opened: Home, asked: Asked) -> JSONResponse:
    """Candidates, each with why it is kept or not."""
    allowed(opened, "add_knowledge")
    domains = (check_domain(asked.domain),) if asked.domain else ()
    with _missing_told():
        found = knowledge.search(opened, nouns.Query(asked.text, domains, limit=asked.most))
    return JSONResponse(as_data(found, lambda text: visible(text, keep="\n")))


@router.post("/upload")
async def upload(
    request: Request, name: Text, domain: Text, version: Text = "", licence: Text = ""
) -> JSONResponse:
    """Add the document that is the body."""
    data = await request.body()

    def work() -> dict[str, object]:
        with _missing_told():
            asked = AddRequest(domain, version.strip(), licence.strip())
            return uploads.add_upload(home_of(request), name, data, asked)

    return JSONResponse(as_data(await anyio.to_thread.run_sync(work), visible))


@router.get("/{document}/not-quoted")
def not_quoted(opened: Home, document: Number) -> JSONResponse:
    """The passages of a document that are never quoted, and why."""
    allowed(opened, "add_knowledge")
    return JSONResponse({"passages": uploads.not_quoted(opened, document)})


@router.delete("/{document}")
def remove(opened: Home, document: Number) -> JSONResponse:
    """Remove a document with all its versions."""
    return JSONResponse({"passages": knowledge.remove(opened, document)})


@contextmanager
def _missing_told() -> Iterator[None]:
    """What is not installed is no fault of medmm: it is told, with its mend."""
    try:
        yield
    except MissingError as error:
        raise HomeError(error.message, error.mend) from error
