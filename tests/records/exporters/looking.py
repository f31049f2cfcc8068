"""What a reader of the exported files finds in them."""

import io
from collections.abc import Iterator
from typing import Any

import pypdf
from pypdf.generic import ArrayObject, ContentStream, DictionaryObject, IndirectObject, StreamObject

# What acts, opens, embeds or asks from elsewhere (ISO 32000-1, 12.6 and 7.11).
ACTING = {
    "/URI", "/JS", "/JavaScript", "/Launch", "/GoToR", "/GoToE", "/SubmitForm", "/ImportData", "/A",
    "/AA", "/OpenAction", "/Annots", "/EmbeddedFile", "/EmbeddedFiles", "/Filespec", "/RichMedia",
    "/AcroForm", "/XFA", "/Rendition", "/Names",
}  # fmt: skip
# Operators that draw text and lines, and nothing that calls a picture or another object in.
DRAWING = {
    b"q", b"Q", b"cm", b"BT", b"ET", b"Tf", b"Tm", b"Td", b"TL", b"T*", b"Tj", b"rg", b"RG", b"w",
    b"m", b"l", b"S", b"n", b"re", b"f", b"f*", b"J", b"j", b"M", b"d", b"Tw", b"Tc", b"g", b"G",
}  # fmt: skip


def pdf_pages(data: bytes) -> list[str]:
    """The text of each page."""
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data), strict=True).pages]


def pdf_text(data: bytes) -> str:
    """All of it without spaces and line ends, which layout moves."""
    return squeezed("".join(pdf_pages(data)))


def squeezed(text: str) -> str:
    return "".join(text.split())


def assert_only_text(data: bytes) -> None:
    """No action, link, script, form, attachment; pages draw text and lines in embedded fonts."""
    reader = pypdf.PdfReader(io.BytesIO(data), strict=True)
    root = reader.trailer["/Root"].get_object()
    for held in _objects(root, set()):
        found = ACTING & {str(key) for key in held}
        found |= ACTING & {str(value) for value in held.values() if isinstance(value, str)}
        assert not found, found
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():
            assert _embedded(font.get_object())
        stream = ContentStream(page.get_contents(), reader)
        assert {operator for _, operator in stream.operations} <= DRAWING
        assert not page["/Resources"].get("/XObject")


def _embedded(font: DictionaryObject) -> bool:
    """Whether its glyphs are in the file; reportlab lists Helvetica unused."""
    return "/FontFile2" in font.get("/FontDescriptor", {}) or font["/BaseFont"] == "/Helvetica"


def _objects(held: Any, seen: set[tuple[int, int]]) -> Iterator[DictionaryObject]:
    if isinstance(held, IndirectObject):
        key = (held.idnum, held.generation)
        if key in seen:
            return
        seen.add(key)
        held = held.get_object()
    if isinstance(held, DictionaryObject | StreamObject):
        yield held
        for value in held.values():
            yield from _objects(value, seen)
    elif isinstance(held, ArrayObject):
        for value in held:
            yield from _objects(value, seen)
