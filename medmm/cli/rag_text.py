"""What ``medmm rag`` found, as text for a terminal."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from medmm.cli.output import columns, in_line

Document = Mapping[str, Any]
WIDTH = 100
NO_KNOWLEDGE = "they speak of one patient, or to a writer"


def added(document: Document) -> str:
    """A line for each file, and what was left out."""
    lines = []
    for one in document["added"]:
        count = f"{one['passages']} passage{'' if one['passages'] == 1 else 's'}"
        told = f"document {one['document']}, version {one['version']}, {count}"
        if one["not_quoted"]:
            told += f"; {one['not_quoted']} never quoted: {NO_KNOWLEDGE}"
        lines.append(f"{one['outcome']}: {in_line(one['title'])} ({told})")
    lines += [f"skipped: {in_line(one['file'])}: {one['reason']}" for one in document["skipped"]]
    return "\n".join(lines) or "Nothing was added."


def found(document: Document, *, explain: bool) -> str:
    """The passages that are kept; with ``explain`` all candidates and what led to them."""
    lines: list[str] = []
    if explain:
        lines += _explained(document)
    shown = [one for one in document["passages"] if explain or one["kept"]]
    for one in shown:
        sign = "+" if one["kept"] else "-"
        place = f", {one['place']}" if one["place"] else ""
        lines.append(f"{sign} {in_line(one['document'])}, version {one['version']}{place}")
        figures = f"[{one['passage']}] {one['domain']}, score {one['score']:.2f}"
        if explain:
            figures += f" (cosine {one['cosine']:.2f}, words {one['words']:.2f}); {one['why']}"
        lines.append(f"  {figures}")
        lines.append(_paragraph(one["text"]))
    if not any(one["kept"] for one in document["passages"]):
        lines.append("Nothing in the knowledge is near enough to be quoted.")
    return "\n".join(lines)


def _explained(document: Document) -> list[str]:
    lines = []
    if document["also"]:
        lines.append(_paragraph(f"also searched: {', '.join(document['also'])}", indent=""))
    for one in document["domains"][:3]:
        mark = "searched" if one["searched"] else "not searched"
        lines.append(f"domain {one['domain']}: {one['confidence']:.2f}, {mark} ({one['evidence']})")
    rule = document["rule"]
    gap = "none" if rule["gap"] is None else f"{rule['gap']:g}"
    lines.append(f"cut: score at least {rule['minimum']:.2f}, gap {gap}; {rule['bound']}")
    return [*lines, ""]


def _paragraph(text: str, indent: str = "    ") -> str:
    return "\n".join(
        textwrap.fill(line, WIDTH, initial_indent=indent, subsequent_indent=indent)
        for line in text.splitlines()
    )


def listed(rows: Sequence[Document]) -> str:
    """Documents as a table."""
    if not rows:
        return "No documents. Add some: medmm rag add PATH --domain D"
    table = [("id", "domain", "version", "passages", "licence", "title")]
    table += [
        (
            str(row["document"]),
            row["domain"],
            row["version"] + (" (superseded)" if row["superseded"] else ""),
            str(row["passages"]),
            row["licence"] or "not given",
            row["title"],
        )
        for row in rows
    ]
    return columns(table)


def passage(document: Document) -> str:
    """One passage with its place and what its document cites."""
    place = " > ".join(document["headings"])
    if document["page"] is not None:
        place = f"{place}, page {document['page']}" if place else f"page {document['page']}"
    start, end = document["characters"]
    lines = [
        f"{in_line(document['document'])}, version {document['version']}, {document['domain']}",
        f"{place or 'no heading'}; characters {start} to {end} of {document['source']}",
        f"licence: {document['licence'] or 'not given'}",
    ]
    if document["superseded"]:
        lines.append(f"superseded {document['superseded']}")
    lines += ["", _paragraph(document["text"])]
    if document["citations"]:
        lines += ["", "Its document rests on:"]
        lines += [
            _paragraph(one["text"] + (f" doi:{one['doi']}" if one["doi"] else ""), "  ")
            for one in document["citations"]
        ]
    return "\n".join(lines)


def evaluated(document: Document) -> str:
    """Figures with their intervals."""
    measures = list(next(iter(document["indexes"].values())))
    rows = [("", *measures)]
    for index, figures in document["indexes"].items():
        rows.append((index, *(_figure(figures[measure]) for measure in measures)))
    for domain, figures in document["by_domain"].items():
        rows.append((f"  {domain}", *(_figure(figures[measure]) for measure in measures)))
    counted = (
        f"{document['answerable']} answerable of {document['queries']} questions, "
        f"{document['documents']} documents, {document['passages']} passages"
    )
    head = f"{document['set']}, {document['split']}: {counted}, {document['embedder']}"
    lines = [head, "", columns(rows)]
    if document["domain"]:
        lines += ["", f"domain found by words: {_figure(document['domain']['accuracy'])}"]
        names = document["domain"]["names"]
        table = [("told \\ found", *names)]
        table += [
            (name, *(str(count) for count in row))
            for name, row in zip(names, document["domain"]["confusion"], strict=True)
        ]
        lines.append(columns(table))
    lines += ["", "the cut:"]
    told = {
        "kept": "passages kept for a question",
        "precision": "of what is kept, right",
        "precision_uncut": "of the first three without a cut, right",
        "found": "answerable questions with a right passage kept",
        "silent_where_unanswerable": "unanswerable questions with nothing kept",
        "risk": "beside the question (0 where nothing is kept)",
    }
    lines += [
        f"  {words}: {_figure(document['cut'][name])}"
        for name, words in told.items()
        if document["cut"][name]
    ]
    return "\n".join(lines)


def _figure(figure: Document | None) -> str:
    if figure is None:
        return "-"
    low, high = figure["ci95"]
    return f"{figure['value']:.3f} ({low:.3f}-{high:.3f})"


def calibrated(document: Document) -> str:
    """The rule of each domain with its bound."""
    lines = [f"{document['questions']} questions, {document['embedder']}"]
    for one in document["domains"]:
        gap = "none" if one["gap"] is None else f"{one['gap']:g}"
        name = "all others" if one["domain"] == "*" else one["domain"]
        lines.append(
            f"{name}: score at least {one['minimum']:.2f}, gap {gap}; right passage kept for "
            f"{one['found']:.0%}; {one['bound']}"
        )
    return "\n".join([*lines, f"Written to {document['file']}."])
