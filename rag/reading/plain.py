"""Readers of Markdown and of plain text, which need no parser and are read in this process."""

import re
import tomllib
from pathlib import Path
from typing import Final

from medmm.nouns import Document
from rag.cards import FENCE
from rag.reading.comments import without_comments
from rag.reading.letters import cleaned, decoded, looks_like_text
from rag.reading.limits import DEFAULT, Limits
from rag.reading.opening import content, head
from rag.reading.refusals import RefusedError, refusal
from rag.reading.titles import titled

_MARKDOWN_NAMES: Final = (".md", ".markdown", ".mdown", ".mkd")
_TEXT_NAMES: Final = (".txt", ".text")
# A front matter of other tools: lines of a key and a value, deeper lines, list items, comments.
_MATTER_LINE: Final = re.compile(r"[\w.-]+\s*:(\s|$).*|\s+\S.*|-\s.*|#.*|\s*")


class MarkdownReader:
    """Markdown; a header (TOML between +++, or front matter between ---) only gives the title."""

    def __init__(self, limits: Limits = DEFAULT) -> None:
        self._limits = limits

    def sniff(self, path: Path) -> float:
        """Sure by the name; fairly sure by the project's own header."""
        if path.suffix.lower() in _MARKDOWN_NAMES:
            return 0.9
        return 0.7 if head(path).startswith(f"{FENCE}\n".encode()) else 0.0

    def read(self, path: Path) -> Document:
        """The Markdown as it is, without its header, HTML comments and unseen characters.

        Raises:
            InputError: it is empty, is no text, or its header is no TOML.
            LimitError: it is too large.
        """
        text = _characters(path, self._limits)
        try:
            title, body = _without_header(text)
        except RefusedError as refused:
            raise refusal(path, refused.code) from refused
        body = without_comments(body).strip("\n")
        if not body.strip():
            raise refusal(path, "no-text")
        return titled(path, body, title)


class TextReader:
    """Plain text, taken as Markdown as it stands."""

    def __init__(self, limits: Limits = DEFAULT) -> None:
        self._limits = limits

    def sniff(self, path: Path) -> float:
        """Sure by the name; a little sure of anything else that has no controls in it."""
        if path.suffix.lower() in _TEXT_NAMES:
            return 0.8
        return 0.1 if looks_like_text(head(path)) else 0.0

    def read(self, path: Path) -> Document:
        """The words as they are, without unseen characters.

        Raises:
            InputError: it is empty or is no text.
            LimitError: it is too large.
        """
        return titled(path, _characters(path, self._limits).strip("\n"))


def _characters(path: Path, limits: Limits) -> str:
    data = content(path, limits)
    try:
        text = cleaned(decoded(data))
    except RefusedError as refused:
        raise refusal(path, refused.code) from refused
    if len(text) > limits.characters:
        raise refusal(path, "characters", limits.characters)
    if not text.strip():
        raise refusal(path, "no-text")
    return text


def _without_header(text: str) -> tuple[str, str]:
    """Title and body."""
    if text.startswith(f"{FENCE}\n"):
        parts = text.split(f"{FENCE}\n", 2)
        if len(parts) < 3:
            return "", text
        try:
            title = tomllib.loads(parts[1]).get("title", "")
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise RefusedError("header") from error
        return title if isinstance(title, str) else "", parts[2]
    first, *lines = text.split("\n")
    if first.rstrip() == "---":
        for index, line in enumerate(lines):
            if line.rstrip() in {"---", "..."}:
                return _front_title(lines[:index]), "\n".join(lines[index + 1 :])
            if not _MATTER_LINE.fullmatch(line):
                break
    return "", text


def _front_title(lines: list[str]) -> str:
    stated = (line.split(":", 1)[1] for line in lines if line.lower().startswith("title:"))
    return next(stated, "").strip().strip("\"'")
