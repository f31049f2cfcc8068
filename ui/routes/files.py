"""Assets by the version that stands in their path: cached for good, or not at all."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from medmm.errors import NotFoundError
from ui.asset_files import Assets
from ui.headers import IMMUTABLE, NO_STORE


def asset_routes(assets: Assets) -> APIRouter:
    """The route of one folder's files."""
    router = APIRouter()

    @router.get(f"{assets.route}/{{version}}/{{name:path}}")
    @router.head(f"{assets.route}/{{version}}/{{name:path}}")
    def one_file(request: Request, version: str, name: str) -> Response:
        asset = assets.read(name)
        if asset is None:
            raise NotFoundError("There is no such file.")
        # A page from before an update may ask by the old version: it gets what is there now.
        headers = {
            "Cache-Control": IMMUTABLE if version == assets.version else NO_STORE,
            "ETag": f'"{assets.version}"',
            "Vary": "Accept-Encoding",
        }
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        data = asset.data
        if asset.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            data = asset.packed
            headers["Content-Encoding"] = "gzip"
        return Response(data, headers=headers, media_type=asset.kind)

    return router
