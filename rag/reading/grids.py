"""Tables of HTML as pipe tables of Markdown, every value in the column and row it belongs to."""

from itertools import islice
from typing import Final

from bs4 import Tag

from rag.reading.letters import escaped

_BLOCKS: Final = ("br", "p", "div", "li", "ul", "ol", "dt", "dd", "pre", "blockquote")
_PARTS: Final = ("tr", "td", "th", "thead", "tbody", "tfoot", "caption", "colgroup", "col")
_HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")
_COLUMNS: Final = 200


def unwrap_layout(table: Tag) -> None:
    """Make blocks of a table that only places things: it holds tables, headings or one cell."""
    cells = list(islice(table.find_all(("td", "th")), 2))
    if len(cells) > 1 and table.find(("table", *_HEADINGS)) is None:
        return
    for part in table.find_all(_PARTS):
        if part.find_parent("table") is table:
            part.name = "div"
    table.name = "div"


def table_markdown(table: Tag) -> str:
    """A pipe table with its caption before it.

    The first row becomes the header, as Markdown wants one. A value that spans rows is repeated in
    each of them, so that every row can be understood alone; one that spans columns stands in the
    first of them, and over all of them if it heads them.
    """
    rows = _rows(table)
    width = max((len(row) for row in rows), default=0)
    if width == 0:
        return ""
    header = rows[0] + [""] * (width - len(rows[0]))
    lines = [_line(header), _line(["---"] * width), *(_line(row) for row in rows[1:])]
    caption = table.find("caption")
    above = f"{_words(caption)}\n\n" if isinstance(caption, Tag) and _words(caption) else ""
    return above + "\n".join(lines)


def _rows(table: Tag) -> list[list[str]]:
    rows: list[list[str]] = []
    reaching: dict[int, tuple[int, str]] = {}  # column: rows still to fill, and with what
    for row in table.find_all("tr"):
        values: list[str] = []
        for cell in row.find_all(("td", "th")):
            _fill(values, reaching)
            words = _words(cell)
            span = min(_span(cell, "colspan"), _COLUMNS)
            for offset in range(span):
                value = words if offset == 0 or cell.name == "th" else ""
                down = _span(cell, "rowspan") - 1
                if down > 0:
                    reaching[len(values)] = (down, value)
                values.append(value)
        _fill(values, reaching)
        if any(values):
            rows.append(values)
    return rows


def _fill(values: list[str], reaching: dict[int, tuple[int, str]]) -> None:
    """Put in what reaches down from rows above into the next columns."""
    while len(values) in reaching:
        left, value = reaching.pop(len(values))
        if left > 1:
            reaching[len(values)] = (left - 1, value)
        values.append(value)


def _span(cell: Tag, name: str) -> int:
    stated = str(cell.get(name, "1")).strip()
    return max(int(stated), 1) if stated.isascii() and stated.isdigit() and len(stated) < 6 else 1


def _words(cell: Tag) -> str:
    for block in cell.find_all(_BLOCKS):
        block.insert_before(" ")
        block.insert_after(" ")
    return escaped(" ".join(cell.get_text().split())).replace("|", "\\|")


def _line(values: list[str]) -> str:
    return f"| {' | '.join(values)} |"
