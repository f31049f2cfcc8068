"""``medmm demo``: the main job on the bundled study, measured against its known truth."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from medmm.cli.options import HomeOption, JsonOption, VerboseOption
from medmm.cli.output import Output, columns

if TYPE_CHECKING:
    from medmm.demo.comparison import Row


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: medmm demo --json > draft.json")
    def demo(
        home: HomeOption = None, as_json: JsonOption = False, verbose: VerboseOption = 0
    ) -> None:
        """Draft the bundled study and compare with its truth."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)
        run(lambda: _demo(home, output), output, home)


def _demo(home: Path | None, output: Output) -> int:
    from medmm.assembly import drafting, homes
    from medmm.assembly.reading import obtain_study
    from medmm.cli.draft_text import draft_text
    from medmm.demo.comparison import compare
    from medmm.demo.study import write_study
    from medmm.nouns import Facts
    from medmm.nouns.documents import draft_document
    from medmm.settings import default_home

    opened = homes.open_home(home or default_home().with_name("medmm-demo"))
    source = opened.path / "demo-study"
    output.note("The bundled study is a phantom made by code; no patient was imaged.")
    output.progress("making the study")
    truth = write_study(
        source, progress=lambda done, all_: output.progress(f"making slice {done} of {all_}")
    )
    started = time.monotonic()
    study, notes = obtain_study(opened, str(source), Facts(), output.progress)
    for note in notes:
        output.note(f"medmm: {note}")
    made = drafting.draft(
        study,
        home=opened,
        request=drafting.DraftRequest(indication="Demonstration of medmm on its bundled study."),
        progress=output.progress,
        seconds_read=time.monotonic() - started,
    )
    document = draft_document(made)
    rows = compare(document, truth)
    document["truth"] = [_row_document(row) for row in rows]

    def text() -> str:
        return "\n\n".join(
            [draft_text(document, opened.path), _truth(rows), _next(document, opened.path)]
        )

    output.result(document, text)
    return 0 if rows and all(row.within for row in rows) else 1


def _row_document(row: "Row") -> dict[str, Any]:
    return {
        "name": row.name,
        "measured": row.measured,
        "true": row.true,
        "difference": row.difference,
        "unit": row.unit,
        "bar": row.bar,
        "within": row.within,
    }


def _truth(rows: list["Row"]) -> str:
    """Measured against true, a row each."""
    table = [("MEASURED AGAINST TRUE", "measured", "true", "unit", "bar", "")]
    table += [
        (
            f"  {row.name}",
            "-" if row.measured is None else f"{row.measured:.1f}",
            f"{row.true:.1f}",
            row.unit,
            f"{row.bar:.1f}",
            "within" if row.within else "OUTSIDE",
        )
        for row in rows
    ]
    return columns(table)


def _next(document: dict[str, Any], home: Path) -> str:
    number = document["report_id"]
    return (
        f"Next: medmm reports show {number} --home {home}  |  medmm draft YOUR-FOLDER  |  "
        "medmm models card ct_nodule"
    )
