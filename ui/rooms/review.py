"""The review room: a study's images left, its report right.

Gradio holds the frame: whose study it is. The report and the images are scripts of ours
(``ui/assets/review``, ``ui/assets/viewer``) on routes of ours.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fastapi import Request

from medmm.assembly import reviewing
from medmm.errors import NotFoundError
from ui.frame import Frame
from ui.html import rendered
from ui.rooms.room import Room, handler, one_block, place, shown, where
from ui.visits import home_of

if TYPE_CHECKING:
    import gradio


def number_of(params: Mapping[str, str], name: str) -> int:
    """A number that a path names.

    Raises:
        NotFoundError: it is none.
    """
    text = params.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise NotFoundError(f"There is no such {name}.")
    return int(text)


def enter(request: Request, params: Mapping[str, str]) -> None:
    """Whoever may read the study, if there is one."""
    reviewing.headline(home_of(request), number_of(params, "study"))


def build(frame: Frame) -> "gradio.Blocks":  # noqa: ARG001  # rooms are built alike
    """The room's Blocks."""
    import gradio as gr

    @handler
    def show(said: str, request: gr.Request) -> str:
        study = reviewing.headline(home_of(request), number_of(where(said), "study"))
        return one_block(rendered("review.html", study=study))

    blocks = gr.Blocks(title="Review", analytics_enabled=False, fill_width=True)
    with blocks:
        here = place()
        room = shown("review")
        blocks.load(show, here, room, show_progress="hidden", api_visibility="private")
    return blocks


ROOM = Room(
    name="review",
    path="/study/{study}",
    title="Review",
    build=build,
    enter=enter,
    scripts=("review/main.js",),
    styles=("viewer/viewer.css", "review/review.css"),
)
