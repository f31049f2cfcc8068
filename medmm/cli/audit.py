"""``medmm audit``: who did what, when, from where; and the proof that it is what was recorded."""

from typing import Annotated, Any

import typer

from medmm.cli.options import HomeOption, JsonOption, VerboseOption
from medmm.cli.output import Output, columns


def register(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="The audit log: list, verify.",
        epilog="Example: medmm audit list --actor jane --action sign",
    )
    app.add_typer(group, name="audit")
    _register_list(group)
    _register_verify(group)


def _register_list(group: typer.Typer) -> None:
    @group.command(
        "list",
        epilog="Example: medmm audit list --thing report:3 --since 2026-11-01  |  "
        "Example: medmm audit list --outcome denied --limit 20 --json",
    )
    def list_events(
        actor: Annotated[str, typer.Option("--actor", metavar="NAME", help="Who did it.")] = "",
        action: Annotated[
            str, typer.Option("--action", metavar="A", help="What: read, sign, export, ...")
        ] = "",
        thing: Annotated[
            str, typer.Option("--thing", metavar="T", help="To what: report:3, or report.")
        ] = "",
        outcome: Annotated[
            str, typer.Option("--outcome", metavar="O", help="ok, denied or failed.")
        ] = "",
        since: Annotated[
            str, typer.Option("--since", metavar="TIME", help="From this date or time on, in UTC.")
        ] = "",
        until: Annotated[
            str, typer.Option("--until", metavar="TIME", help="Up to this date or time, in UTC.")
        ] = "",
        before: Annotated[
            int | None,
            typer.Option("--before", metavar="N", min=1, help="Only events with lower numbers."),
        ] = None,
        limit: Annotated[
            int, typer.Option("--limit", metavar="N", min=1, max=100_000, help="At most so many.")
        ] = 100,
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """List what was done and tried, newest first; listing it is recorded, too."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> None:
            from medmm.assembly import auditing, homes

            wanted = auditing.Wanted(
                actor,
                action,
                thing,
                outcome,
                auditing.moment(since),
                auditing.moment(until, after=True),
            )
            document = auditing.newest(homes.open_home(home), wanted, limit, before)
            output.result(document, lambda: _table(document))

        run(body, output, home)


def _register_verify(group: typer.Typer) -> None:
    @group.command(epilog="Example: medmm audit verify")
    def verify(
        home: HomeOption = None, as_json: JsonOption = False, verbose: VerboseOption = 0
    ) -> None:
        """Prove the log against its signed head, and everything that `db check` looks at."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> int:
            from medmm.assembly import auditing, homes

            opened = homes.open_home(home)
            auditing.ask_to_verify(opened)
            document = auditing.verified(opened, output.progress)
            output.result(document, lambda: _told(document))
            return 0 if document["ok"] else 4

        run(body, output, home)


def _table(document: dict[str, Any]) -> str:
    if not document["events"]:
        return "No such events."
    rows = [("number", "time", "who", "role", "action", "thing", "outcome", "from", "detail")]
    rows += [
        (
            str(event["sequence"]),
            event["time"][:19],
            event["actor"],
            event["role"],
            event["action"],
            event["thing"],
            event["outcome"],
            event["origin"],
            " ".join(f"{key}={value}" for key, value in event["detail"].items()),
        )
        for event in document["events"]
    ]
    more = document["older"]
    return columns(rows) + (f"\nOlder ones: --before {more}" if more is not None else "")


def _told(document: dict[str, Any]) -> str:
    head = document["head"]
    lines = [*document["chain"], *document["others"]]
    if document["ok"]:
        lines.append(f"All {document['events']} events are as they were recorded.")
    if not head["problem"]:
        sealed = f"Sealed up to event {head['sequence']} at {head['time']} by key {head['key']}."
        lines.append(sealed)
    return "\n".join(lines)
