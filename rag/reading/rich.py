"""Readers of HTML, PDF and Word, whose parsing runs in a process of its own."""

from pathlib import Path
from typing import ClassVar, Final

from medmm.nouns import Document
from rag.reading.confined import Kind, convert
from rag.reading.limits import DEFAULT, Limits
from rag.reading.opening import head
from rag.reading.titles import titled

_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PDF_HEAD_BYTES: Final = 1024
_NAMED: Final = 0.6
"""By the name alone: sure enough to be the one that says what is wrong with the file."""


class _ConfinedReader:
    """What the three have in common: the bytes go behind the wall, clean Markdown comes back."""

    kind: ClassVar[Kind]
    names: ClassVar[tuple[str, ...]]

    def __init__(self, limits: Limits = DEFAULT) -> None:
        self._limits = limits

    def read(self, path: Path) -> Document:
        """The document as Markdown.

        Raises:
            InputError: it is empty, damaged, encrypted, or holds no text.
            LimitError: it asks for more than its limits.
            MissingError: a parser is not installed.
        """
        converted = convert(path, self.kind, self._limits)
        return titled(path, converted.text, converted.title, converted.pages)

    def _named(self, path: Path) -> bool:
        return path.suffix.lower() in self.names


class HtmlReader(_ConfinedReader):
    """Pages of HTML: what is shown of them, headings, lists and tables kept; no addresses."""

    kind = "html"
    names = (".html", ".htm", ".xhtml")

    def sniff(self, path: Path) -> float:
        """Sure by the name; fairly sure by a first tag."""
        if self._named(path):
            return 0.9
        start = head(path).replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
        opens = start.startswith((b"<!doctype html", b"<html", b"<head", b"<body"))
        return 0.8 if opens or (start.startswith(b"<?xml") and b"<html" in start) else 0.0


class PdfReader(_ConfinedReader):
    """PDF with text in it, page by page."""

    kind = "pdf"
    names = (".pdf",)

    def sniff(self, path: Path) -> float:
        """Sure by the mark that a PDF begins with."""
        if b"%PDF-" in head(path)[:_PDF_HEAD_BYTES]:
            return 0.95
        return _NAMED if self._named(path) else 0.0


class WordReader(_ConfinedReader):
    """Word's .docx; older files are its own to refuse, with what to do about them."""

    kind = "word"
    names = (".docx", ".docm", ".dotx", ".doc", ".dot")

    def sniff(self, path: Path) -> float:
        """Sure by name and first bytes together."""
        start = head(path)
        package = start.startswith(b"PK\x03\x04")
        if self._named(path):
            return 0.9 if package or start.startswith(_OLE) else _NAMED
        return 0.5 if package and b"[Content_Types].xml" in start and b"word/" in start else 0.0
