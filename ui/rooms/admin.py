"""The admin's room: users, cards, knowledge, audit, health.

It shows tables and forms, which scripts of ours fill by `ui.routes.admin`; nothing in it is a
component of Gradio's, so what could run in a browser is what lies in ``ui/assets/admin``.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fastapi import Request

from medmm.assembly.acting import allowed
from ui.frame import Frame
from ui.rooms.room import Room, place
from ui.visits import home_of

if TYPE_CHECKING:
    import gradio


def enter(request: Request, _: Mapping[str, str]) -> None:
    """Whoever may read the audit log: an admin."""
    allowed(home_of(request), "read_audit")


def build(_: Frame) -> "gradio.Blocks":
    """The room's Blocks, with nothing in them."""
    import gradio as gr

    blocks = gr.Blocks(title="Admin", analytics_enabled=False)
    with blocks:
        place()
    return blocks


ROOM = Room(
    name="admin",
    path="/admin",
    title="Admin",
    build=build,
    enter=enter,
    scripts=("admin/admin.js",),
    styles=("admin/admin.css",),
    link="Admin",
    roles=("admin",),
)
