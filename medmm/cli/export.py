"""``medmm export``: a report leaves."""

from pathlib import Path
from typing import Annotated

import typer

from medmm.cli.options import HomeOption, JsonOption, VerboseOption
from medmm.cli.output import Output


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: medmm export 1 --to pdf report.pdf")
    def export(
        number: Annotated[int, typer.Argument(metavar="ID", help="The report's number.")],
        out: Annotated[Path, typer.Argument(metavar="OUT", help="File to write.")],
        to: Annotated[
            str,
            typer.Option(
                "--to", metavar="FORM", help="pdf, fhir, dicom-pdf, json, text, or a plug-in's."
            ),
        ],
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Write a report to a file."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> None:
            from medmm.assembly import exporting, homes

            exporting.export_report(homes.open_home(home), number, to, out)
            document = {"report_id": number, "form": to, "output": str(out.absolute())}
            output.result(document, lambda: f"Wrote report {number} as {to} to {out}")

        run(body, output, home)
