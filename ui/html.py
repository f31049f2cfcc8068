"""Pages made on the server from templates of ours; whatever is put in is escaped."""

from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from starlette.responses import HTMLResponse

from ui.visits import Visit

# Files of ours, never text from a document or a model.
TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def rendered(template: str, **values: Any) -> Markup:
    """A template filled in."""
    return Markup(TEMPLATES.get_template(template).render(**values))  # noqa: S704  # escaped there


def page(template: str, visit: Visit, status: int = 200, **values: Any) -> HTMLResponse:
    """A page; its template gets the visit and what URLs are made from."""
    frame = visit.frame
    text = rendered(template, visit=visit, url=frame.url, asset=frame.asset, **values)
    return HTMLResponse(text, status)
