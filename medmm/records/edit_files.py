"""The file that an editor changes: a report's statements as lines, written out and read again.

::

    #: report 3, version 1
    # Findings
    [s1] The right lung measures 2.05 L.
    A line without an id is a new statement of the section it stands in.

The first line is optional and says what was edited. A statement that is left out is deleted.
Nothing is guessed: a line that is none of these is refused with its number.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from medmm.errors import InputError
from medmm.nouns.characters import is_hidden
from medmm.nouns.evidence import SECTIONS, Section

MOST_LINES = 2000
MOST_BYTES = 4_000_000
LONGEST = 2000
"""Characters of one statement; the check "text" finds fault with far fewer."""
UNREADABLE = "\N{REPLACEMENT CHARACTER}"

_HEAD = re.compile(r"#: report ([1-9][0-9]{0,8}), version ([1-9][0-9]{0,8})")
_NAMED = re.compile(r"\[([^\]]*)\](.*)")


@dataclass(frozen=True, slots=True)
class Line:
    """A statement in a file: its line's number from 1, the section above it and its id, if any."""

    number: int
    section: Section | None
    id: str | None
    text: str


@dataclass(frozen=True, slots=True)
class EditFile:
    """A file's statements in order, and which version of which report its first line names."""

    lines: tuple[Line, ...]
    report_id: int | None = None
    version: int | None = None


def refused(number: int, problem: str, mend: str = "") -> InputError:
    """The error for a line that cannot be taken."""
    return InputError(
        f"Line {number} of the file {problem}.", mend or "Nothing was changed.", code="bad-edit"
    )


def edit_text(document: Mapping[str, Any]) -> str:
    """A document as the file to edit, its first line naming report and version."""
    lines = [f"#: report {document['report_id']}, version {document['version']}"]
    for section in document["sections"]:
        if section["statements"]:
            lines.append(f"# {section['name']}")
            lines += [f"[{one['id']}] {one_line(one['text'])}" for one in section["statements"]]
    return "\n".join(lines) + "\n"


def one_line(text: str) -> str:
    """A stored text as its line shows it: breaks are spaces, hidden characters U+FFFD."""
    spaced = re.sub(r"[\n\r\t]", " ", text)
    return "".join(UNREADABLE if is_hidden(one) else one for one in spaced).strip()


def decoded(data: bytes) -> str:
    """A file's text.

    Raises:
        InputError: it is too large, or no UTF-8.
    """
    if len(data) > MOST_BYTES:
        raise _too_large(f"{len(data)} bytes", MOST_BYTES)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data[: error.start].count(b"\n") + 1
        raise refused(number, "is no UTF-8", "Save the file as UTF-8.") from None


def parsed(text: str) -> EditFile:
    """A file's statements.

    Raises:
        InputError: a line is no statement, section or first line; it holds characters that cannot
            be seen; there are too many lines, or there is no statement at all.
    """
    if len(text) > MOST_BYTES:
        raise _too_large(f"{len(text)} characters", MOST_BYTES)
    rows = [row.removesuffix("\r") for row in text.removesuffix("\n").split("\n")]
    if len(rows) > MOST_LINES:
        raise _too_large(f"{len(rows)} lines", MOST_LINES)
    head = _HEAD.fullmatch(rows[0].strip())
    seen: dict[Section, int] = {}
    section: Section | None = None
    lines = []
    for number, row in enumerate(rows, start=1):
        _must_be_seen(number, row)
        content = row.strip()
        if not content or (number == 1 and head):
            continue
        if content.startswith("#"):
            section = _section(number, content, seen)
        else:
            lines.append(_statement(number, content, section))
    if not lines:
        raise InputError(
            "The file holds no statement.",
            "To give a report up: `medmm reports cancel ID --reason TEXT`.",
            code="bad-edit",
        )
    named = (int(head[1]), int(head[2])) if head else (None, None)
    return EditFile(tuple(lines), *named)


def _too_large(size: str, most: int) -> InputError:
    return InputError(
        f"The file has {size}, more than {most}.",
        "Edit what `medmm reports show ID --text` prints.",
        code="bad-edit",
    )


def _must_be_seen(number: int, row: str) -> None:
    # Tabs around a line are an editor's; one between words would not survive the next writing out.
    begin = len(row) - len(row.lstrip(" \t"))
    for place, character in enumerate(row.strip(" \t"), start=begin + 1):
        if is_hidden(character):
            name = unicodedata.name(character, "a control character").lower()
            raise refused(
                number,
                f"holds at place {place} a character that cannot be seen, "
                f"U+{ord(character):04X} ({name})",
                "Type the line again.",
            )


def _section(number: int, content: str, seen: dict[Section, int]) -> Section:
    name = content.removeprefix("# ").strip()
    if not content.startswith("# ") or name not in SECTIONS:
        raise refused(
            number,
            "begins with # and is no section",
            f"A section's line is '# NAME' with one of {', '.join(SECTIONS)}.",
        )
    section = name
    if section in seen:
        raise refused(
            number,
            f"begins the section {name} again",
            f"It stands in line {seen[section]} already.",
        )
    seen[section] = number
    return section


def _statement(number: int, content: str, section: Section | None) -> Line:
    if not content.startswith("["):
        return Line(number, section, None, content)
    named = _NAMED.fullmatch(content)
    if named is None:
        raise refused(
            number, "begins with [ and names no statement", "A statement's line is '[id] text'."
        )
    return Line(number, section, named[1], named[2].strip())
