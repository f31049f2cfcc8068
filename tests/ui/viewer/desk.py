"""The viewer in a small application of its own: its routes, its assets, a page, a given actor."""

import html
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse

from medmm.assembly import reading
from medmm.assembly.homes import OpenHome
from medmm.errors import MedmmError
from medmm.nouns import Facts, Study
from medmm.records.access import Actor, By
from medmm.records.studies import load_study, save_study
from ui.answers import on_http_error, on_medmm_error, on_wrong_request
from ui.asset_files import Assets
from ui.headers import Headers
from ui.routes.files import asset_routes
from ui.routes.pixels import hands, router

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Viewer</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{style}"></head>
<body style="margin:0;background:#0c1114"><textarea id="text" aria-label="Report" style="{text}">
</textarea><main id="viewer" style="height:100vh" data-viewer-study="{study}"
 data-viewer-report="{report}"></main>
<script type="module" src="{script}"></script></body></html>"""
HIDDEN = "position:fixed;right:0;bottom:0;width:90px;height:24px;opacity:.2;z-index:9"


def application(opened: OpenHome, role: str = "reader") -> FastAPI:
    """The routes in the hands of a user of this role, without the frame's sign-in."""
    app = FastAPI(openapi_url=None)
    app.add_exception_handler(MedmmError, on_medmm_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_wrong_request)
    assets = Assets()
    app.include_router(router)
    app.include_router(asset_routes(assets))
    by = By(Actor("ada", role, "person"), "127.0.0.1")
    app.dependency_overrides[hands] = lambda: opened.acting(by)

    @app.get("/page/{study}")
    def page(study: int, report: str = "") -> HTMLResponse:
        filled = PAGE.format(
            style=assets.path("viewer/viewer.css"),
            script=assets.path("viewer/start.js"),
            study=study,
            report=html.escape(report),
            text=HIDDEN,
        )
        return HTMLResponse(filled)

    return app


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The application under the page's own headers and policy, on loopback; gives its address."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(Headers(app, secure=False), log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def stored(opened: OpenHome, source: Path, facts: Facts | None = None) -> list[Study]:
    """The studies of a folder or file, put into the home and loaded from it."""
    found, _ = reading.read_all([source], facts)
    return [kept(opened, study) for study in found.studies]


def kept(opened: OpenHome, study: Study) -> Study:
    """A study put into the home and loaded from it."""
    number = save_study(opened.database, opened.home, study).study_id
    return load_study(opened.database, opened.home, number)
