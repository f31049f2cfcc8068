"""What a room is, and what its handlers stand on.

A room has a path of ours (``/study/{study}``) whose page loads one `gradio.Blocks`, mounted below
``/rooms/NAME``. What the path says reaches its handlers through one hidden component, `place`; the
browser could send anything in it, so handlers ask for rights on what they get.
"""

import functools
import html
import json
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from fastapi import Request
from markupsafe import Markup

from medmm.errors import MedmmError
from ui.frame import Frame

if TYPE_CHECKING:
    import gradio

log = logging.getLogger("medmm.page")
PLACE = "place"
Given = ParamSpec("Given")
Made = TypeVar("Made")


@dataclass(frozen=True)
class Room:
    """A room.

    ``enter`` is called with the request and the path's parameters before the page is made: it asks
    for rights and raises `medmm.errors` if there is nothing to be seen. ``scripts`` and ``styles``
    are names in ``ui/assets``. ``link`` is its title in the bar; empty: it is not in the bar.
    ``roles`` says who sees that link (who may enter is for ``enter``).
    """

    name: str
    path: str
    title: str
    build: Callable[[Frame], "gradio.Blocks"]
    enter: Callable[[Request, Mapping[str, str]], object]
    scripts: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    link: str = ""
    roles: tuple[str, ...] = ("reader", "reporter", "signer", "admin")

    @property
    def mount(self) -> str:
        """Where its Gradio application is."""
        return f"/rooms/{self.name}"


def place() -> "gradio.Textbox":
    """The hidden component that holds the path's parameters; the first in a room's Blocks."""
    import gradio

    return gradio.Textbox(elem_id=PLACE, visible=False, value="{}")


def shown(elem_id: str) -> "gradio.Markdown":
    """A part of the page that is made on the server: what `one_block` gives.

    (`gradio.HTML` evaluates strings in the browser, which the policy forbids.)
    """
    import gradio

    return gradio.Markdown(elem_id=elem_id, sanitize_html=True, latex_delimiters=[])


def one_block(markup: Markup) -> str:
    """Markup of ours, in which data are escaped, for `shown`.

    On one line, so that all of it is a single HTML block (CommonMark 4.6) that ends at its end:
    a blank line in somebody's text would begin Markdown.
    """
    return " ".join(markup.split())


def where(said: str) -> dict[str, str]:
    """The parameters that `place` holds; of a browser, so to be believed in nothing.

    Anything that is not such a text is no parameters at all.
    """
    try:
        given = json.loads(said)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(given, dict):
        return {}
    return {key: value for key, value in given.items() if isinstance(value, str)}


def handler(work: Callable[Given, Made]) -> Callable[Given, Made]:
    """A Gradio handler whose errors become a sentence on the page, and never a trace.

    Every handler of a room is wrapped in it. One with a parameter of type `gradio.Request` gets the
    request, and `ui.visits.home_of` of it the home in the hands of who asks.
    """

    @functools.wraps(work)
    def wrapped(*args: Given.args, **kwargs: Given.kwargs) -> Made:
        import gradio

        try:
            return work(*args, **kwargs)
        except MedmmError as error:
            # Gradio shows it as HTML.
            told = html.escape(str(error))
        except Exception as error:  # noqa: BLE001 - the last resort
            from ui.answers import place_of

            number = secrets.token_hex(6)
            log.error("fault id=%s %s", number, place_of(error))  # noqa: TRY400  # no trace
            told = f"This is a fault of medmm. It is in the log as {number}; please report it."
        raise gradio.Error(told, print_exception=False)

    return wrapped
