"""Text that cannot hide, reverse or command anything: what has no glyph of its own becomes a mark.

Strings of files, models and people are untrusted. What is not shown as itself is shown as
``‹U+202E›``, so a reader sees that something stood there, and which character it was.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Any

# Controls, format characters (bidirectional, zero width, tags), lone surrogates, private use and
# code points without a character (Unicode Standard, 4.5 General Category).
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters that draw nothing although their category is that of a letter (Unicode, Hangul fillers).
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")
_MOST_MARKS = 2
"""Marks on one letter that a name of a person may need; more of them pile up over other lines."""


def mark(character: str) -> str:
    """The visible mark of a character."""
    return f"‹U+{ord(character):04X}›"


def is_hidden(character: str) -> bool:
    """Whether a character has no glyph of its own."""
    return unicodedata.category(character) in _HIDDEN or character in _BLANK


def visible(text: str, keep: str = "") -> str:
    """``text`` with a mark for every hidden character (but those in ``keep``) and piled-up mark."""
    shown, piled = [], 0
    for character in text:
        piled = piled + 1 if unicodedata.combining(character) else 0
        marked = (is_hidden(character) and character not in keep) or piled > _MOST_MARKS
        shown.append(mark(character) if marked else character)
    return "".join(shown)


def replaced(text: str, forbidden: Callable[[str], bool]) -> str:
    """``text`` as it is, with a mark for every character that a format forbids."""
    return "".join(mark(character) if forbidden(character) else character for character in text)


def name_of(character: str) -> str:
    """``U+202E RIGHT-TO-LEFT OVERRIDE``."""
    name = unicodedata.name(character, unicodedata.category(character))
    return f"U+{ord(character):04X} {name}"


def escaped_json(text: str) -> str:
    r"""JSON text with every hidden character but its own newlines as ``\uXXXX``.

    It says the same to a parser (RFC 8259, section 7), and nothing to a terminal that shows it;
    a lone surrogate, which UTF-8 cannot hold, is kept too.
    """
    return _ODD.sub(lambda found: _escape(found.group()), text)


def as_data(value: Any, change: Callable[[str], str]) -> Any:
    """A JSON value with every text in it changed; keys stay."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: as_data(inner, change) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [as_data(inner, change) for inner in value]
    return value


def _escape(character: str) -> str:
    if character == "\n" or not is_hidden(character):
        return character
    pair = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{pair[start : start + 4]}" for start in range(0, len(pair), 4))


# Nothing printable in ASCII is hidden: the rest is looked at one by one.
_ODD = re.compile(r"[^\n\x20-\x7e]")
