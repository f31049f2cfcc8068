"""What a command says: results on stdout, messages and progress on stderr."""

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any


def shown(text: object) -> str:
    """Text that is safe to show on a terminal: what could redraw it or hide stands as a mark.

    Newlines and tabs are left: whoever puts texts of files and people into lines of its own says
    so by `in_line`.
    """
    # Here, not above: the nouns bring numpy, which --help does without.
    from medmm.nouns.characters import visible

    return visible(str(text), keep="\n\t")


def in_line(text: object) -> str:
    """A text of a file or a person within a line: a break in it begins no line of its own."""
    from medmm.nouns.characters import visible

    return visible(str(text))


class Output:
    """One command's stdout and stderr."""

    def __init__(self, *, as_json: bool, verbose: int) -> None:
        self.as_json = as_json
        self.verbose = verbose
        self._progress_length = 0

    def result(self, document: Any, text: Callable[[], str]) -> None:
        """The command's one result: the JSON document, or the text for people."""
        self.end_progress()
        if self.as_json:
            from medmm.nouns.characters import escaped_json

            whole = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
            sys.stdout.write(escaped_json(whole) + "\n")
        else:
            sys.stdout.write(shown(text()).rstrip("\n") + "\n")
        sys.stdout.flush()

    def note(self, message: str) -> None:
        """A line on stderr."""
        self.end_progress()
        sys.stderr.write(shown(message) + "\n")

    def detail(self, message: str) -> None:
        """A line on stderr for those who asked for more."""
        if self.verbose:
            self.note(message)

    def progress(self, message: str) -> None:
        """What is being done now: one line that is overwritten, on a terminal only."""
        if not sys.stderr.isatty():
            self.detail(message)
            return
        line = in_line(message)[:100]
        sys.stderr.write("\r" + line.ljust(self._progress_length))
        sys.stderr.flush()
        self._progress_length = len(line)

    def end_progress(self) -> None:
        """Clear the progress line."""
        if self._progress_length:
            sys.stderr.write("\r" + " " * self._progress_length + "\r")
            sys.stderr.flush()
            self._progress_length = 0


def columns(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows as aligned columns, the first row being the head; each cell is one line."""
    rows = [tuple(in_line(cell) for cell in row) for row in rows]
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
