"""Lines of a PDF page into paragraphs, with care: what is not surely one paragraph stays apart."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rag.reading.letters import escaped

_BULLET: Final = re.compile(r"^[•▪▫‣◦●○■□➢∙\uf0b7\uf0a7]\s*")
_ITEM: Final = re.compile(r"^(?:- |\d{1,2}[.)]\s+\S|\(?[a-z]\)\s+\S)")
_BROKEN: Final = re.compile(r"([A-Za-z\u00c0-\u024f]{2,})[-\u2010]$")
_REST: Final = re.compile(r"^([a-z\u00df-\u00f6\u00f8-\u00ff]{2,})")
_WORD: Final = re.compile(r"[A-Za-z\u00c0-\u024f]+(?:[-\u2010][A-Za-z\u00c0-\u024f]+)*")
_ENDS: Final = (".", "!", "?", ":", ".)", '."', ".”")
_FULL: Final = 0.75
"""Share of the page's usual line length from which a line counts as wrapped."""
_NARROW: Final = 40
"""Characters of the narrowest column in which lines are taken to be wrapped."""
# First parts that keep their hyphen where the document itself does not settle it.
_PREFIXES: Final = frozenset(
    {
        "non",
        "well",
        "high",
        "low",
        "self",
        "long",
        "short",
        "contrast",
        "follow",
        "cross",
        "half",
        "full",
        "air",
        "fluid",
        "fat",
        "soft",
        "double",
        "single",
        "two",
        "three",
        "left",
        "right",
        "mid",
        "early",
        "late",
        "time",
        "dose",
    }
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page; ``level`` is that of a heading, or 0."""

    text: str
    level: int = 0


def lines_of(text: str) -> list[Line]:
    """The lines of a page with single blanks; bullets that stand alone join their text."""
    lines: list[Line] = []
    bullet = False
    for raw in text.split("\n"):
        line = " ".join(raw.split())
        rest, marks = _BULLET.subn("", line)
        if marks and not rest:
            bullet = True
            continue
        if bullet and not line:
            continue
        lines.append(Line(f"- {rest}" if marks or bullet else line))
        bullet = False
    return lines


def known_words(pages: Iterable[Iterable[Line]]) -> frozenset[str]:
    """Words of the document that no line end has cut, in lower case, hyphens kept."""
    words: set[str] = set()
    for lines in pages:
        for line in lines:
            found = _WORD.findall(_BROKEN.sub("", line.text))
            words.update(word.lower().replace("\u2010", "-") for word in found)
    return frozenset(words)


def paragraphs(lines: list[Line], words: frozenset[str]) -> str:
    """Markdown of one page.

    Lines that run to the usual length join the next with a blank; shorter ones (rows of a table,
    lines of an address) keep their line end; a blank line, a bullet and a number begin anew.
    """
    usual = _usual_length(lines)
    parts: list[str] = []
    last: Line | None = None
    for line in lines:
        if not line.text:
            last = None
        elif line.level:
            parts.append(f"\n\n{'#' * line.level} {escaped(line.text)}")
            last = None
        elif last is None or _ITEM.match(line.text):
            # Items stand close, so that they make one list.
            close = last is not None and parts[-1].lstrip("\n").startswith("- ")
            parts.append(("\n" if close else "\n\n") + _plain(line.text))
            last = line
        else:
            _append(parts, last.text, line.text, usual, words)
            last = line
    return "".join(parts).strip("\n")


def _append(parts: list[str], last: str, line: str, usual: int, words: frozenset[str]) -> None:
    """Put a line after the one before it, in its paragraph or in the next."""
    wrapped = len(last) >= _FULL * usual
    if wrapped and (cut := _uncut(last, line, words)) is not None:
        parts[-1] = parts[-1].removesuffix(last[-1]) + cut
        parts[-1] += line
    elif wrapped and not (last.endswith(_ENDS) and len(last) < 0.9 * usual):
        parts[-1] += f" {line}"
    elif last.endswith(_ENDS) and line[:1].isupper():
        parts.append(f"\n\n{_plain(line)}")
    else:
        parts[-1] += f"\n{_plain(line)}"


def _uncut(last: str, line: str, words: frozenset[str]) -> str | None:
    """What stands between two lines in place of a hyphen: nothing or the hyphen; None: no cut.

    The document decides if it has the word uncut elsewhere; else usual first parts keep theirs.
    """
    head, rest = _BROKEN.search(last), _REST.search(line)
    if head is None or rest is None:
        # T1-weighted, X-Ray, 5-year: a hyphen that was there before the line was cut.
        tight = last.endswith(("-", "\u2010")) and last[-2:-1].isalnum() and line[:1].isalnum()
        return last[-1] if tight else None
    first, second = head[1].lower(), rest[1].lower()
    if f"{first}-{second}" in words:
        return "-"
    if first + second in words:
        return ""
    return "-" if first in _PREFIXES else ""


def _plain(line: str) -> str:
    return line if line.startswith("- ") else escaped(line)


def _usual_length(lines: list[Line]) -> int:
    """The length in characters that nine of ten written lines do not pass."""
    lengths = sorted(len(line.text) for line in lines if line.text)
    return max(lengths[len(lengths) * 9 // 10], _NARROW) if lengths else _NARROW
