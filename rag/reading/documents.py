"""Read a file of knowledge by whichever reader knows it best."""

from collections.abc import Sequence
from pathlib import Path

from medmm.nouns import Document
from medmm.seams import DocumentReader
from rag.reading.limits import DEFAULT, Limits
from rag.reading.opening import check
from rag.reading.plain import MarkdownReader, TextReader
from rag.reading.refusals import refusal
from rag.reading.rich import HtmlReader, PdfReader, WordReader


def own_readers(limits: Limits = DEFAULT) -> tuple[DocumentReader, ...]:
    """The readers that come with the project, the surest kinds first."""
    return (
        MarkdownReader(limits),
        HtmlReader(limits),
        PdfReader(limits),
        WordReader(limits),
        TextReader(limits),
    )


def read_document(path: Path, readers: Sequence[DocumentReader]) -> Document:
    """Read a file with the reader that is surest of it; of equals the first.

    Raises:
        InputError: no reader knows the format, or the one that does refuses the file.
        LimitError: the file asks for more than its limits.
        MissingError: a parser is not installed.
    """
    check(path, DEFAULT)
    best = max(readers, key=lambda reader: reader.sniff(path), default=None)
    if best is None or best.sniff(path) <= 0.0:
        raise refusal(path, "unknown")
    return best.read(path)
