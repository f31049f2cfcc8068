"""A draft's document as text for reading on a terminal."""

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from medmm.cli.output import in_line
from medmm.nouns.characters import as_data

# A sign beside the word, so that a state never rests on colour or on position alone.
SIGNS = {
    "measured": "#",
    "recorded": "=",
    "supported": "+",
    "unsupported": "?",
    "contradicted": "!",
    "reference": "i",
    "written": "w",
}
WIDTH = 100
BANNER = "DRAFT BY A MACHINE - not signed, not a medical device. A clinician decides."

Document = Mapping[str, Any]


def draft_text(document: Document, home: Path | None) -> str:
    """Sections with states and evidence, measurements, experts, checks, timings, where it is."""
    # Labels, reasons and titles come from experts, models and documents: each is one line here.
    document = as_data(document, in_line)
    known = _known(document)
    parts = [
        [BANNER],
        *(_section(part, known) for part in document["sections"] if part["statements"]),
        _measurements(document),
        _experts(document["experts"]),
        _checks(document),
        _demonstrators(document),
        [f"Warning: {warning}" for warning in document["warnings"]],
        _record(document, home),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _wrap(text: str, first: str, rest: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent=rest)


def _section(section: Document, known: dict[str, str]) -> list[str]:
    lines = [section["name"].upper()]
    for statement in section["statements"]:
        lines.append(_wrap(statement["text"], f"  {SIGNS[statement['state']]} ", "    "))
        rests_on = "; ".join(
            _evidence(item, statement["text"], known) for item in statement["evidence"]
        )
        lines.append(
            _wrap(f"{statement['state']}: {rests_on or 'no evidence'}", "      ", "        ")
        )
    return lines


def _evidence(item: Document, said: str, known: dict[str, str]) -> str:
    """One piece of evidence in short; the JSON document has it whole."""
    if item["kind"] in ("measurement", "finding") and item["ref"] in known:
        return known[item["ref"]]
    if not item["text"] or item["text"] == said:
        return f"{item['kind']} {item['ref']}"
    return f"{item['kind']} {item['ref']}: {item['text']}"


def _number(value: float, digits: int) -> str:
    """So many significant digits, and never a power of ten."""
    text = f"{value:.{digits}g}"
    return f"{value:.0f}" if "e+" in text else text


def _known(document: Document) -> dict[str, str]:
    """Measurements and findings in short, by id."""
    short = {
        item["id"]: f"{item['id']} {item['name']} {_number(item['value'], 4)} {item['unit']}"
        for item in document["measurements"]
    }
    for finding in document["findings"]:
        told = f"{finding['concept']['meaning'].lower()} {finding['presence']}"
        short[finding["id"]] = f"{finding['id']} {told} by {finding['source']}"
    return short


def _measurements(document: Document) -> list[str]:
    if not document["measurements"]:
        return []
    regions = {region["id"]: region for region in document["regions"]}
    lines = ["MEASUREMENTS"]
    for item in document["measurements"]:
        region = regions.get(item["region"] or "")
        where = _place(region) if region else "whole study"
        uncertainty = item["uncertainty"]
        spread = f" ± {uncertainty['value']:.3g} ({uncertainty['kind']})" if uncertainty else ""
        doubt = "  doubtful" if item["doubtful"] else ""
        lines.append(
            f"  {item['id']:>4}  {where:<28} {item['name']:<18} "
            f"{_number(item['value'], 5)} {item['unit']}{spread}  by {item['expert']}{doubt}"
        )
    return lines


def _place(region: Document) -> str:
    label: str = region["label"]
    side = region["laterality"]
    if side in ("left", "right") and side not in label:
        label = f"{label}, {side}"
    return f"{label} ({region['id']})"


def _experts(runs: list[Document]) -> list[str]:
    if not runs:
        return ["EXPERTS", "  none was asked"]
    lines = ["EXPERTS"]
    for run in runs:
        kind = " [demonstrator]" if run["demonstrator"] else ""
        timing = f" in {run['seconds']:.1f} s" if run["status"] == "ran" else ""
        told = f": {run['reason']}" if run["reason"] else ""
        lines.append(
            _wrap(
                f"{run['name']} {run['version']}{kind} {run['status']}{timing} "
                f"({run['applicability']}){told}",
                "  ",
                "    ",
            )
        )
    return lines


def _checks(document: Document) -> list[str]:
    checks = document["checks"]
    if not checks:
        return []
    count = {"passed": 0, "failed": 0, "cannot tell": 0}
    words = {"pass": "passed", "fail": "failed", "cannot tell": "cannot tell"}
    for check in checks:
        count[words[check["result"]]] += 1
    told = ", ".join(f"{number} {word}" for word, number in count.items())
    lines = [f"CHECKS  {told}"]
    lines += [
        _wrap(
            f"{check['result']}: {check['check']} of {check['statement']}: {check['reason']}",
            "  ",
            "    ",
        )
        for check in checks
        if check["result"] != "pass"
    ]
    return lines


def _demonstrators(document: Document) -> list[str]:
    names = sorted({run["name"] for run in document["experts"] if run["demonstrator"]})
    if not names:
        return []
    told = "It shows how the platform works and has no clinical figures."
    return [f"Demonstrator: {', '.join(names)}. {told}"]


def _record(document: Document, home: Path | None) -> list[str]:
    timings = ", ".join(f"{name} {value:.1f}" for name, value in document["seconds"].items())
    lines = [f"Seconds: {timings}"] if timings else []
    if document["report_id"] is None:
        return [*lines, "Not recorded: no home was given."]
    return [
        *lines,
        f"Recorded as report {document['report_id']}, version {document['version']}, in {home}.",
    ]
