"""Where a sign-in may lead: to a path of this page, nowhere else."""

from urllib.parse import urlsplit

LONGEST = 512
NOT_THERE = ("/sign-in", "/sign-out", "/password")


def local_path(given: str) -> str:
    r"""The path if it can only be read as one of this page, else ``/``.

    Browsers take ``//host``, ``/\host`` and a tab in between for another host (WHATWG URL, 4.4).
    """
    if not given.startswith("/") or len(given) > LONGEST or given.startswith(NOT_THERE):
        return "/"
    if given[1:2] in {"/", "\\"} or any(char <= " " or char in '\\"<>\x7f' for char in given):
        return "/"
    if not given.isascii():
        return "/"
    try:
        parts = urlsplit(given)
    except ValueError:
        return "/"
    return "/" if parts.scheme or parts.netloc else given
