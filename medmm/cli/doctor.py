"""``medmm doctor``: what works here and what does not, with the mend."""

from typing import Any

import typer

from medmm.cli.options import HomeOption, JsonOption, VerboseOption
from medmm.cli.output import Output


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: medmm doctor --json")
    def doctor(
        home: HomeOption = None, as_json: JsonOption = False, verbose: VerboseOption = 0
    ) -> None:
        """Say what works here and what does not, with the mend."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> int:
            from medmm.assembly.examination import examine

            rows = [examined.document() for examined in examine(home)]
            document = {"ok": all(row["state"] != "broken" for row in rows), "checks": rows}
            output.result(document, lambda: "\n".join(_line(row) for row in rows))
            return 0 if document["ok"] else 3

        run(body, output, home)


def _line(row: dict[str, Any]) -> str:
    mend = f"  ->  {row['mend']}" if row["mend"] else ""
    return f"{row['state']:<7} {row['what']}: {row['told']}{mend}"
