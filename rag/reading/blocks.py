"""Where the blocks of a Markdown text stand: headings, paragraphs, items, tables and code.

markdown-it-py gives lines; what no token covers (link definitions, for one) becomes a paragraph, so
that the blocks together hold every line that is not blank.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

Kind = Literal["heading", "paragraph", "quote", "item", "table", "code"]

_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_LISTS: Final = ("bullet_list_open", "ordered_list_open")
_KINDS: Final[dict[str, Kind]] = {
    "heading_open": "heading",
    "blockquote_open": "quote",
    "list_item_open": "item",
    "table_open": "table",
    "fence": "code",
    "code_block": "code",
}


@dataclass(frozen=True, slots=True)
class Block:
    """Characters ``start`` to ``end`` (exclusive) of a text, whole lines of it.

    ``level`` (1 to 6) and ``title`` belong to headings; ``children`` to items and quotes.
    """

    kind: Kind
    start: int
    end: int
    level: int = 0
    title: str = ""
    children: tuple["Block", ...] = ()


def blocks(text: str) -> list[Block]:
    """The blocks of a Markdown text in order; lists are given as their items."""
    tokens = _parser().parse(text)
    lines = _Lines(text)
    return list(_between(tokens, lines, (0, lines.count)))


def headings(text: str) -> list[Block]:
    """The headings that stand in no list and no quotation."""
    return [block for block in blocks(text) if block.kind == "heading"]


class _Lines:
    """Offsets of lines, cut as markdown-it cuts them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
        self._starts.append(len(text))

    @property
    def count(self) -> int:
        """How many lines there are."""
        return len(self._starts) - 1

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Characters of the lines from ``first`` to before ``last``."""
        return self._starts[min(first, self.count)], self._starts[min(last, self.count)]

    def blank(self, first: int, last: int) -> bool:
        """Whether there is nothing on these lines."""
        start, end = self.span(first, last)
        return not self.text[start:end].strip()


def _between(tokens: Sequence["Token"], lines: _Lines, reach: tuple[int, int]) -> Iterator[Block]:
    """Blocks of the lines ``reach``; lines that no token covers come as paragraphs."""
    at, stop = reach
    for opening, inner, (begin, end) in _elements(tokens):
        first, last = max(begin, at), min(end, stop)
        if first >= last:
            continue
        if not lines.blank(at, first):
            yield Block("paragraph", *lines.span(at, first))
        if opening.type in _LISTS:
            yield from _between(inner, lines, (first, last))
        else:
            yield _block(opening, inner, lines, (first, last))
        at = last
    if not lines.blank(at, stop):
        yield Block("paragraph", *lines.span(at, stop))


def _elements(
    tokens: Sequence["Token"],
) -> Iterator[tuple["Token", Sequence["Token"], tuple[int, int]]]:
    """Elements of one level: the opening token, the tokens inside, and its lines."""
    index = 0
    while index < len(tokens):
        opening = tokens[index]
        close = index
        if opening.nesting == 1:
            close += 1
            while tokens[close].level != opening.level:
                close += 1
        if opening.map is not None:
            yield opening, tokens[index + 1 : close], (opening.map[0], opening.map[1])
        index = close + 1


def _block(
    opening: "Token", inner: Sequence["Token"], lines: _Lines, reach: tuple[int, int]
) -> Block:
    kind = _KINDS.get(opening.type, "paragraph")
    span = lines.span(*reach)
    if kind == "heading":
        return Block(kind, *span, level=int(opening.tag[1:]), title=_plain(inner[0].content))
    if kind in {"item", "quote"}:
        return Block(kind, *span, children=tuple(_between(inner, lines, reach)))
    return Block(kind, *span)


def _plain(inline: str) -> str:
    """The words of a heading without marks of emphasis, links and escapes."""
    words = [
        " " if token.type in {"softbreak", "hardbreak"} else token.content
        for parent in _inline_parser().parseInline(inline)
        for token in parent.children or ()
        if token.type in {"text", "code_inline", "softbreak", "hardbreak", "text_special"}
    ]
    return " ".join("".join(words).split())


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])  # places only: the words stay unparsed
    return parser


@cache
def _inline_parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark")
