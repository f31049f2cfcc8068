"""The outline of a PDF as headings, where its entries are found as lines of their pages."""

import re
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from pypdf import PdfReader

from rag.reading.letters import cleaned
from rag.reading.pdf_lines import Line

_MOST: Final = 10_000
_LEVELS: Final = 6
_WRAPPED: Final = 3
"""Lines that a long heading may take."""
_PLACED_SHARE: Final = 0.8
_NUMBER: Final = re.compile(r"^(?:\d+(?:\.\d+)*\.?|[ivx]+\.|[a-z]\.)\s+")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the outline: where it points (page index from 0) and how deep it stands."""

    title: str
    page: int
    level: int


def entries(reader: PdfReader) -> list[Entry]:
    """The outline in its order; empty where there is none or it cannot be read."""
    try:
        return list(islice(_walk(reader, reader.outline, 1), _MOST))
    except (MemoryError, RecursionError):
        raise
    except Exception:  # noqa: BLE001  (headings are a gain, never a reason to refuse)
        return []


def with_headings(pages: list[list[Line]], outline: list[Entry]) -> list[list[Line]]:
    """Mark the lines that outline entries name.

    A title that does not stand alone on its page, or stands there twice, is not placed. Where one
    in five cannot be placed none is, because text would be put under a heading of another chapter.
    """
    placed: list[tuple[int, int, int, Entry]] = []
    before = (-1, -1)
    for entry in outline:
        place = _place(pages, entry, before)
        if place is not None:
            first, last = place
            placed.append((entry.page, first, last, entry))
            before = (entry.page, last - 1)
    if not outline or len(placed) < _PLACED_SHARE * len(outline):
        return pages
    marked = [list(lines) for lines in pages]
    for page, first, last, entry in reversed(placed):
        text = " ".join(line.text for line in pages[page][first:last])
        marked[page][first:last] = [Line(text, entry.level)]
    return marked


def _walk(reader: PdfReader, outline: Any, level: int) -> Any:
    for item in outline:
        if isinstance(item, list):
            yield from _walk(reader, item, level + 1)
            continue
        page = reader.get_destination_page_number(item)
        title = " ".join(cleaned(str(item.title or "")).split())
        if title and page is not None and page >= 0:
            yield Entry(title, page, min(level, _LEVELS))


def _place(
    pages: list[list[Line]], entry: Entry, before: tuple[int, int]
) -> tuple[int, int] | None:
    """First line and the one after the last, if the title stands exactly once after ``before``."""
    if entry.page >= len(pages):
        return None
    lines = pages[entry.page]
    wanted = _key(entry.title)
    found = [
        (first, last)
        for first in range(len(lines))
        for last in range(first + 1, min(first + _WRAPPED, len(lines)) + 1)
        if (entry.page, first) > before
        and lines[first].text
        and lines[last - 1].text
        and _key(" ".join(line.text for line in lines[first:last])) == wanted
    ]
    return found[0] if len(found) == 1 else None


def _key(title: str) -> str:
    """A title without its number, blanks and case, which outlines and pages differ in."""
    plain = _NUMBER.sub("", title.strip().casefold())
    return "".join(sign for sign in plain if sign.isalnum())
