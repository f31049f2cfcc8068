"""How the home is."""

from fastapi import APIRouter
from starlette.responses import JSONResponse

from medmm.assembly.health import health_document
from ui.routes.admin.asking import Home

router = APIRouter(prefix="/api/admin/health")


@router.get("")
def health(opened: Home) -> JSONResponse:
    """Checks with their mends, and what the home is made of."""
    return JSONResponse(health_document(opened))
