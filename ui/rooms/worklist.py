"""The worklist: studies with the state of their newest report.

The list, its filters and its dialogs are HTML of ours, asked for by our own script: a table of
fifty lines with keys is not what Gradio's components are for. The room's Blocks are empty.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fastapi import Request

from medmm.assembly.acting import allowed
from ui.frame import Frame
from ui.rooms.room import Room
from ui.visits import home_of

if TYPE_CHECKING:
    import gradio


def enter(request: Request, _: Mapping[str, str]) -> None:
    """Whoever may list studies."""
    allowed(home_of(request), "list")


def build(_: Frame) -> "gradio.Blocks":
    """The room's Blocks, which hold nothing: see above."""
    import gradio as gr

    return gr.Blocks(title="Worklist", analytics_enabled=False, fill_width=True)


ROOM = Room(
    name="worklist",
    path="/",
    title="Worklist",
    build=build,
    enter=enter,
    scripts=("worklist/start.js",),
    styles=("worklist/worklist.css",),
    link="Worklist",
)
