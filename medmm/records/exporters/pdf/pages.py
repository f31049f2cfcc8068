"""Pages with their head and foot, counted before they are drawn."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from medmm.nouns import Report
from medmm.records.exporters.pdf.ink import BOLD, PLAIN, Ink, fitted
from medmm.records.exporters.pdf.story import story
from medmm.records.exporters.wording import patient_of, software, status_mark

_MARGIN = 44.0
_TOP = 74.0
_BOTTOM = 52.0


@dataclass(frozen=True)
class Frame:
    """What every page bears, drawable already."""

    name: str
    id: str
    report: str
    mark: str
    foot: str

    def draw(self, canvas: Any, width: float, height: float, page: str) -> None:
        """Head and foot of one page."""
        canvas.saveState()
        inner = width - 2 * _MARGIN
        top = height - 34
        canvas.setFont(PLAIN, 8)
        canvas.drawString(_MARGIN, top, fitted(self.name, PLAIN, 8, inner * 0.58))
        canvas.drawRightString(width - _MARGIN, top, self.report)
        # The number below the name: a long name must never push it off the page.
        canvas.drawString(_MARGIN, top - 11, fitted(self.id, PLAIN, 8, inner * 0.58))
        canvas.drawRightString(width - _MARGIN, top - 11, page)
        canvas.line(_MARGIN, top - 17, width - _MARGIN, top - 17)
        canvas.setFont(PLAIN, 7)
        canvas.drawString(_MARGIN, 24, self.foot)
        if self.mark:
            self._mark(canvas, width, top - 29)
        canvas.restoreState()

    def _mark(self, canvas: Any, width: float, y: float) -> None:
        """The mark above the text and below it, so that half a page shows it too."""
        canvas.setFont(BOLD, 10)
        canvas.drawCentredString(width / 2, y, self.mark)
        canvas.drawCentredString(width / 2, 36, self.mark)


def built(report: Report) -> bytes:
    """The PDF's bytes: laid out once to count the pages, then again with the count."""
    _, pages = _build(report, total=0)
    data, _ = _build(report, total=pages)
    return data


def _build(report: Report, total: int) -> tuple[bytes, int]:
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import SimpleDocTemplate

    ink = Ink()
    frame = _frame(report, ink)
    parts = story(report, ink)
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_TOP,
        bottomMargin=_BOTTOM,
        title=f"Report {report.id}, version {report.last.number}",
        author=software(),
        # No time of day, no random identifier: the same report gives the same bytes.
        invariant=1,
    )
    draw = _drawer(frame, A4, total)
    document.build(parts, onFirstPage=draw, onLaterPages=draw)
    return out.getvalue(), document.page


def _drawer(frame: Frame, size: tuple[float, float], total: int) -> Callable[[Any, Any], None]:
    def draw(canvas: Any, document: Any) -> None:
        frame.draw(canvas, *size, f"page {document.page} of {total}")

    return draw


def _frame(report: Report, ink: Ink) -> Frame:
    patient = patient_of(report)
    return Frame(
        name=ink.text(f"Patient: {patient.name or 'no name'}"),
        id=ink.text(f"ID: {patient.id or 'none'}"),
        report=f"Report {report.id}, version {report.last.number}",
        mark=status_mark(report),
        foot=ink.text(
            f"{software()}; SHA-256 {report.last.sha256}; decision support, not a medical device"
        ),
    )
