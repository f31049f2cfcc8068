"""A report as plain text, a line per statement."""

from pathlib import Path

from medmm.home import write_whole
from medmm.nouns import Report
from medmm.nouns.characters import as_data, visible
from medmm.nouns.documents import statement_lines

UNSIGNED = "DRAFT BY A MACHINE - not signed, not a medical device. A clinician decides."
CANCELLED = "CANCELLED - this report does not count."


class TextExporter:
    """``--to text``: the statements as ``medmm reports show --text`` prints them."""

    def write(self, report: Report, path: Path) -> None:
        """Write the statements; an unsigned or cancelled report says so in its first line.

        A line is a statement, whatever its text holds: line ends and other hidden characters in
        it stand as visible marks.

        Raises:
            StorageError: the disk is full, read-only or failing.
        """
        sections = as_data(report.last.document["sections"], visible)
        lines = statement_lines({"sections": sections})
        head = f"{UNSIGNED}\n\n" if report.status in ("draft", "preliminary") else ""
        head = f"{CANCELLED}\n\n" if report.status == "cancelled" else head
        write_whole(path, f"{head}{lines}\n".encode())
