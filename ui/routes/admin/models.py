"""Cards of experts and embedders, with their weights compared with what the cards say, now."""

from fastapi import APIRouter
from starlette.responses import JSONResponse

from medmm.assembly import catalogue
from medmm.assembly.acting import allowed
from medmm.errors import PluginError
from medmm.nouns.characters import as_data, visible
from ui.routes.admin.asking import ADMINS, Home

router = APIRouter(prefix="/api/admin/models")


@router.get("")
def cards(opened: Home) -> JSONResponse:
    """Every card whole, and the plug-ins that cannot be used."""
    allowed(opened, ADMINS)
    listed = catalogue.models_document()
    verified = {model["name"]: model for model in catalogue.verify_document()["models"]}
    models = []
    for line in listed["models"]:
        try:
            card = catalogue.card_document(line["name"])
        except PluginError as error:
            listed["problems"].append({"name": line["name"], "reason": str(error)})
            continue
        models.append(card | {"kind": line["kind"], "verified": verified[line["name"]]})
    shown = as_data({"models": models, "problems": listed["problems"]}, visible)
    return JSONResponse(shown)
