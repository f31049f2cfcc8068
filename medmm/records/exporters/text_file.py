"""A report as plain text, a line per statement."""

from pathlib import Path

from medmm.home import write_whole
from medmm.nouns import Report
from medmm.nouns.documents import statement_lines

UNSIGNED = "DRAFT BY A MACHINE - not signed, not a medical device. A clinician decides."


class TextExporter:
    """``--to text``: the statements as ``medmm reports show --text`` prints them."""

    def write(self, report: Report, path: Path) -> None:
        """Write the statements; an unsigned report says so in its first line.

        Raises:
            StorageError: the disk is full, read-only or failing.
        """
        lines = statement_lines(report.last.document)
        head = f"{UNSIGNED}\n\n" if report.status in ("draft", "preliminary") else ""
        write_whole(path, f"{head}{lines}\n".encode())
