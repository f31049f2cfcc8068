"""Markdown without its HTML comments: nobody who looks at the page sees them, a model would."""

from collections.abc import Iterable
from typing import Final

from rag.reading.blocks import Block, blocks

_OPEN: Final = "<!--"
_CLOSE: Final = "-->"


def without_comments(text: str) -> str:
    """Take comments out, except where they are shown: in code.

    As in CommonMark, one that begins a line hides all up to its end, or all that follows where it
    has none; one inside a line must end before the next blank line, or it is plain words.
    """
    if _OPEN not in text:
        return text
    shown: list[str] = []
    at = 0
    for start, end in _comments(text):
        shown.append(text[at:start])
        at = end
    shown.append(text[at:])
    return "".join(shown)


def _comments(text: str) -> Iterable[tuple[int, int]]:
    code = [*_code(blocks(text)), (len(text), len(text))]
    close = blank = -1
    at = text.find(_OPEN)
    while at >= 0:
        while code[0][1] <= at:
            code.pop(0)
        # Both only ever move forward, or a text full of openings would be searched for each.
        close = _next(text, _CLOSE, at + 2, close)
        blank = _next(text, "\n\n", at, blank)
        if code[0][0] <= at or text[at - 1 : at] == "`":
            after = at + len(_OPEN)
        elif text[text.rfind("\n", 0, at) + 1 : at].strip() == "" or close < blank:
            after = min(close + len(_CLOSE), len(text))
            yield at, after
        else:
            after = at + len(_OPEN)
        at = text.find(_OPEN, after)


def _next(text: str, what: str, at: int, known: int) -> int:
    """The next place of ``what`` from ``at`` on, or the end of the text."""
    if known >= at:
        return known
    found = text.find(what, at)
    return len(text) if found < 0 else found


def _code(found: Iterable[Block]) -> Iterable[tuple[int, int]]:
    for block in found:
        if block.kind == "code":
            yield block.start, block.end
        yield from _code(block.children)
