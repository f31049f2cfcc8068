"""Word files into Markdown: counted first, rid of what is hidden or far, then through mammoth."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Final
from xml.etree import ElementTree as ET

import mammoth

from rag.reading.hypertext import html_to_markdown
from rag.reading.limits import Limits
from rag.reading.refusals import RefusedError

_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_TITLE: Final = "{http://purl.org/dc/elements/1.1/}title"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SEALED: Final = "EncryptedPackage".encode("utf-16-le")
_BODY: Final = "word/document.xml"
_CORE: Final = "docProps/core.xml"
_TYPES: Final = "[Content_Types].xml"
_UNUSED: Final = ("docProps/", "customXml/", "word/theme/", "word/glossary/", "word/comments")
_OFF: Final = ("0", "false", "off")
_SMALL: Final = 2  # half points: one point is read by nobody
_STYLES: Final = "p[style-name='Title'] => h1:fresh\np[style-name='Subtitle'] => p:fresh"


def word_to_markdown(source: IO[bytes], limits: Limits) -> tuple[str, str]:
    """Markdown and title of a .docx.

    Raises:
        RefusedError: it is no .docx, is encrypted, or unpacks to more than ``limits`` allows.
    """
    head = source.read(8)
    if head == _OLE:
        # A protected .docx is a sealed package inside an old container.
        sealed = _SEALED in source.read(limits.file_bytes)
        raise RefusedError("encrypted" if sealed else "old-word")
    if not head.startswith(b"PK"):
        raise RefusedError("no-word")
    source.seek(0)
    try:
        with zipfile.ZipFile(source) as archive:
            parts = _parts(archive, limits)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise RefusedError("damaged") from error
    if _TYPES not in parts or not any(name.startswith("word/") for name in parts):
        raise RefusedError("no-word")
    title = _stated_title(parts.pop(_CORE, b""))
    html = mammoth.convert_to_html(
        _plain_package(parts),
        style_map=_STYLES,
        convert_image=lambda _image: [],  # never opened, so never fetched
        include_embedded_style_map=False,
    ).value
    text, _ = html_to_markdown(html, limits)
    return text, title


def _parts(archive: zipfile.ZipFile, limits: Limits) -> dict[str, bytes]:
    """The XML parts, after the whole archive was found to be within its budget."""
    members = archive.infolist()
    total = sum(member.file_size for member in members)
    if len(members) > limits.zip_entries or total > limits.zip_total_bytes:
        raise RefusedError("inflation")
    for member in members:
        packed = max(member.compress_size, 1024)  # a short part of blanks packs to nothing
        if member.file_size > min(limits.zip_entry_bytes, packed * limits.zip_ratio):
            raise RefusedError("inflation")
        if member.flag_bits & 1:
            raise RefusedError("encrypted")
    return {
        member.filename: archive.read(member)
        for member in members
        if member.filename == _CORE
        or (member.filename.endswith((".xml", ".rels")) and not member.filename.startswith(_UNUSED))
    }


def _plain_package(parts: dict[str, bytes]) -> IO[bytes]:
    """The package anew, without hidden words and without anything to be fetched."""
    roots = {name: _parsed(data) for name, data in parts.items()}
    styles = {style for root in roots.values() for style in _hidden_styles(root)}
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        for name, root in roots.items():
            if name.endswith(".rels"):
                _cut_off(root)
            else:
                _strip_hidden(root, styles)
            archive.writestr(name, ET.tostring(root, encoding="utf-8", xml_declaration=True))
    package.seek(0)
    return package


def _parsed(data: bytes) -> ET.Element:
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:  # Word writes none; entities can explode
        raise RefusedError("damaged")
    try:
        return ET.fromstring(data)  # noqa: S314  (in the confined process, with limits)
    except ET.ParseError as error:
        raise RefusedError("damaged") from error


def _cut_off(relationships: ET.Element) -> None:
    """Targets outside the package lead nowhere, whatever a later version would do with them."""
    for one in relationships:
        if one.get("TargetMode") == "External":
            one.set("Target", "about:blank")


def _hidden_styles(root: ET.Element) -> Iterator[str]:
    for style in root.iter(f"{_W}style"):
        if _is_hidden(style.find(f"{_W}rPr")):
            yield style.get(f"{_W}styleId", "")


def _strip_hidden(root: ET.Element, styles: set[str]) -> None:
    for parent in list(root.iter()):
        hidden = parent.tag == f"{_W}p" and _style(parent, "pPr", "pStyle") in styles
        for child in list(parent):
            if child.tag == f"{_W}r" and (
                hidden
                or _is_hidden(child.find(f"{_W}rPr"))
                or _style(child, "rPr", "rStyle") in styles
            ):
                parent.remove(child)


def _style(element: ET.Element, properties: str, style: str) -> str | None:
    found = element.find(f"{_W}{properties}/{_W}{style}")
    return None if found is None else found.get(f"{_W}val")


def _is_hidden(properties: ET.Element | None) -> bool:
    """Whether letters with these properties are hidden, or too small to be seen."""
    if properties is None:
        return False
    vanish, size = properties.find(f"{_W}vanish"), properties.find(f"{_W}sz")
    if vanish is not None and vanish.get(f"{_W}val", "1") not in _OFF:
        return True
    half_points = "" if size is None else size.get(f"{_W}val", "")
    return bool(re.fullmatch(r"\d+", half_points)) and int(half_points) <= _SMALL


def _stated_title(core: bytes) -> str:
    if not core:
        return ""
    found = _parsed(core).find(_TITLE)
    return "" if found is None else found.text or ""
