"""``medmm studies`` and ``medmm study``: what the home holds."""

from typing import Annotated, Any

import typer

from medmm.cli.options import HomeOption, JsonOption, VerboseOption
from medmm.cli.output import Output, columns


def register(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command(epilog="Example: medmm studies 'chest'")
    def studies(
        query: Annotated[
            str, typer.Argument(metavar="[QUERY]", help="Part of a name, id, description, ...")
        ] = "",
        limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 100,
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """List the studies of the home, newest first."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> None:
            from medmm.assembly import homes, library

            rows = library.list_studies(homes.open_home(home), query, limit)
            output.result({"studies": rows}, lambda: _table(rows))

        run(body, output, home)

    @app.command(epilog="Example: medmm study 1 --json")
    def study(
        number: Annotated[str, typer.Argument(metavar="ID", help="Number or StudyInstanceUID.")],
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Show one study: patient, series, verdicts, reports."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> None:
            from medmm.assembly import homes, library

            document = library.study_document(homes.open_home(home), number)
            output.result(document, lambda: _study_text(document))

        run(body, output, home)


def _table(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "No studies. Add some: medmm ingest SRC"
    table = [("id", "no.", "patient", "date", "modality", "description", "series", "reports")]
    table += [
        (
            str(row["id"]),
            str(row["patient_number"]),
            row["patient_name"] or row["patient_id"] or "-",
            row["date"][:10] or "-",
            "/".join(row["modalities"]),
            row["description"] or "-",
            str(row["series"]),
            ", ".join(str(report) for report in row["reports"]) or "-",
        )
        for row in rows
    ]
    return columns(table)


def _study_text(document: dict[str, Any]) -> str:
    from medmm.cli.reading import reading_text

    patient = document["patient"]
    head = [
        f"Study {document['id']}  {document['study_uid']}",
        f"Patient  {patient['name'] or '-'}  ({patient['id'] or 'no id'})  {patient['sex']}",
        f"Number   {patient['number']}  (of the patient in this home)",
        f"Date     {document['date'] or '-'}   {document['description']}",
        "",
        reading_text({"series": document["series"], "skipped": []}),
    ]
    head += [
        f"report {report['id']}: {report['status']}, version {report['version']}, "
        f"{report['created']}"
        for report in document["reports"]
    ]
    return "\n".join(head)
