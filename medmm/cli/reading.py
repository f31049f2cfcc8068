"""What was read, as the contract's JSON document, as text, and as an exit code."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from medmm.cli.output import Output, columns, in_line
from medmm.dicom.intake import Intake
from medmm.errors import InputError
from medmm.nouns import Series
from medmm.nouns.documents import dropped_document, series_document

Document = dict[str, Any]


def reading_document(
    found: Intake, outputs: Mapping[int, Path], failed: Mapping[int, InputError]
) -> Document:
    """The document; ``outputs`` and ``failed`` are by the series' place over all studies."""
    series = [one for study in found.studies for one in study.series]
    return {
        "series": [
            _series(one, outputs.get(number), failed.get(number))
            for number, one in enumerate(series)
        ],
        "skipped": [dropped_document(dropped) for dropped in found.skipped],
        "seconds": round(found.seconds, 3),
    }


def _series(series: Series, path: Path | None, failure: InputError | None) -> Document:
    document = series_document(series, str(path.absolute()) if path else None)
    if failure is not None:
        # Pixels are looked at last: a series that seemed usable by its headers is refused now.
        document["verdict"] = "refused"
        document["reasons"].append({"code": failure.code, "text": str(failure), "tag": failure.tag})
    return document


def exit_code(document: Document, made: int) -> int:
    """0 all done, 4 some series refused, 3 none usable."""
    refused = any(series["verdict"] == "refused" for series in document["series"])
    if not made:
        return 3
    return 4 if refused else 0


def tell_refusal(document: Document, source: Path, output: Output) -> None:
    """A line on stderr if no series at all can be used; the document has every reason."""
    if all(series["verdict"] == "refused" for series in document["series"]):
        reasons = [reason["text"] for series in document["series"] for reason in series["reasons"]]
        more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
        output.note(f"medmm: No series of {in_line(source)} can be used. {reasons[0]}{more}")


def reading_text(document: Document) -> str:
    """A table of series, then the reasons, then what was skipped."""
    rows = [("modality", "kind", "shape", "spacing mm", "verdict", "output")]
    rows += [
        (
            series["modality"],
            series["kind"],
            "x".join(str(size) for size in series["shape"]),
            "x".join(f"{gap:.4g}" for gap in series["spacing_mm"] or ()) or "-",
            series["verdict"],
            series["output"] or "-",
        )
        for series in document["series"]
    ]
    lines = [columns(rows)]
    for number, series in enumerate(document["series"], 1):
        lines += [
            f"series {number}: {reason['text']} [{reason['code']}]" for reason in series["reasons"]
        ]
        lines += [
            f"series {number}: left out {in_line(Path(dropped['file']).name)}: {dropped['reason']}"
            for dropped in series["dropped"]
        ]
    lines += [
        f"skipped {in_line(Path(dropped['file']).name)}: {dropped['reason']}"
        for dropped in document["skipped"]
    ]
    return "\n".join(lines)
