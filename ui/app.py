"""The page as one ASGI application: our frame, with Gradio inside it.

From outside in: headers of every answer, the doorway (host, size, client), the guard (session,
origin, forgery, whose Gradio state), then our routes and the rooms.
"""

from collections.abc import Iterable

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from medmm.errors import MedmmError
from ui.answers import Faults, on_http_error, on_medmm_error, on_wrong_request
from ui.doorway import Doorway
from ui.frame import Frame
from ui.gradio_calls import GradioCalls
from ui.gradio_quiet import quiet
from ui.guard import Guard
from ui.headers import Headers
from ui.rooms.room import Room


def build(frame: Frame) -> ASGIApp:
    """The whole page, guarded.

    Raises:
        StorageError: Gradio's folder cannot be made.
    """
    return guarded(routes(frame), frame)


def routes(frame: Frame, more: Iterable[Room] = ()) -> FastAPI:
    """All routes, unguarded, for looking at them; with ``more`` rooms than the page has."""
    quiet(frame.opened.home)
    from ui.mounting import gradio_files, mount_rooms
    from ui.rooms.all_rooms import ROOMS
    from ui.routes import admin, health, pixels, reading, reports, sign_in, uploads, worklist
    from ui.routes.files import asset_routes

    app = FastAPI(
        title="medmm",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.add_middleware(Faults)
    app.add_exception_handler(MedmmError, on_medmm_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_wrong_request)
    files = gradio_files()
    for router in (
        health.router,
        sign_in.router,
        pixels.router,
        reports.router,
        reading.router,
        worklist.router,
        uploads.router,
        admin.routes(),
        asset_routes(frame.assets),
        asset_routes(files),
    ):
        app.include_router(router)
    mount_rooms(app, frame, (*ROOMS, *more), files)
    return app


def guarded(app: ASGIApp, frame: Frame) -> ASGIApp:
    """The layers around an application of ours."""
    from ui.routes import uploads
    from ui.routes.admin.knowledge import LIMITS

    calls = GradioCalls(frame.opened.database)
    limits = {**LIMITS, **uploads.LIMITS}
    doorway = Doorway(Guard(app, frame, calls), frame.options, limits, uploads.SECONDS)
    return Headers(doorway, frame.options.secure)
