"""Whether the page answers; for monitors, which have no account."""

from fastapi import APIRouter
from starlette.responses import PlainTextResponse

router = APIRouter()


@router.get("/healthz")
@router.head("/healthz", include_in_schema=False)
async def healthz() -> PlainTextResponse:
    """Say ok, and nothing else."""
    return PlainTextResponse("ok")
