"""``medmm draft``: the main job, a study into a checked and recorded draft."""

import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    from medmm.nouns import Draft, Study


class WriterName(StrEnum):
    """Who writes."""

    COMPOSER = "composer"
    VLM = "vlm"


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(
        epilog="Example: medmm draft scans/chest --indication 'Cough for six weeks' --prior 3"
    )
    def draft(
        study: Annotated[str, typer.Argument(metavar="STUDY", help="Number, UID, or path.")],
        writer: Annotated[
            WriterName, typer.Option("--writer", help="Who writes.")
        ] = WriterName.COMPOSER,
        experts: Annotated[
            str | None, typer.Option("--experts", metavar="A,B", help="Only these experts.")
        ] = None,
        no_rag: Annotated[
            bool, typer.Option("--no-rag", help="Look nothing up in the knowledge.")
        ] = False,
        indication: Annotated[
            str | None, typer.Option("--indication", metavar="TEXT", help="Why it was asked for.")
        ] = None,
        prior: Annotated[
            str | None, typer.Option("--prior", metavar="STUDY", help="An earlier study.")
        ] = None,
        modality: ModalityOption = None,
        body_part: BodyPartOption = None,
        spacing: SpacingOption = None,
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Draft a study: measured, written, checked, recorded."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> int:
            from medmm.assembly import drafting, homes
            from medmm.assembly.reading import obtain_study
            from medmm.cli import facts

            told = facts.parse(modality, body_part, spacing)
            request = drafting.DraftRequest(
                writer=writer.value,
                experts=tuple(experts.split(",")) if experts else None,
                indication=indication,
                knowledge=not no_rag,
            )
            opened = homes.open_home(home)
            started = time.monotonic()
            chosen, notes = obtain_study(opened, study, told, output.progress)
            earlier, more = (
                obtain_study(opened, prior, told, output.progress) if prior else (None, ())
            )
            for note in (*notes, *more):
                output.note(f"medmm: {note}")
            made = drafting.draft(
                chosen,
                home=opened,
                request=request,
                prior=earlier,
                progress=output.progress,
                seconds_read=time.monotonic() - started,
            )
            return tell(made, chosen, opened.path, output)

        run(body, output, home)


def tell(made: "Draft", study: "Study", home: Path, output: Output) -> int:
    """Print a draft; 4 if a series was refused or an expert failed beside what was done, else 0."""
    from medmm.cli.draft_text import draft_text
    from medmm.nouns.documents import draft_document

    document = draft_document(made)
    output.result(document, lambda: draft_text(document, home))
    for series in study.series:
        if not series.usable:
            output.note(f"refused series: {series.verdict.sentence}")
    in_part = any(not series.usable for series in study.series) or any(
        run.status == "failed" for run in made.experts
    )
    return 4 if in_part else 0
