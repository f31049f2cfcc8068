"""PDF into Markdown page by page, with the offset of each page; runs in the confined process."""

from collections.abc import Iterator
from typing import IO, Any, Final

from pypdf import PasswordType, PdfReader
from pypdf.errors import DependencyError, PdfReadError

from rag.reading.letters import cleaned
from rag.reading.limits import Limits
from rag.reading.pdf_lines import Line, known_words, lines_of, paragraphs
from rag.reading.pdf_outline import entries, with_headings
from rag.reading.refusals import RefusedError

_TAIL_BYTES: Final = 2048
_HEAD_BYTES: Final = 1024
_FEW: Final = 50
"""Characters on a page below which its text is a stamp or a page number."""
_WRITTEN_SHARE: Final = 0.1


def pdf_to_markdown(source: IO[bytes], limits: Limits) -> tuple[str, str, list[int]]:
    """Markdown, the title that the file states, and the offsets of its pages.

    Raises:
        RefusedError: it is no PDF, damaged, encrypted, scanned, empty or too large.
    """
    _check_whole(source)
    reader = _opened(source)
    count = len(reader.pages)
    if count > limits.pages:
        raise RefusedError("pages", limits.pages)
    pages: list[list[Line]] = []
    pictured = characters = 0
    for number in range(count):
        text = _text(reader, number)
        characters += len(text)
        if characters > limits.characters:
            raise RefusedError("characters", limits.characters)
        pages.append(lines_of(text))
        if _written(pages[-1]) < _FEW and _has_picture(reader.pages[number]):
            pictured += 1
    _check_readable(pages, pictured)
    pages = with_headings(pages, entries(reader))
    words = known_words(pages)
    text, offsets = _joined([paragraphs(lines, words) for lines in pages])
    return text, _title(reader), offsets


def _joined(pages: list[str]) -> tuple[str, list[int]]:
    """All pages, a blank line apart, and where each begins."""
    offsets: list[int] = []
    parts: list[str] = []
    length = 0
    for page in pages:
        offsets.append(length)
        if page:
            parts.append(page)
            length += len(page) + 2
    text = "\n\n".join(parts)
    return text, [min(offset, len(text)) for offset in offsets]


def _check_whole(source: IO[bytes]) -> None:
    """A PDF says so at its beginning and ends with a mark; pypdf would read half a file."""
    if b"%PDF-" not in source.read(_HEAD_BYTES):
        raise RefusedError("no-pdf")
    size = source.seek(0, 2)
    source.seek(max(size - _TAIL_BYTES, 0))
    if b"%%EOF" not in source.read():
        raise RefusedError("damaged")
    source.seek(0)


def _opened(source: IO[bytes]) -> PdfReader:
    try:
        reader = PdfReader(source, strict=False)
        if reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED:
            raise RefusedError("encrypted")
    except DependencyError as error:  # AES without the package for it
        raise RefusedError("cipher") from error
    return reader


def _text(reader: PdfReader, number: int) -> str:
    try:
        # A soft hyphen on a page is a hyphen that was drawn.
        return cleaned(reader.pages[number].extract_text().replace("\u00ad", "-"))
    except (MemoryError, RecursionError):
        raise
    except DependencyError as error:
        raise RefusedError("cipher") from error
    except Exception as error:
        if type(error).__name__ == "LimitReachedError":  # pypdf's own, since its version 6
            raise RefusedError("memory") from error
        raise RefusedError("page", number + 1) from error


def _written(lines: list[Line]) -> int:
    return sum(len(line.text.replace(" ", "")) for line in lines)


def _check_readable(pages: list[list[Line]], pictured: int) -> None:
    written = [_written(lines) for lines in pages]
    if pictured and sum(one >= _FEW for one in written) < _WRITTEN_SHARE * len(pages):
        raise RefusedError("scanned")
    if not any(written):
        raise RefusedError("no-text")


def _has_picture(page: Any) -> bool:
    """Whether a page draws an image, itself or through one form."""
    try:
        return any(_pictures(page.get("/Resources"), 2))
    except (PdfReadError, AttributeError, KeyError, TypeError, ValueError):
        return False


def _pictures(resources: Any, depth: int) -> Iterator[bool]:
    objects = (resources.get_object() if resources is not None else {}).get("/XObject", {})
    for one in objects.get_object().values() if objects else ():
        thing = one.get_object()
        yield thing.get("/Subtype") == "/Image"
        if depth and thing.get("/Subtype") == "/Form":
            yield from _pictures(thing.get("/Resources"), depth - 1)


def _title(reader: PdfReader) -> str:
    try:
        stated = reader.metadata.title if reader.metadata else None
    except (PdfReadError, AttributeError, KeyError, TypeError, ValueError):
        return ""
    return " ".join(cleaned(str(stated or "")).split())
