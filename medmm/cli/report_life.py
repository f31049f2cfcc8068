"""``medmm reports edit|diff|history|hand-on|cancel``: a report after its draft."""

import getpass
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from medmm.cli import report_text
from medmm.cli.options import HomeOption, JsonOption, VerboseOption
from medmm.cli.output import Output

ReportArgument = Annotated[int, typer.Argument(metavar="ID", help="The report's number.")]
AuthorOption = Annotated[
    str | None,
    typer.Option("--author", metavar="NAME", help="Who does it (default: console:USER)."),
]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept.")]
# A file that is much larger than any that can be taken is not read to its end.
_MOST_BYTES = 4_000_001


def register(group: typer.Typer) -> None:
    """Add the commands to the group ``reports``."""
    _register_edit(group)
    _register_diff(group)
    _register_history(group)
    _register_hand_on(group)
    _register_cancel(group)


def _register_edit(group: typer.Typer) -> None:
    @group.command("edit", epilog="Example: medmm reports edit 1 report.txt --author 'Dr. Lee'")
    def edit(
        number: ReportArgument,
        file: Annotated[
            Path,
            typer.Argument(
                metavar="FILE",
                allow_dash=True,
                help="What `reports show ID --text` printed, edited; - is standard input.",
            ),
        ],
        author: AuthorOption = None,
        based_on: Annotated[
            int | None,
            typer.Option(
                "--based-on",
                metavar="N",
                help="The version that was edited (default: as FILE's first line says).",
            ),
        ] = None,
        reason: ReasonOption = "",
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Record an edited text as the next version.

        A changed line keeps its [id], a line without one is new, a line left out is deleted.
        """
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> None:
            from medmm.assembly import homes, report_life

            document = report_life.edit(
                homes.open_home(home),
                number,
                _read(file),
                author=_author(author),
                based_on=based_on,
                reason=reason,
            )
            output.result(document, lambda: report_text.edited(document))

        run(body, output, home)


def _register_diff(group: typer.Typer) -> None:
    @group.command("diff", epilog="Example: medmm reports diff 1 1 2")
    def diff(
        number: ReportArgument,
        before: Annotated[int, typer.Argument(metavar="A", help="A version.")],
        after: Annotated[int, typer.Argument(metavar="B", help="Another version.")],
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Show what became of each statement from version A to version B, word by word."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> None:
            from medmm.assembly import homes, report_life
            from medmm.records.differences import difference_text

            told = report_life.compare(homes.open_home(home), number, before, after)
            document = {
                "report_id": number,
                "before": before,
                "after": after,
                "statements": [one.document for one in told],
            }
            output.result(document, lambda: difference_text(told))

        run(body, output, home)


def _register_history(group: typer.Typer) -> None:
    @group.command("history", epilog="Example: medmm reports history 1")
    def history(
        number: ReportArgument,
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """List the versions of a report and the changes of its status."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> None:
            from medmm.assembly import homes, report_life

            document = report_life.history(homes.open_home(home), number)
            output.result(document, lambda: report_text.history(document))

        run(body, output, home)


def _register_hand_on(group: typer.Typer) -> None:
    @group.command("hand-on", epilog="Example: medmm reports hand-on 1 --author 'Dr. Lee'")
    def hand_on(
        number: ReportArgument,
        author: AuthorOption = None,
        reason: ReasonOption = "",
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Hand a draft on as preliminary: a person has taken it up."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> None:
            from medmm.assembly import homes, report_life

            opened = homes.open_home(home)
            document = report_life.hand_on(opened, number, author=_author(author), reason=reason)
            output.result(document, lambda: report_text.status(document))

        run(body, output, home)


def _register_cancel(group: typer.Typer) -> None:
    @group.command("cancel", epilog="Example: medmm reports cancel 1 --reason 'Wrong study'")
    def cancel(
        number: ReportArgument,
        reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept.")],
        author: AuthorOption = None,
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Give up a report that was never signed; it stays readable."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> None:
            from medmm.assembly import homes, report_life

            opened = homes.open_home(home)
            document = report_life.cancel(opened, number, author=_author(author), reason=reason)
            output.result(document, lambda: report_text.status(document))

        run(body, output, home)


def _read(file: Path) -> bytes:
    from medmm.errors import NotFoundError

    if str(file) == "-":
        return sys.stdin.buffer.read(_MOST_BYTES)
    try:
        with file.open("rb") as opened:
            return opened.read(_MOST_BYTES)
    except OSError as error:
        raise NotFoundError(
            f"{file} cannot be read: {error.strerror}.",
            "Name a file as `medmm reports show ID --text` prints it.",
        ) from error


def _author(named: str | None) -> str:
    """The name given, else the user of this machine, told apart from users of medmm."""
    if named is not None:
        return named
    try:
        return f"console:{getpass.getuser()}"
    except (OSError, KeyError):  # a user id without a name, as in containers
        return f"console:{os.getuid()}"
