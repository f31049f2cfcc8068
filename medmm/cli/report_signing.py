"""``medmm reports sign|addend``: signatures with the password given again for each."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from medmm.cli import report_text
from medmm.cli.options import HomeOption, JsonOption, VerboseOption
from medmm.cli.output import Output
from medmm.cli.report_life import ReportArgument

UserOption = Annotated[
    str, typer.Option("--user", metavar="U", help="Who signs; the password is asked for.")
]
PasswordOption = Annotated[
    int | None,
    typer.Option(
        "--password-fd",
        metavar="N",
        min=0,
        help="Read the password from this file descriptor instead of the terminal.",
    ),
]

# A file that is much larger than any that can be taken is not read to its end.
_MOST_BYTES = 4_000_001


def register(group: typer.Typer) -> None:
    """Add the commands to the group ``reports``."""
    _register_sign(group)
    _register_addend(group)


def _register_sign(group: typer.Typer) -> None:
    @group.command("sign", epilog="Example: medmm reports sign 1 --user jane")
    def sign(
        number: ReportArgument,
        user: UserOption,
        password_fd: PasswordOption = None,
        confirm: Annotated[
            list[str] | None,
            typer.Option(
                "--confirm",
                metavar="sID=REASON",
                help="Keep a contradicted statement, and why; may be given again.",
            ),
        ] = None,
        meaning: Annotated[
            str | None,
            typer.Option(
                "--meaning",
                metavar="TEXT",
                help="What the signature means (default: reviewed and approved).",
            ),
        ] = None,
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Sign the last version: it is final, and its text never changes again."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> None:
            from medmm.assembly import homes, report_signing

            confirmed = _confirmed(confirm or ())
            opened = homes.open_home(home)
            seen = report_signing.to_sign(opened, number)
            output.note(report_text.to_sign(seen))
            document = report_signing.sign(
                opened,
                number,
                user=user,
                password=_password(user, password_fd),
                based_on=seen["version"],
                meaning=meaning,
                confirmed=confirmed,
            )
            output.result(document, lambda: report_text.signed(document))

        run(body, output, home)


def _register_addend(group: typer.Typer) -> None:
    @group.command("addend", epilog="Example: medmm reports addend 1 addendum.txt --user jane")
    def addend(
        number: ReportArgument,
        file: Annotated[
            Path,
            typer.Argument(
                metavar="FILE", allow_dash=True, help="Lines of text; - is standard input."
            ),
        ],
        user: UserOption,
        password_fd: PasswordOption = None,
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Add a signed text beside a signed report, which stays as it is."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> None:
            from medmm.assembly import homes, report_signing

            opened = homes.open_home(home)
            document = report_signing.addend(
                opened,
                number,
                _read(file),
                user=user,
                password=_password(user, password_fd),
            )
            output.result(document, lambda: report_text.addended(document))

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
            f"{file} cannot be read: {error.strerror}.", "Name a file of plain text."
        ) from error


def _password(user: str, descriptor: int | None) -> str:
    from medmm.cli.password_entry import ask_password, read_password

    if descriptor is not None:
        return read_password(descriptor)
    return ask_password(f"Password of {user}: ")


def _confirmed(given: Sequence[str]) -> dict[str, str]:
    """Reasons by statement."""
    from medmm.errors import UsageError

    confirmed: dict[str, str] = {}
    for one in given:
        name, sign, why = one.partition("=")
        if not sign or name in confirmed:
            raise UsageError(
                f"--confirm {one[:40]!r} is no sID=REASON, or names a statement again.",
                "Give each contradicted statement once: --confirm 's4=Seen on the prior, too'.",
            )
        confirmed[name] = why
    return confirmed
