"""``medmm models``: the experts and embedders here, their cards, and the proof of their weights."""

from typing import Annotated, Any

import typer

from medmm.cli.options import HomeOption, JsonOption, VerboseOption
from medmm.cli.output import Output, columns


def register(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Experts and embedders: list, card, verify.",
        epilog="Example: medmm models card ct_lungs",
    )
    app.add_typer(group, name="models")
    _register_list(group)
    _register_card(group)
    _register_verify(group)


def _register_list(group: typer.Typer) -> None:
    @group.command("list", epilog="Example: medmm models list --json")
    def list_models(
        home: HomeOption = None, as_json: JsonOption = False, verbose: VerboseOption = 0
    ) -> None:
        """List the experts and embedders, and the plug-ins that cannot be used."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> int:
            from medmm.assembly import catalogue

            document = catalogue.models_document()
            output.result(document, lambda: _table(document))
            return 4 if document["problems"] else 0

        run(body, output, home)


def _register_card(group: typer.Typer) -> None:
    @group.command(epilog="Example: medmm models card ct_lungs")
    def card(
        name: Annotated[str, typer.Argument(metavar="NAME", help="As `models list` shows it.")],
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Show on whom a model was measured, and on whom it fails."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> None:
            from medmm.assembly import catalogue
            from medmm.cli.card_text import card_text

            document = catalogue.card_document(name)
            output.result(document, lambda: card_text(document))

        run(body, output, home)


def _register_verify(group: typer.Typer) -> None:
    @group.command(epilog="Example: medmm models verify")
    def verify(
        home: HomeOption = None, as_json: JsonOption = False, verbose: VerboseOption = 0
    ) -> None:
        """Compare all weights with the hashes in the cards."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> int:
            from medmm.assembly import catalogue

            document = catalogue.verify_document()
            output.result(document, lambda: _verified(document))
            return 0 if all(model["ok"] for model in document["models"]) else 4

        run(body, output, home)


def _table(document: dict[str, Any]) -> str:
    rows = [("name", "kind", "version", "status", "modality", "task")]
    rows += [
        (
            model["name"],
            model["kind"],
            model["version"],
            model["status"],
            "/".join(model["modalities"]),
            model["task"],
        )
        for model in document["models"]
    ]
    lines = [columns(rows)]
    lines += [f"broken: {problem['name']}: {problem['reason']}" for problem in document["problems"]]
    return "\n".join(lines)


def _verified(document: dict[str, Any]) -> str:
    return "\n".join(
        f"{'ok ' if model['ok'] else 'BAD'}  {model['name']}: {model['reason']}"
        for model in document["models"]
    )
