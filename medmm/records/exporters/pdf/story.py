"""What stands in the PDF, top to bottom."""

from collections.abc import Iterator, Mapping
from typing import Any

from medmm.nouns import Report
from medmm.nouns.characters import name_of
from medmm.records.exporters.pdf.ink import BOLD, PLAIN, Ink
from medmm.records.exporters.wording import (
    SIGNS,
    accession_of,
    appendix,
    number,
    patient_of,
    status_mark,
)

Item = Mapping[str, Any]
CELL = 90
"""Characters in a cell of a table; a row cannot be longer than a page. The appendix has all."""
_COLUMNS = (34, 118, 96, 108, 78, 72)


def story(report: Report, ink: Ink) -> list[Any]:
    """The flowables of a report. The list of replaced characters comes last, when all are known."""
    styles = _styles()
    parts: list[Any] = [*_head(report, ink, styles), *_sections(report, ink, styles)]
    parts += _measurements(report.last.document, ink, styles)
    parts += _appendix(report, ink, styles)
    return [*parts, *_replaced(ink, styles)]


def _styles() -> dict[str, Any]:
    from reportlab.lib.styles import ParagraphStyle

    body = ParagraphStyle("body", fontName=PLAIN, fontSize=9.5, leading=13, spaceAfter=3)
    # A word that is longer than a line is cut where the line ends, never run off the page.
    body.splitLongWords = 1
    return {
        "body": body,
        "title": ParagraphStyle(
            "title", body, fontName=BOLD, fontSize=15, leading=19, spaceAfter=6
        ),
        "heading": ParagraphStyle(
            "heading", body, fontName=BOLD, fontSize=11, leading=14, spaceBefore=8, keepWithNext=1
        ),
        "small": ParagraphStyle("small", body, fontSize=7.5, leading=10, spaceAfter=2),
        # The state is never parted from its sentence by the end of a page.
        "said": ParagraphStyle("said", body, keepWithNext=1, spaceAfter=0),
        "state": ParagraphStyle("state", body, fontSize=7.5, leading=9, leftIndent=10),
        "cell": ParagraphStyle("cell", body, fontSize=7.5, leading=9.5, spaceAfter=0),
    }


def _head(report: Report, ink: Ink, styles: dict[str, Any]) -> Iterator[Any]:
    from reportlab.platypus import Paragraph

    patient = patient_of(report)
    study = report.study
    yield Paragraph("Imaging report", styles["title"])
    rows = [
        ("Patient", patient.name),
        ("Patient ID", patient.id),
        ("Sex, birth date, age", ", ".join(filter(None, _about(report)))),
        ("Study", study.description if study else ""),
        ("Study date", study.date if study else ""),
        ("Accession number", accession_of(report)),
        ("Study Instance UID", report.study_uid),
        ("Report", f"{report.id}, version {report.last.number}, {report.last.created}"),
        ("Status", f"{report.status}  {status_mark(report)}"),
    ]
    for name, value in rows:
        yield Paragraph(
            f'<font name="{BOLD}">{name}:</font> {ink.markup(value) or "not given"}',
            styles["small"],
        )


def _about(report: Report) -> tuple[str, str, str]:
    patient = patient_of(report)
    return patient.sex, patient.birth_date, patient.age


def _sections(report: Report, ink: Ink, styles: dict[str, Any]) -> Iterator[Any]:
    from reportlab.platypus import Paragraph

    for section in report.last.document["sections"]:
        if not section["statements"]:
            continue
        yield Paragraph(ink.markup(section["name"]), styles["heading"])
        for statement in section["statements"]:
            sign = SIGNS.get(statement["state"], "")
            yield Paragraph(ink.markup(statement["text"]), styles["said"])
            yield Paragraph(
                ink.markup(f"[{sign}] {statement['state']} ({statement['id']})"), styles["state"]
            )


def _measurements(document: Item, ink: Ink, styles: dict[str, Any]) -> list[Any]:
    from reportlab.lib import colors
    from reportlab.platypus import LongTable, Paragraph, TableStyle

    if not document["measurements"]:
        return []
    places = {region["id"]: _place(region) for region in document["regions"]}
    rows: list[tuple[str, ...]] = [("id", "where", "name", "value", "uncertainty", "by")]
    rows += [_row(item, places) for item in document["measurements"]]
    cells = [
        [Paragraph(ink.markup(_clipped(text)), styles["cell"]) for text in row] for row in rows
    ]
    grid = TableStyle(
        [
            ("GRID", (0, 0), (-1, -1), 0.4, colors.grey),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
        ]
    )
    table = LongTable(cells, colWidths=_COLUMNS, repeatRows=1, style=grid)
    return [Paragraph("Measurements", styles["heading"]), table]


def _row(item: Item, places: dict[str, str]) -> tuple[str, ...]:
    spread = item["uncertainty"]
    doubt = " (doubtful)" if item["doubtful"] else ""
    return (
        item["id"],
        places.get(item["region"] or "", item["region"] or "whole study"),
        item["name"],
        f"{number(item['value'])} {item['unit']}{doubt}",
        f"± {number(spread['value'], 3)} ({spread['kind']})" if spread else "not given",
        item["expert"],
    )


def _place(region: Item) -> str:
    side = region["laterality"]
    beside = f", {side}" if side in ("left", "right") and side not in region["label"] else ""
    return f"{region['label']}{beside} ({region['id']})"


def _clipped(text: str) -> str:
    return text if len(text) <= CELL else f"{text[: CELL - 1]}…"


def _appendix(report: Report, ink: Ink, styles: dict[str, Any]) -> Iterator[Any]:
    from reportlab.platypus import PageBreak, Paragraph

    yield PageBreak()
    yield Paragraph("Appendix: what this report rests on", styles["title"])
    signs = ", ".join(f"[{sign}] {word}" for word, sign in SIGNS.items())
    yield Paragraph(ink.markup(f"Signs of a statement's state: {signs}."), styles["small"])
    for line in appendix(report):
        yield Paragraph(ink.markup(line.text), styles["heading" if line.heading else "small"])


def _replaced(ink: Ink, styles: dict[str, Any]) -> Iterator[Any]:
    from reportlab.platypus import Paragraph

    if not ink.replaced:
        return
    yield Paragraph("Characters shown by their code", styles["heading"])
    yield Paragraph(
        "These have no glyph in this file's fonts or none at all; the other forms of this report "
        "(json, fhir) keep them as they were.",
        styles["small"],
    )
    for character in sorted(ink.replaced):
        yield Paragraph(ink.markup(name_of(character)), styles["small"])
