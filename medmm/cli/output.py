"""What a command says: results on stdout, messages and progress on stderr."""

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

# ISO 6429 control characters and bidirectional overrides could redraw a terminal or reverse a
# sentence; text from files is shown with a mark in their place.
_CONTROL = {code: "\N{REPLACEMENT CHARACTER}" for code in range(32) if code not in (9, 10)}
_CONTROL |= dict.fromkeys([*range(0x7F, 0xA0)], "\N{REPLACEMENT CHARACTER}")
_CONTROL |= dict.fromkeys(
    [0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)], "\N{REPLACEMENT CHARACTER}"
)


def shown(text: object) -> str:
    """Text that is safe to show on a terminal."""
    return str(text).translate(_CONTROL)


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
            json.dump(document, sys.stdout, indent=1, ensure_ascii=False, allow_nan=False)
            sys.stdout.write("\n")
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
        line = shown(message).replace("\n", " ")[:100]
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
    """Rows as aligned columns, the first row being the head."""
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
