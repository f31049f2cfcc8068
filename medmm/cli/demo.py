"""``medmm demo``: the main job on the bundled study, measured against its known truth."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medmm.cli.options import HomeOption, JsonOption, VerboseOption
from medmm.cli.output import Output, columns

if TYPE_CHECKING:
    from medmm.assembly.homes import OpenHome
    from medmm.demo.comparison import Row


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(
        epilog="Example: medmm demo --json > draft.json  |  Example: medmm demo --serve --port 7860"
    )
    def demo(
        serve: Annotated[
            bool, typer.Option("--serve", help="Then open the page on it, with a sign-in printed.")
        ] = False,
        port: Annotated[
            int,
            typer.Option("--port", metavar="N", min=0, max=65535, help="0 for any that is free."),
        ] = 7860,
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Draft the bundled study and compare with its truth."""
        from medmm.cli.running import run
        from medmm.cli.serve import STOPPED

        output = Output(as_json=as_json, verbose=verbose)
        if serve:
            run(lambda: _serve(home, port, output), output, home, STOPPED)
        run(lambda: _demo(home, output), output, home)


def _serve(home: Path | None, port: int, output: Output) -> None:
    """The page on the demo's home, for a signer whose password is made anew each time."""
    from medmm.assembly import serving
    from medmm.cli.serve import serve_home
    from ui.options import Options

    opened = _demo_home(home)
    study = _drafted_once(opened, output)

    def told(url: str) -> dict[str, Any]:
        signer = serving.demo_signer(opened)
        sign_in = {"user": signer.name, "password": signer.password}
        return {"url": url, "study": f"{url}study/{study}", "sign_in": sign_in}

    def text(document: dict[str, Any]) -> str:
        sign_in = document["sign_in"]
        return (
            f"The bundled study: {document['study']}\n"
            f"Sign in as {sign_in['user']} with the password {sign_in['password']}\n"
            "(a new one each time; this home is for trying out).  Ctrl-C ends it."
        )

    serve_home(output, opened, Options(port=port), told, text)


def _demo_home(home: Path | None) -> "OpenHome":
    from medmm.assembly import homes
    from medmm.settings import default_home

    return homes.open_home(home or default_home().with_name("medmm-demo"))


def _drafted_once(opened: "OpenHome", output: Output) -> int:
    """The bundled study's number, made and drafted if this home has no report of it yet."""
    from medmm.assembly import library
    from medmm.demo.film import write_film
    from medmm.demo.phantom import Phantom
    from medmm.demo.study import uid, write_study

    output.note("The bundled study is a phantom made by code; no patient was imaged.")
    bundled = uid(Phantom(seed=0), "study")

    def number() -> int | None:
        rows = library.list_reports(opened, 1000)
        return next((row["study_id"] for row in rows if row["study_uid"] == bundled), None)

    if (found := number()) is not None:
        return found
    write_study(
        opened.path / "demo-study",
        progress=lambda done, all_: output.progress(f"making slice {done} of {all_}"),
    )
    write_film(opened.path / "demo-film")
    for folder in ("demo-study", "demo-film"):
        _drafted(opened, opened.path / folder, output)
    return number() or 0


def _demo(home: Path | None, output: Output) -> int:
    from medmm.cli.draft_text import draft_text
    from medmm.demo.comparison import compare, compare_film
    from medmm.demo.film import write_film
    from medmm.demo.study import write_study

    opened = _demo_home(home)
    output.note("The bundled study is a phantom made by code; no patient was imaged.")
    output.progress("making the study")
    truth = write_study(
        opened.path / "demo-study",
        progress=lambda done, all_: output.progress(f"making slice {done} of {all_}"),
    )
    document = _drafted(opened, opened.path / "demo-study", output)
    output.progress("making the film")
    film = write_film(opened.path / "demo-film")
    of_film = _drafted(opened, opened.path / "demo-film", output)
    rows = [*compare(document, truth), *compare_film(of_film, film)]
    document["film"] = of_film
    document["truth"] = [_row_document(row) for row in rows]

    def text() -> str:
        drafts = [draft_text(one, opened.path) for one in (document, of_film)]
        return "\n\n".join([*drafts, _truth(rows), _next(document, opened.path)])

    output.result(document, text)
    return 0 if rows and all(row.within for row in rows) else 1


def _drafted(home: "OpenHome", source: Path, output: Output) -> dict[str, Any]:
    """The draft of one folder, recorded, as a document."""
    from medmm.assembly import drafting
    from medmm.assembly.reading import obtain_study
    from medmm.nouns import Facts
    from medmm.nouns.documents import draft_document

    started = time.monotonic()
    study, notes = obtain_study(home, str(source), Facts(), output.progress)
    for note in notes:
        output.note(f"medmm: {note}")
    made = drafting.draft(
        study,
        home=home,
        request=drafting.DraftRequest(indication="Demonstration of medmm on its bundled study."),
        progress=output.progress,
        seconds_read=time.monotonic() - started,
    )
    return draft_document(made)


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
