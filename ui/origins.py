"""Which requests a browser made from our own pages: Fetch Metadata and Origin (RFC 6454).

Together with SameSite=Strict cookies and the token of each session; any of the three would do
against a foreign page, and none of them is the only one.
"""

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from ui.options import Options


def comes_from_here(headers: Headers, options: Options, *, unsafe: bool) -> bool:
    """Whether nothing says that another site made the request, and, if unsafe, something says ours.

    A form on a page without referrer sends ``Origin: null`` (Fetch, "append a request Origin
    header"), which counts only beside ``Sec-Fetch-Site: same-origin``.
    """
    origins = headers.getlist("origin")
    sites = headers.getlist("sec-fetch-site")
    if len(origins) > 1 or len(sites) > 1:
        return False
    origin = origins[0] if origins else None
    site = sites[0] if sites else None
    if origin not in (None, "null") and origin != _own(headers, options):
        return False
    if unsafe:
        return site == "same-origin" or (site is None and origin not in (None, "null"))
    if site in (None, "same-origin", "none"):
        return site is not None or origin != "null"
    # A link on another page may lead here; its scripts, frames and pictures may not.
    return headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") in (
        None,
        "document",
    )


def is_page(headers: Headers, method: str) -> bool:
    """Whether somebody opens a page, and not a script or a picture asking."""
    if method not in {"GET", "HEAD"}:
        return False
    mode = headers.get("sec-fetch-mode")
    if mode is not None:
        return mode == "navigate"
    return "text/html" in headers.get("accept", "")


def own_origin(request: HTTPConnection, options: Options) -> str:
    """The origin under which a browser has this page."""
    return _own(request.headers, options)


def _own(headers: Headers, options: Options) -> str:
    scheme = "https" if options.secure else "http"
    return f"{scheme}://{headers.get('host', '').lower()}"
