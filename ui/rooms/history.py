"""The history room: what became of a report, who did it and when, and what left."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fastapi import Request

from medmm.assembly import reviewing
from medmm.assembly.acting import allowed, report_thing
from ui.frame import Frame
from ui.html import rendered
from ui.rooms.review import number_of
from ui.rooms.room import Room, handler, one_block, place, shown, where
from ui.visits import home_of

if TYPE_CHECKING:
    import gradio


def enter(request: Request, params: Mapping[str, str]) -> None:
    """Whoever may read the report, if there is one."""
    opened = home_of(request)
    allowed(opened, "read", report_thing(opened, number_of(params, "report")))


def build(frame: Frame) -> "gradio.Blocks":
    """The room's Blocks."""
    import gradio as gr

    @handler
    def show(said: str, request: gr.Request) -> str:
        told = reviewing.history(home_of(request), number_of(where(said), "report"))
        return one_block(rendered("history.html", told=told, url=frame.url))

    blocks = gr.Blocks(title="History", analytics_enabled=False, fill_width=True)
    with blocks:
        here = place()
        room = shown("history")
        blocks.load(show, here, room, show_progress="hidden", api_visibility="private")
    return blocks


ROOM = Room(
    name="history",
    path="/report/{report}",
    title="History",
    build=build,
    enter=enter,
    scripts=("review/history.js",),
    styles=("review/review.css", "review/history.css"),
)
