"""``medmm train``: the recipes behind the weights that ship."""

from pathlib import Path
from typing import Annotated

import typer

from medmm.cli.options import HomeOption, JsonOption, VerboseOption
from medmm.cli.output import Output

STOPPED = "Stopped; all up to the last checkpoint is kept. Give --resume to go on from there."


def register(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Train an expert again: the recipe behind its weights.",
        epilog="Example: medmm train expert cxr_lungs --data data --out trained",
    )
    app.add_typer(group, name="train")

    @group.callback()
    def train() -> None:
        pass

    _register_expert(group)


def _register_expert(group: typer.Typer) -> None:
    @group.command(
        epilog="Example: medmm train expert cxr_lungs --data data --out trained --resume"
    )
    def expert(
        name: Annotated[str, typer.Argument(metavar="NAME", help="An expert that has a recipe.")],
        data: Annotated[
            Path, typer.Option("--data", metavar="DIR", help="The films, scans or tables it needs.")
        ],
        out: Annotated[
            Path, typer.Option("--out", metavar="DIR", help="Where weights, curves and card go.")
        ],
        resume: Annotated[
            bool, typer.Option("--resume", help="Go on with the training that --out holds.")
        ] = False,
        shorten: Annotated[
            int,
            typer.Option(
                "--shorten",
                metavar="N",
                min=1,
                help="Do every N-th part of the steps only: to try a recipe, not to use its net.",
            ),
        ] = 1,
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Train, measure and write weights, card and curves."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> None:
            from medmm.assembly.training import train_expert

            document = train_expert(
                name, data, out, resume=resume, shorten=shorten, progress=output.note
            )
            output.result(document, lambda: "\n".join(document["files"]))

        run(body, output, home, stopped=STOPPED)
