"""Rooms put into the frame: their Gradio applications below ``/rooms``, their pages at our paths.

Gradio's own page has inline scripts, which the policy forbids; so the page is ours, and hands
Gradio's files the same configuration as data. Its files come from one path for all rooms.
"""

import asyncio
import copy
import json
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import Response

from medmm.errors import MissingError
from ui.asset_files import Assets
from ui.frame import Frame
from ui.html import page
from ui.origins import own_origin
from ui.rooms.room import PLACE, Room
from ui.visits import visit_of

QUEUE = 64
AT_ONCE = 8
"""Events that wait, and that run at once for each handler."""


def gradio_files() -> Assets:
    """Gradio's scripts and styles, as they lie in its package."""
    import gradio

    folder = Path(gradio.__file__).parent / "templates" / "frontend"
    return Assets(folder, "/gradio-files", gradio.__version__)


def mount_rooms(app: FastAPI, frame: Frame, rooms: Iterable[Room], files: Assets) -> None:
    """Put the rooms in.

    Raises:
        MissingError: Gradio's files are not as this version knows them.
    """
    listed = tuple(rooms)

    async def mount_all() -> None:
        for room in listed:
            _mount(app, frame, room, listed, files)

    # Within a running loop, because Gradio would make loops of its own and never close them; in a
    # thread, because the caller's may have one.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, mount_all()).result()


def _mount(app: FastAPI, frame: Frame, room: Room, rooms: tuple[Room, ...], files: Assets) -> None:
    import gradio
    from gradio.routes import toorjson

    blocks = room.build(frame)
    blocks.queue(max_size=QUEUE, default_concurrency_limit=AT_ONCE, api_open=False)
    gradio.mount_gradio_app(
        app,
        blocks,
        path=room.mount,
        app_kwargs={"docs_url": None, "redoc_url": None, "openapi_url": None},
        auth_dependency=_name_of,
        footer_links=[],
        run_history=False,
        show_error=False,
        max_file_size=1,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        theme=_theme(),
    )
    script, style = _entry_points(files)

    def show(request: Request) -> Response:
        visit = visit_of(request)
        room.enter(request, request.path_params)
        root = f"{own_origin(request, frame.options)}{frame.url(room.mount)}"
        config = _config(blocks, root, request.path_params, visit.signed_in)
        links = [
            {"path": one.path, "title": one.link, "here": one is room}
            for one in rooms
            if one.link and visit.signed_in and visit.signed_in.actor.role in one.roles
        ]
        return page(
            "room.html",
            visit,
            title=room.title,
            body_class="room",
            root=root,
            links=links,
            config=toorjson(config),  # type: ignore[no-untyped-call]
            styles=room.styles,
            scripts=room.scripts,
            gradio_script=frame.url(files.path(script)),
            gradio_style=frame.url(files.path(style)),
            gradio_style_name=style,
        )

    app.add_api_route(room.path, show, methods=["GET"], name=room.name)


def _config(blocks: Any, root: str, place: dict[str, Any], signed_in: Any) -> dict[str, Any]:
    """What Gradio's scripts are told, with the path's parameters in the room's `place`."""
    config: dict[str, Any] = copy.deepcopy(blocks.config)
    config |= {
        "root": root,
        "username": signed_in.actor.name,
        "current_page": "",
        "deep_link_state": "none",
    }
    for component in config["components"]:
        if component["props"].get("elem_id") == PLACE:
            component["props"]["value"] = json.dumps(place)
    return config


async def _name_of(request: Request) -> str | None:
    """Gradio's own question who asks: the guard has answered it already."""
    signed_in = visit_of(request).signed_in
    return None if signed_in is None or signed_in.must_change else signed_in.actor.name


def _theme() -> Any:
    """Plain, with the system's fonts: the default ones would be asked from another host."""
    import gradio

    return gradio.themes.Base(
        primary_hue="sky",
        neutral_hue="slate",
        font=("system-ui", "Segoe UI", "Roboto", "Noto Sans", "sans-serif"),
        font_mono=("ui-monospace", "Consolas", "monospace"),
    )


def _entry_points(files: Assets) -> tuple[str, str]:
    """The script and the style that Gradio's own page begins with."""
    text = (files.folder / "index.html").read_text("utf-8")
    script = re.search(r'<script type="module"[^>]* src="\./(assets/[\w.-]+\.js)"', text)
    style = re.search(r'<link rel="stylesheet"[^>]* href="\./(assets/[\w.-]+\.css)"', text)
    if script is None or style is None:
        raise MissingError("Gradio's page is not as expected.", "Install the version of medmm.")
    return script[1], style[1]
