"""A document into pieces that fit an embedder, each with its exact place and its headings."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from medmm.errors import UsageError
from medmm.nouns import Document
from rag.reading.blocks import Block, blocks

if TYPE_CHECKING:
    from llama_index.core.node_parser import SentenceSplitter

_WORD: Final = re.compile(r"\S+")
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
# Never inside a number such as 3.5: the sign must be followed by a blank, or be one of Chinese.
_SENTENCE: Final = re.compile(r".+?(?:[.!?:]+[)\"'”’]*(?=\s)|[。！？]|\n(?=\n)|\Z)", re.DOTALL)
_SENTENCE_END: Final = re.compile(r"""[.!?:;。！？][)"'”’]*\s*$""")
_PHRASE: Final = r"(?s).+?(?:[,;:.](?=\s)|[，；。？！]|\Z)"


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters ``start`` to ``end`` (exclusive) of a document's text.

    ``headings`` are the titles of the headings that it stands under, outermost first; their own
    lines are in no piece. ``page`` (from 1) is where the piece begins, None without pages.
    ``table_header`` is the first row of the table whose later rows the piece holds.
    """

    start: int
    end: int
    text: str
    headings: tuple[str, ...]
    page: int | None
    table_header: str = ""


def split(document: Document, count: Callable[[str], int], limit: int) -> list[Piece]:
    """Pieces in order, without overlap, that together hold all text but headings and blanks.

    Blocks under one heading are packed together. A block that is too long is cut: a list between
    items, a table between rows, code between lines, prose between sentences, and only then between
    words. A later part of a table leaves room for its header row if that takes at most half.

    Args:
        document: Markdown.
        count: Tokens of a text, by the embedder's tokenizer.
        limit: Most tokens of a piece's text, headings not counted; a longer word stays whole.

    Raises:
        UsageError: ``limit`` is less than 1.
    """
    if limit < 1:
        raise UsageError(
            f"A piece of {limit} tokens can hold nothing.", "Use a limit of 1 or more."
        )
    packer = _Packer(document, count, limit)
    for block in blocks(document.text):
        if block.kind == "heading":
            packer.begin(block)
        else:
            packer.add(block)
    packer.flush()
    return packer.pieces


class _Packer:
    """Blocks as they are put together."""

    def __init__(self, document: Document, count: Callable[[str], int], limit: int) -> None:
        self.pieces: list[Piece] = []
        self._text = document.text
        self._pages = document.pages
        self._count = count
        self._limit = limit
        self._path: list[Block] = []
        self._open: tuple[int, int] | None = None
        self._sentences: SentenceSplitter | None = None

    def begin(self, heading: Block) -> None:
        """What follows stands under this heading."""
        self.flush()
        while self._path and self._path[-1].level >= heading.level:
            self._path.pop()
        self._path.append(heading)

    def add(self, block: Block) -> None:
        """Into the open piece if it fits, else into a new one, else in parts."""
        start, end = self._trimmed(block.start, block.end)
        if start == end:
            return
        if self._open is not None and self._fits(self._open[0], end):
            self._open = (self._open[0], end)
            return
        self.flush()
        if self._fits(start, end):
            self._open = (start, end)
        elif block.children:
            for child in block.children:
                self.add(child)
        elif block.kind == "table":
            self._add_table(start, end)
        elif block.kind == "code":
            self._add_lines(start, end, "")
        else:
            self._add_prose(start, end)

    def flush(self) -> None:
        """Close the open piece."""
        if self._open is not None:
            self._emit(*self._open)
            self._open = None

    def _emit(self, start: int, end: int, table_header: str = "") -> None:
        start, end = self._trimmed(start, end)
        if start == end:
            return
        titles = tuple(heading.title for heading in self._path if heading.title)
        page = max(bisect_right(self._pages, start), 1) if self._pages else None
        self.pieces.append(Piece(start, end, self._text[start:end], titles, page, table_header))

    def _fits(self, start: int, end: int, taken: int = 0) -> bool:
        return self._count(self._text[start:end]) + taken <= self._limit

    def _trimmed(self, start: int, end: int) -> tuple[int, int]:
        """Without blanks at both ends."""
        part = self._text[start:end]
        end -= len(part) - len(part.rstrip())
        return min(start + len(part) - len(part.lstrip()), end), end

    def _add_table(self, start: int, end: int) -> None:
        """Rows together; the first part holds the header, the later ones name it."""
        lines = list(self._lines(start, end))
        head_end = lines[min(1, len(lines) - 1)][1]
        if not self._fits(start, head_end):
            self._add_prose(start, end)
            return
        last = head_end
        for index, (_, row_end) in enumerate(lines[2:], 2):
            if not self._fits(start, row_end):
                self._emit(start, last)
                header = self._text[slice(*self._trimmed(*lines[0]))]
                self._add_lines(lines[index][0], end, header)
                return
            last = row_end
        self._emit(start, last)

    def _add_lines(self, start: int, end: int, table_header: str) -> None:
        """Lines together; one that is too long is cut between words."""
        taken = self._count(table_header) if table_header else 0
        taken = taken if 2 * taken <= self._limit else 0
        first = last = start
        for line_start, line_end in self._lines(start, end):
            if first != last and not self._fits(first, line_end, taken):
                self._emit(first, last, table_header)
                first = line_start
            if first == line_start and not self._fits(first, line_end, taken):
                for part in self._words(first, line_end, taken):
                    self._emit(*part, table_header)
                first = line_end
            last = line_end
        self._emit(first, last, table_header)

    def _add_prose(self, start: int, end: int) -> None:
        """Sentences together; the last part stays open for what follows.

        Where each line is a sentence, as our cards are written, lines are kept whole.
        """
        lines = [self._text[slice(*span)] for span in self._lines(start, end)]
        if len(lines) > 1 and all(_SENTENCE_END.search(line) for line in lines):
            self._add_lines(start, end, "")
            return
        parts = list(self._chunks(start, end))
        for part in parts[:-1]:
            self._emit(*part)
        if parts:
            self._open = parts[-1]

    def _chunks(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """LlamaIndex's chunks, placed; words from where one is not found or is too long."""
        at = start
        for chunk in self._sentence_chunks(self._text[start:end]):
            place = self._text.find(chunk, at, end)
            after = place + len(chunk)
            if place < 0 or self._text[at:place].strip() or not self._fits(place, after):
                break
            yield place, after
            at = after
        yield from self._words(at, end)

    def _sentence_chunks(self, text: str) -> list[str]:
        """Chunks by SentenceSplitter; with its own tokenizers it would look for files of NLTK."""
        from llama_index.core.node_parser import SentenceSplitter

        if self._sentences is None:
            self._sentences = SentenceSplitter(
                chunk_size=self._limit,
                chunk_overlap=0,
                tokenizer=lambda part: range(self._count(part)),
                chunking_tokenizer_fn=_SENTENCE.findall,
                secondary_chunking_regex=_PHRASE,
            )
        try:
            return self._sentences.split_text(text)
        except (ValueError, RecursionError):  # a single sign of more tokens than the limit
            return []

    def _words(self, start: int, end: int, taken: int = 0) -> Iterator[tuple[int, int]]:
        """As many words together as fit, at least one."""
        first = last = None
        for word in _WORD.finditer(self._text, start, end):
            if first is not None and last is not None and not self._fits(first, word.end(), taken):
                yield first, last
                first = None
            first = word.start() if first is None else first
            last = word.end()
        if first is not None and last is not None:
            yield first, last

    def _lines(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        for line in _LINE.finditer(self._text, start, end):
            if line.start() < line.end():
                yield line.span()
