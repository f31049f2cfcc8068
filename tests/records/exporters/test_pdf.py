"""The PDF: what stands on its pages, the same bytes for the same report."""

import hashlib
import io
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pypdf
import pytest

from medmm.cli.draft_text import SIGNS as TERMINAL_SIGNS
from medmm.nouns import Measurement, Report, Statement
from medmm.nouns.draft import ReportStatus
from medmm.nouns.evidence import StatementState
from medmm.records import reports
from medmm.records.exporters.pdf import PdfExporter, pdf_bytes
from medmm.records.exporters.wording import MACHINE, SIGNS
from tests.conftest import REPOSITORY
from tests.records.builders import study
from tests.records.exporters.looking import assert_only_text, pdf_pages, pdf_text, squeezed
from tests.records.exporters.made_reports import full_draft, report_of

PROGRAM = """
import hashlib
from medmm.records.exporters.pdf import pdf_bytes
from tests.records.exporters.made_reports import report_of
print(hashlib.sha256(pdf_bytes(report_of())).hexdigest())
"""


def long_report(status: ReportStatus = "draft") -> Report:
    """A report of several pages, by many statements and measurements."""
    made = full_draft()
    statements = tuple(
        Statement(f"s{index}", "Findings", f"Sentence {index} of many.", "recorded")
        for index in range(40)
    )
    measurements = tuple(
        Measurement(f"m{index}", "volume", float(index), "mL", "", "x" * 300) for index in range(30)
    )
    return report_of(replace(made, statements=statements, measurements=measurements), status)


def test_everything_that_the_report_rests_on_is_there() -> None:
    report = report_of(authors=("medmm", "anna"), reason="A typing error.")
    text = pdf_text(pdf_bytes(report))
    document = report.last.document
    for section in document["sections"]:
        for statement in section["statements"]:
            assert squeezed(statement["text"]) in text
            sign = SIGNS[statement["state"]]
            assert squeezed(f"[{sign}] {statement['state']} ({statement['id']})") in text
    for wanted in (
        "DOE^JANE", "MR-4711", "CT Thorax", "A100", "1.2.3", "2310 mL", "± 21.5 (resolution)",
        "right lung (r1)", "measurement m1: 2.31 mL", "ct_lungs 1.2: ran", "ab" * 32,
        "cxr_lungs 1.0: refused, refuses; It is CT.", "s2 number: pass",
        "Nodules, version 1 (chest-ct, kept", "Writer: composer 1 (composer)", "medmm 0.1.0",
        "Version 2 by anna", "A typing error.", report.last.sha256, "The knowledge is small.",
    ):  # fmt: skip
        assert squeezed(wanted) in text, wanted


@pytest.mark.parametrize("status", ["draft", "preliminary", "final", "amended", "cancelled"])
def test_every_page_bears_who_which_and_the_mark(status: ReportStatus) -> None:
    pages = pdf_pages(pdf_bytes(long_report(status)))
    assert len(pages) >= 4
    for number, page in enumerate(pages, start=1):
        lines = page.splitlines()
        assert "Patient: DOE^JANE" in lines
        assert "ID: MR-4711" in lines
        assert "Report 7, version 1" in lines
        assert f"page {number} of {len(pages)}" in lines
        assert lines.count("DRAFT - not signed") == 2 * (status in ("draft", "preliminary"))
        assert lines.count("CANCELLED") == 2 * (status == "cancelled")


def test_the_same_report_gives_the_same_bytes_in_any_process() -> None:
    here = hashlib.sha256(pdf_bytes(report_of())).hexdigest()
    for seed in ("1", "2"):
        ran = subprocess.run(
            [sys.executable, "-c", PROGRAM], cwd=REPOSITORY, check=True, capture_output=True,
            text=True, env={**os.environ, "PYTHONHASHSEED": seed, "TZ": f"UTC{seed}"},
        )  # fmt: skip
        assert ran.stdout.strip() == here
    assert pdf_bytes(report_of(status="final")) != pdf_bytes(report_of())


def test_characters_without_glyph_are_named_in_the_appendix() -> None:
    made = full_draft()
    said = replace(made.statements[0], text="Жeft \u202eside, Őry")
    data = pdf_bytes(report_of(replace(made, statements=(said,))))
    text = pdf_text(data)
    assert squeezed("‹U+0416›eft ‹U+202E›side, O‹U+030B›ry") in text
    for name in (
        "U+0416 CYRILLIC CAPITAL LETTER ZHE",
        "U+202E RIGHT-TO-LEFT OVERRIDE",
        "U+0150 LATIN CAPITAL LETTER O WITH DOUBLE ACUTE",
    ):
        assert squeezed(name) in text
    assert squeezed("Characters shown by their code") not in pdf_text(pdf_bytes(report_of()))


def test_nothing_in_it_acts_and_its_title_names_no_patient() -> None:
    data = pdf_bytes(long_report())
    assert_only_text(data)
    told = pypdf.PdfReader(io.BytesIO(data)).metadata
    assert told is not None
    assert told.title == "Report 7, version 1"
    assert not any("DOE" in str(value) for value in told.values())


def test_a_report_without_its_study_or_statements_is_written(tmp_path: Path) -> None:
    made = replace(
        full_draft(), statements=(), measurements=(), experts=(), checks=(), retrieved=(),
        warnings=(), regions=(), findings=(),
    )  # fmt: skip
    PdfExporter().write(replace(report_of(made), study=None), tmp_path / "out.pdf")
    pages = pdf_pages((tmp_path / "out.pdf").read_bytes())
    assert "Patient: no name" in pages[0].splitlines()


def test_a_long_name_does_not_run_into_the_page_number() -> None:
    patient = replace(study().patient, name="Wide^" * 60)
    [line] = [
        line
        for line in pdf_pages(pdf_bytes(report_of(examined=study(patient=patient))))[1].splitlines()
        if line.startswith("Patient: ")
    ]
    assert line.endswith("…")
    assert len(line) < 80


def test_signs_and_names_are_those_of_the_other_parts() -> None:
    assert SIGNS == TERMINAL_SIGNS
    assert set(SIGNS) == set(get_args(StatementState))
    assert MACHINE == reports.MACHINE
