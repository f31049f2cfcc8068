"""Bytes into characters that can be seen: decoded, in NFC, without anything that hides."""

import codecs
import re
import unicodedata
from typing import Final

from rag.reading.refusals import RefusedError

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LINE_ENDS: Final = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_CONTROLS: Final = "\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f"
_CONTROL: Final = re.compile(f"[{_CONTROLS}]")
# Unicode's default ignorable characters, which are drawn as nothing or turn the reading order:
# soft hyphen, joiners, zero width, bidirectional, variation selectors, fillers, tags; and lone
# surrogates. Left in, they hide words from a reader that a model would see.
_UNSEEN: Final = re.compile(
    f"[{_CONTROLS}"
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\ud800-\udfff]"
)
_STRUCTURE: Final = re.compile(r"^(\s*)(#{1,6}(?=\s|$)|`{3,}|~{3,}|(?:=+|-+)\s*$)")
_TAG: Final = re.compile(r"<(?=[A-Za-z/!?])")


def decoded(data: bytes) -> str:
    """The characters of a text file: by its byte order mark, as UTF-8, or as Windows-1252.

    Raises:
        RefusedError: ``binary``, it holds NUL or other controls, or is none of these.
    """
    text = _by_mark(data)
    if text is None:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = _strictly(data, "cp1252")
    if _CONTROL.search(text):
        raise RefusedError("binary")
    return text


def looks_like_text(head: bytes) -> bool:
    """Whether the first bytes of a file can be those of a text."""
    if any(head.startswith(mark) for mark, _ in _BOMS):
        return True
    return bool(head) and not _CONTROL.search(head.decode("utf-8", errors="ignore"))


def marked(data: bytes) -> str | None:
    """The name of the encoding that a byte order mark gives, or None without one."""
    return next((name for mark, name in _BOMS if data.startswith(mark)), None)


def cleaned(text: str) -> str:
    r"""Line ends as ``\n``, nothing unseen, in NFC; doing it twice changes nothing."""
    return unicodedata.normalize("NFC", _UNSEEN.sub("", _LINE_ENDS.sub("\n", text)))


def escaped(text: str) -> str:
    """Plain words that stay plain in Markdown: no heading, fence, underline or tag begins in them.

    Other signs are left as they are, so that a quotation reads as its source does.
    """
    return _TAG.sub(r"\\<", _STRUCTURE.sub(r"\1\\\2", text))


def _by_mark(data: bytes) -> str | None:
    name = marked(data)
    return None if name is None else _strictly(data, name).removeprefix("\ufeff")


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise RefusedError("binary") from error
