"""What every exporter says in the same words: who, which report, its mark, its text."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from medmm.nouns import Patient, Report
from medmm.nouns.characters import visible

Item = Mapping[str, Any]

# A sign beside the word, as on the terminal, so that a state never rests on colour or place alone.
SIGNS = {
    "measured": "#",
    "recorded": "=",
    "supported": "+",
    "unsupported": "?",
    "contradicted": "!",
    "reference": "i",
    "written": "w",
}
MACHINE = "medmm"
"""The author of a machine's versions."""

DRAFT_MARK = "DRAFT - not signed"
CANCELLED_MARK = "CANCELLED"


def status_mark(report: Report) -> str:
    """What every page must bear; empty once the report is signed."""
    if report.status in ("final", "amended"):
        return ""
    return CANCELLED_MARK if report.status == "cancelled" else DRAFT_MARK


def patient_of(report: Report) -> Patient:
    """The patient, empty where the records were not asked."""
    return report.study.patient if report.study else Patient()


def accession_of(report: Report) -> str:
    """The study's accession number, if its files had one."""
    series = report.study.series if report.study else ()
    return series[0].origin.accession if series else ""


def software() -> str:
    """The program and its version."""
    return f"medmm {version('medmm')}"


def number(value: float, digits: int = 5) -> str:
    """So many significant digits, and never a power of ten."""
    text = f"{value:.{digits}g}"
    return f"{value:.0f}" if "e+" in text else text


@dataclass(frozen=True)
class Line:
    """A line of the report's plain text, and whether it heads a part."""

    text: str
    heading: bool = False


def statements(document: Item) -> Iterator[tuple[str, Item]]:
    """Every statement with its section's name."""
    for section in document["sections"]:
        for statement in section["statements"]:
            yield section["name"], statement


def appendix(report: Report) -> Iterator[Line]:
    """What the report rests on: evidence, experts, checks, passages, writer, versions."""
    document = report.last.document
    yield Line("Evidence of every statement", heading=True)
    for _, statement in statements(document):
        yield from _evidence(statement)
    yield Line("Measurements in full", heading=True)
    yield from (_measurement(item) for item in document["measurements"])
    yield Line("Experts", heading=True)
    yield from (_expert(run) for run in document["experts"])
    yield Line("Checks", heading=True)
    yield from (_check(item) for item in document["checks"])
    yield Line("Retrieved passages", heading=True)
    yield from (_passage(item) for item in document["retrieved"])
    if document["warnings"]:
        yield Line("Warnings", heading=True)
        yield from (Line(warning) for warning in document["warnings"])
    yield Line("Origin", heading=True)
    yield from _origin(report)


def plain_text(report: Report) -> str:
    """The report and its appendix as text without a hidden character but the line ends."""
    lines = [status_mark(report)] if status_mark(report) else []
    last = ""
    for section, statement in statements(report.last.document):
        lines += [f"# {section}"] if section != last else []
        lines.append(f"[{statement['id']}] {statement['text']} ({statement['state']})")
        last = section
    for line in appendix(report):
        lines.append(f"# {line.text}" if line.heading else line.text)
    return "\n".join(visible(line) for line in lines) + "\n"


def _evidence(statement: Item) -> Iterator[Line]:
    sign = SIGNS.get(statement["state"], "")
    head = f"{statement['id']} {sign} {statement['state']}"
    if not statement["evidence"]:
        yield Line(f"{head}: no evidence")
    for item in statement["evidence"]:
        told = f": {item['text']}" if item["text"] else ""
        yield Line(f"{head}: {item['kind']} {item['ref']}{told}")


def _measurement(item: Item) -> Line:
    spread = item["uncertainty"]
    told = f" ± {number(spread['value'], 3)} ({spread['kind']})" if spread else ""
    where = f" of {item['region']}" if item["region"] else ""
    method = f": {item['method']}" if item.get("method") else ""
    doubt = "; doubtful" if item["doubtful"] else ""
    value = f"{number(item['value'])} {item['unit']}"
    return Line(
        f"{item['id']} {item['name']}{where} {value}{told} by {item['expert']}{method}{doubt}"
    )


def _expert(run: Item) -> Line:
    kind = " (demonstrator, no clinical figures)" if run.get("demonstrator") else ""
    weights = run.get("weights_sha256") or "none"
    told = f"; {run['reason']}" if run["reason"] else ""
    return Line(
        f"{run['name']} {run['version']}{kind}: {run['status']}, {run['applicability']}{told}; "
        f"SHA-256 of the weights: {weights}"
    )


def _check(item: Item) -> Line:
    told = f": {item['reason']}" if item["reason"] else ""
    return Line(f"{item['statement']} {item['check']}: {item['result']}{told}")


def _passage(item: Item) -> Line:
    kept = "kept" if item["kept"] else "not kept"
    edition = f", version {item['version']}" if item.get("version") else ""
    return Line(
        f"{item['document']}{edition} ({item['domain']}, {kept}, score {number(item['score'], 3)}; "
        f"{item['why']}): {item['text']}"
    )


def _origin(report: Report) -> Iterator[Line]:
    writer = report.last.document["writer"]
    yield Line(f"Writer: {writer['name']} {writer['version']} ({writer['kind']})")
    yield Line(f"Software: {software()}")
    yield Line(f"Study: {report.study_uid}")
    for one in report.versions:
        why = f"; {one.reason}" if one.reason else ""
        yield Line(f"Version {one.number} by {one.author}, {one.created}{why}")
    if report.signed_by:
        yield Line(f"Signed by {report.signed_by}, {report.signed}")
    yield Line(f"SHA-256 of this version's canonical bytes: {report.last.sha256}")
