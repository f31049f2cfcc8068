"""``medmm reports``: recorded drafts and reports, found again; edits are in `report_life`."""

from typing import Annotated, Any

import typer

from medmm.cli import report_life, report_signing
from medmm.cli.options import HomeOption, JsonOption, VerboseOption
from medmm.cli.output import Output, columns, in_line


def register(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="List, show, search, edit, compare, hand on, sign and cancel recorded reports.",
        epilog="Example: medmm reports search nodule",
    )
    app.add_typer(group, name="reports")
    _register_list(group)
    _register_show(group)
    _register_search(group)
    report_life.register(group)
    report_signing.register(group)


def _register_list(group: typer.Typer) -> None:
    @group.command("list", epilog="Example: medmm reports list --json")
    def list_reports(
        limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 100,
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """List reports, newest first."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> None:
            from medmm.assembly import homes, library

            rows = library.list_reports(homes.open_home(home), limit)
            output.result({"reports": rows}, lambda: _table(rows))

        run(body, output, home)


def _register_show(group: typer.Typer) -> None:
    @group.command("show", epilog="Example: medmm reports show 1 --version 1 --text")
    def show(
        number: Annotated[int, typer.Argument(metavar="ID", help="The report's number.")],
        version: Annotated[
            int | None, typer.Option("--version", metavar="N", help="Default: the last.")
        ] = None,
        text: Annotated[
            bool,
            typer.Option(
                "--text",
                help="Only the statements, a line each, [id] text: what `reports edit` reads.",
            ),
        ] = False,
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Show a report with what every sentence rests on."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> None:
            from medmm.assembly import homes, library, report_life
            from medmm.cli import report_text
            from medmm.cli.draft_text import BANNER, draft_text

            opened = homes.open_home(home)
            document = library.report_document(opened, number, version)
            history = report_life.history_document(opened, number)
            made = history["versions"][document["version"] - 1]
            told = {**document, "recorded": {"versions": len(history["versions"]), **made}}
            told |= {name: history[name] for name in ("signatures", "addenda")}
            if text:
                output.result(told, lambda: report_life.edit_text(document))
            else:
                head = report_text.recorded(history, document["version"])
                body = draft_text(document, opened.path)
                if history["signatures"]:
                    # Its first line says that nobody signed.
                    body = body.removeprefix(BANNER).lstrip()
                output.result(told, lambda: f"{head}\n\n{body}")

        run(body, output, home)


def _register_search(group: typer.Typer) -> None:
    @group.command("search", epilog="Example: medmm reports search '\"lung nodule\" right'")
    def search(
        text: Annotated[str, typer.Argument(metavar="TEXT", help='Words; "a phrase"; begin*.')],
        limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 50,
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Search the text of all reports."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> None:
            from medmm.assembly import homes, library

            hits = library.search_reports(homes.open_home(home), text, limit)
            output.result({"query": text, "reports": hits}, lambda: _hits(hits))

        run(body, output, home)


def _table(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "No reports. Make one: medmm draft STUDY"
    table = [("id", "study", "status", "version", "created")]
    table += [
        (
            str(row["id"]),
            str(row["study_id"]),
            row["status"],
            str(row["version"]),
            row["created"],
        )
        for row in rows
    ]
    return columns(table)


def _hits(hits: list[dict[str, Any]]) -> str:
    if not hits:
        return "Nothing found."
    return "\n".join(
        f"report {hit['id']} (study {hit['study_id']}, {hit['status']}): {in_line(hit['snippet'])}"
        for hit in hits
    )
