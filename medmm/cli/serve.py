"""``medmm serve``: the page."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medmm.cli.options import HomeOption, JsonOption, VerboseOption
from medmm.cli.output import Output

if TYPE_CHECKING:
    from collections.abc import Callable

    from medmm.assembly.homes import OpenHome
    from medmm.assembly.users import OneTime
    from ui.options import Options

Document = dict[str, Any]

STOPPED = "Stopped. What was saved is kept; start it again with the same command."


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(
        epilog="Example: medmm serve  |  Example: medmm serve --host 0.0.0.0 "
        "--behind-proxy https://reading.hospital.example/medmm"
    )
    def serve(
        host: Annotated[
            str, typer.Option("--host", metavar="H", help="The address to listen on.")
        ] = "127.0.0.1",
        port: Annotated[
            int,
            typer.Option("--port", metavar="N", min=0, max=65535, help="0 for any that is free."),
        ] = 7860,
        behind_proxy: Annotated[
            str,
            typer.Option(
                "--behind-proxy",
                metavar="URL",
                help="A proxy ends TLS and sets X-Forwarded-For; URL is what people type.",
            ),
        ] = "",
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Serve the page; in a new home this makes the first admin, with a one-time password."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> None:
            from ui.options import Options

            _serve(output, home, Options(host, port, behind_proxy))

        run(body, output, home, STOPPED)


def serve_home(
    output: Output,
    opened: "OpenHome",
    options: "Options",
    told: "Callable[[str], Document]",
    text: "Callable[[Document], str]",
) -> None:
    """Serve a home's page until it is stopped; ``told`` makes the document of its URL.

    Raises:
        InputError: nothing can listen at the address.
        KeyboardInterrupt: it was stopped.
    """
    from medmm.assembly.working import Worker
    from ui.frame import Frame
    from ui.server import listen, serve, url_of

    # Before anything is made: a port in use changes nothing.
    listening = listen(options)
    document = told(url_of(options, listening))
    output.progress("starting")
    from ui.app import build

    page = build(Frame(opened, options))
    with Worker(opened).running():
        serve(page, listening, lambda: output.result(document, lambda: text(document)))


def _serve(output: Output, home: Path | None, options: "Options") -> None:
    from medmm.assembly import homes, serving

    opened = homes.open_home(home)

    def told(url: str) -> Document:
        first = serving.first_admin(opened)
        _tell_first_admin(output, first)
        return {"url": url, "first_admin": first.name if first else None}

    serve_home(
        output, opened, options, told, lambda document: f"{document['url']}  (Ctrl-C ends it)"
    )


def _tell_first_admin(output: Output, first: "OneTime | None") -> None:
    if first is not None:
        # On stderr alone: what is on stdout is often kept in a file.
        output.note(
            f"The first admin is {first.name}. Its one-time password is shown only now:\n\n"
            f"    {first.password}\n\n"
            "It has to be changed at the first sign-in."
        )
