"""``medmm erase``: a patient out of the home, for good."""

import sys
from typing import Annotated, Any

import typer

from medmm.cli.options import HomeOption, JsonOption, VerboseOption
from medmm.cli.output import Output

STOPPED = (
    "Stopped. Either nothing was erased, or the next command that opens the home finishes it: "
    "`medmm db check` tells."
)


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(
        epilog="Example: medmm erase 3 --reason GDPR-17  |  "
        "Example: medmm erase --study 7 --reason GDPR-17 --dry-run"
    )
    def erase(
        patient: Annotated[
            int | None,
            typer.Argument(
                metavar="[PATIENT]", help="The patient's number, as `medmm studies` shows it."
            ),
        ] = None,
        *,
        reason: Annotated[
            str, typer.Option("--reason", metavar="CODE", help="A short code; it stays.")
        ],
        study: Annotated[
            str | None,
            typer.Option("--study", metavar="ID", help="The patient of this study instead."),
        ] = None,
        yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="Only show what would go.")
        ] = False,
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Erase a patient: studies, reports and files go, a line in the audit trail stays."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> int:
            from medmm.assembly import erasing, homes

            erasing.check_reason(reason)
            opened = homes.open_home(home)
            number = _named(patient, study, lambda name: erasing.patient_number(opened, name))
            shown = erasing.extent(opened, number)
            if dry_run:
                output.result(shown, lambda: f"Nothing was erased. {_extent_text(shown)}")
                return 0
            if not yes:
                _ask(output, shown)
            done = erasing.erase(opened, number, reason=reason, progress=output.progress)
            output.result(done, lambda: _done_text(done))
            return 4 if done["unfinished"] or done["look_at"] else 0

        run(body, output, home, STOPPED)


def _named(patient: int | None, study: str | None, of_study: Any) -> int:
    from medmm.errors import UsageError

    if (patient is None) == (study is None):
        raise UsageError(
            "Name a patient by number, or one of the patient's studies.",
            "For example: medmm erase 3 --reason GDPR-17",
        )
    number: int = of_study(study) if patient is None else patient
    return number


def _ask(output: Output, shown: dict[str, Any]) -> None:
    """Have the number typed again on the terminal.

    Raises:
        UsageError: there is no terminal.
        InputError: something else was typed.
    """
    from medmm.errors import InputError, UsageError

    if not sys.stdin.isatty():
        raise UsageError(
            "There is no terminal to ask on, and nothing was erased.",
            "Look with --dry-run, then erase with --yes.",
        )
    output.note(_extent_text(shown))
    output.note(f"This cannot be undone. To erase patient {shown['patient']}, type the number:")
    if sys.stdin.readline().strip() != str(shown["patient"]):
        raise InputError("Nothing was erased.", code="not-confirmed")


def _counts(shown: dict[str, Any]) -> str:
    reports, signed = len(shown["reports"]), len(shown["signed"])
    return (
        f"studies {len(shown['studies'])}, series {shown['series']}, "
        f"reports {reports} ({signed} signed), versions {shown['versions']}, "
        f"files {shown['files']} ({shown['bytes']} bytes)"
    )


def _extent_text(shown: dict[str, Any]) -> str:
    lines = [f"Patient {shown['patient']} has: {_counts(shown)}", "Not reached from here:"]
    return "\n".join(lines + [f"  {one}" for one in shown["beyond"]])


def _done_text(done: dict[str, Any]) -> str:
    lines = [f"Erased patient {done['patient']}: {_counts(done)}"]
    lines += ["The audit trail keeps that it was done, by whom, when and the reason."]
    for head, name in (
        ("Not finished:", "unfinished"),
        ("Look at these files; they stayed:", "look_at"),
        ("Not reached from here:", "beyond"),
    ):
        if done[name]:
            lines += [head, *(f"  {one}" for one in done[name])]
    return "\n".join(lines)
