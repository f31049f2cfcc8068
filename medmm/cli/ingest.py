"""``medmm ingest``: files into the home."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medmm.cli.options import (
    BodyPartOption,
    HomeOption,
    JsonOption,
    ModalityOption,
    SpacingOption,
    VerboseOption,
)
from medmm.cli.output import Output

if TYPE_CHECKING:
    from medmm.assembly.reading import Ingested
    from medmm.records.studies import Saved


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: medmm ingest /mnt/cd scans.zip --json")
    def ingest(
        sources: Annotated[
            list[Path], typer.Argument(metavar="SRC...", help="Folders, zips, files.")
        ],
        modality: ModalityOption = None,
        body_part: BodyPartOption = None,
        spacing: SpacingOption = None,
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Store studies in the home; the same files again change nothing."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> int:
            from medmm.assembly import homes, reading
            from medmm.cli import facts

            opened = homes.open_home(home)
            output.progress("reading")
            told = facts.parse(modality, body_part, spacing)
            found, problems = reading.read_all(sources, told)
            for problem in problems:
                output.note(f"medmm: {problem.reason}")
            if not found.studies:
                raise reading.nothing_read(found, sources[0])
            if not any(study.usable for study in found.studies):
                return _tell(reading.Ingested(found, ()), sources[0], output)
            return _tell(reading.ingest(opened, found, output.progress), sources[0], output)

        run(body, output, home)


def _tell(ingested: "Ingested", source: Path, output: Output) -> int:
    from medmm.cli.reading import exit_code, reading_document, reading_text, tell_refusal

    document = reading_document(ingested.read, {}, {})
    document["studies"] = [
        _saved(study.uid, saved)
        for study, saved in zip(ingested.read.studies, ingested.saved, strict=False)
    ]
    for saved in ingested.saved:
        for warning in saved.warnings:
            output.note(f"medmm: {warning}")
    conflicts = _note_outcomes(document, ingested)
    made = sum(len(study.usable) for study in ingested.read.studies) - conflicts

    def text() -> str:
        lines = [reading_text(document)]
        lines += [f"study {saved['id']}: {saved['study_uid']}" for saved in document["studies"]]
        return "\n".join(lines)

    output.result(document, text)
    tell_refusal(document, source, output)
    return exit_code(document, made)


def _saved(study_uid: str, saved: "Saved") -> dict[str, Any]:
    return {
        "id": saved.study_id,
        "study_uid": study_uid,
        "new": sum(series.outcome == "new" for series in saved.series),
        "known": sum(series.outcome == "known" for series in saved.series),
    }


def _note_outcomes(document: dict[str, Any], ingested: "Ingested") -> int:
    """Put what the store found beside what the reader said; count the series it could not take."""
    outcomes = [series for saved in ingested.saved for series in saved.series]
    lost = 0
    for told, stored in zip(document["series"], outcomes, strict=False):
        told["stored"] = stored.outcome
        if stored.outcome == "conflict":
            told["verdict"] = "refused"
            told["reasons"].append({"code": "conflict", "text": stored.reason, "tag": None})
            lost += 1
        elif stored.verdict.status == "refused" != told["verdict"]:
            # Its pixels turned out unreadable when they were stored.
            told["verdict"] = "refused"
            told["reasons"] = [
                {"code": reason.code, "text": reason.text, "tag": reason.tag}
                for reason in stored.verdict.reasons
            ]
            lost += 1
    return lost
