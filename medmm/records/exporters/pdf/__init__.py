"""A report as a PDF: to be read and printed by people, with what every sentence rests on."""

from pathlib import Path

from medmm.home import write_whole
from medmm.nouns import Report


class PdfExporter:
    """``--to pdf``: sections with states, measurements, and an appendix with the evidence."""

    def write(self, report: Report, path: Path) -> None:
        """Write the PDF; the same report gives the same bytes.

        Raises:
            StorageError: the disk is full, read-only or failing.
        """
        write_whole(path, pdf_bytes(report))


def pdf_bytes(report: Report) -> bytes:
    """The PDF of a report's last version.

    It holds text, lines and embedded fonts only: no link, no script, no form, no attached file and
    nothing that is fetched from elsewhere.
    """
    from medmm.records.exporters.pdf.pages import built

    return built(report)
