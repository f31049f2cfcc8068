"""The command ``medmm``: gathers the command groups; their bodies import what is heavy."""

import sys

import typer

from medmm import __version__
from medmm.cli import (
    audit,
    convert,
    db,
    demo,
    doctor,
    draft,
    erase,
    export,
    ingest,
    models,
    rag,
    reports,
    serve,
    studies,
    train,
    user,
)

EPILOG = (
    "Example: medmm draft scans/chest --indication 'Cough for six weeks'  |  "
    "A machine drafts, a clinician decides: medmm is not a medical device."
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"medmm {__version__}")
        raise typer.Exit


def build() -> typer.Typer:
    """The whole command line."""
    app = typer.Typer(
        name="medmm",
        help="Imaging studies into report drafts in which every sentence says what it rests on.",
        epilog=EPILOG,
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )

    @app.callback()
    def medmm(
        *,
        _: bool = typer.Option(
            False, "--version", callback=_version, is_eager=True, help="Show the version."
        ),
    ) -> None:
        pass

    for group in (
        demo,
        draft,
        convert,
        ingest,
        studies,
        reports,
        export,
        serve,
        erase,
        models,
        rag,
        train,
        db,
        user,
        audit,
        doctor,
    ):
        group.register(app)
    return app


def main() -> None:
    """Run the command line; a wrong one is told in two lines with exit code 2."""
    from medmm import ownership
    from medmm.errors import MissingError

    try:
        ownership.check_packages()
    except MissingError as error:
        sys.stderr.write(f"medmm: {error}\n")
        sys.exit(error.exit_code)
    try:
        code = build()(standalone_mode=False)
    except KeyboardInterrupt:
        sys.exit(130)
    except typer.Abort:
        sys.exit(130)
    except Exception as error:  # noqa: BLE001 - typer's own classes are private to it
        sys.exit(_wrong_usage(error))
    sys.exit(code if isinstance(code, int) else 0)


def _wrong_usage(error: Exception) -> int:
    """Say what typer found wrong with the command line; anything else goes on as a fault."""
    told = getattr(error, "format_message", None)
    if told is None:
        raise error
    if type(error).__name__ == "NoArgsIsHelpError":
        sys.stderr.write(f"{told()}\n")
        return 2
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "medmm"
    sys.stderr.write(f"medmm: {told()}\nTry '{path} --help'.\n")
    return int(getattr(error, "exit_code", 2))
