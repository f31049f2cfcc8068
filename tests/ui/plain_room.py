"""A small room as rooms are made, so that the frame is tried on one that does not change."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from markupsafe import Markup

from medmm.assembly import library
from medmm.assembly.acting import allowed
from ui.frame import Frame
from ui.rooms.room import Room, handler, one_block, place, shown, where
from ui.visits import home_of

ROW = Markup("<tr><td>{id}</td><td>{patient_name}</td><td>{patient_id}</td></tr>")
TABLE = Markup('<p class="at">{at}</p><table class="plain-room"><tbody>{rows}</tbody></table>')


def enter(request: Request, _: Mapping[str, str]) -> None:
    allowed(home_of(request), "list")


def build(frame: Frame) -> Any:
    import gradio as gr

    @handler
    def show(said: str, query: str, request: gr.Request) -> str:
        studies = library.list_studies(home_of(request), query, 100)
        rows = Markup("").join(ROW.format(**study) for study in studies)
        return one_block(TABLE.format(rows=rows, at=where(said).get("word", "")))

    blocks = gr.Blocks(title="Plain", analytics_enabled=False)
    with blocks:
        at = place()
        query = gr.Textbox(label="Search", max_lines=1)
        table = shown("plain")
        gr.on([blocks.load, query.submit], show, [at, query], table, api_visibility="private")
    return blocks


ROOM = Room("plain", "/plain/{word}", "Plain", build, enter)
