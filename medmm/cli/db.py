"""``medmm db``: the database's schema and its soundness."""

from typing import Annotated

import typer

from medmm.cli.options import HomeOption, JsonOption, VerboseOption
from medmm.cli.output import Output


def register(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="The database: upgrade, check.",
        epilog="Example: medmm db check",
    )
    app.add_typer(group, name="db")

    @group.command(epilog="Example: medmm db upgrade --home /srv/medmm")
    def upgrade(
        home: HomeOption = None, as_json: JsonOption = False, verbose: VerboseOption = 0
    ) -> None:
        """Bring the database to this version's schema."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> None:
            from medmm.assembly import homes

            document = homes.upgrade_database(home)
            output.result(
                document, lambda: f"schema {document['before'] or 'empty'} -> {document['after']}"
            )

        run(body, output, home)

    @group.command(epilog="Example: medmm db check --json")
    def check(
        hashes: Annotated[
            bool, typer.Option("--hashes", help="Read every kept file and compare its hash.")
        ] = False,
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Prove that rows, hashes and files are whole and belong together."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> int:
            from medmm.assembly import homes

            problems = homes.check_database(home, hashes=hashes)
            document = {"ok": not problems, "problems": problems}
            output.result(document, lambda: "\n".join(problems) or "The database is whole.")
            return 4 if problems else 0

        run(body, output, home)
