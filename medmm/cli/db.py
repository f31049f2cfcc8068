"""``medmm db``: the database's schema and its soundness, backup and restore of the home."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from medmm.cli.options import HomeOption, JsonOption, VerboseOption
from medmm.cli.output import Output

PassphraseOption = Annotated[
    int | None,
    typer.Option(
        "--passphrase-fd",
        metavar="N",
        min=0,
        help="Encrypted: read the passphrase from this file descriptor.",
    ),
]
STOPPED = "Stopped; no backup was left. Run the same command again."
STOPPED_RESTORE = (
    "Stopped. If the home says that it is being restored, run the same command again; else it is "
    "as it was."
)


def register(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="The database: upgrade, check, backup, restore.",
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

    _register_backup(group)
    _register_restore(group)

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


def _register_backup(group: typer.Typer) -> None:
    @group.command(
        epilog="Example: medmm db backup /mnt/backups/monday.medmm  |  "
        "Example: medmm db backup monday.medmm --passphrase-fd 3 3< secret.txt"
    )
    def backup(
        file: Annotated[Path, typer.Argument(metavar="FILE", help="The backup to write.")],
        force: Annotated[
            bool, typer.Option("--force", help="Write over a file that is there.")
        ] = False,
        passphrase_fd: PassphraseOption = None,
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Write the whole home into one file, while others go on working in it.

        Not in it: indexes and caches, which are made again, weights that were brought, logs, runs,
        the model's API key and, unless it is encrypted, the key that signs the audit chain.
        """
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> int:
            from medmm.assembly import backups, homes
            from medmm.cli.password_entry import read_password

            passphrase = None if passphrase_fd is None else read_password(passphrase_fd)
            document = backups.back_up(
                homes.open_home(home),
                file,
                passphrase=passphrase,
                force=force,
                progress=output.progress,
            )
            output.result(document, lambda: _backup_text(document))
            return 4 if document["problems"] else 0

        run(body, output, home, STOPPED)


def _register_restore(group: typer.Typer) -> None:
    @group.command(
        epilog="Example: medmm db restore /mnt/backups/monday.medmm --home /srv/medmm  |  "
        "Example: medmm db restore monday.medmm --passphrase-fd 3 3< secret.txt"
    )
    def restore(
        file: Annotated[Path, typer.Argument(metavar="FILE", help="The backup to read.")],
        force: Annotated[
            bool,
            typer.Option("--force", help="Put what is in the home aside, if it holds something."),
        ] = False,
        passphrase_fd: PassphraseOption = None,
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Make the home what it was when a backup was made; all is proved before anything changes.

        Stop everything else that uses the home first.
        """
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> int:
            from medmm.assembly import backups
            from medmm.cli.password_entry import ask_password, read_password
            from medmm.errors import UsageError

            def passphrase() -> str:
                if passphrase_fd is not None:
                    return read_password(passphrase_fd)
                if not sys.stdin.isatty():
                    raise UsageError(
                        f"{file} is encrypted, and there is no terminal to ask for its passphrase.",
                        "Give it with --passphrase-fd N.",
                    )
                return ask_password("Passphrase of the backup: ")

            document = backups.restore_home(
                home,
                file,
                passphrase=passphrase,
                must_be_encrypted=passphrase_fd is not None,
                force=force,
                progress=output.progress,
            )
            output.result(document, lambda: _restore_text(document))
            return 4 if document["problems"] or document["erased_since"] else 0

        run(body, output, home, STOPPED_RESTORE)


def _backup_text(document: dict[str, Any]) -> str:
    how = ", encrypted" if document["encrypted"] else ""
    lines = [
        f"{document['file']}: {document['bytes']:,} bytes{how}",
        _held(document),
        f"sha256 {document['sha256']}",
    ]
    if document["problems"]:
        lines.append("The home was not whole; `medmm db check --hashes` tells all:")
    return "\n".join([*lines, *document["problems"]])


def _restore_text(document: dict[str, Any]) -> str:
    lines = [f"{document['home']} is what it was on {document['created']}.", _held(document)]
    if document["revision"] != document["restored_revision"]:
        lines.append(
            f"Its schema went from {document['revision']} to {document['restored_revision']}."
        )
    if document["kept_aside"]:
        lines.append(f"What was there before is in {document['kept_aside']}")
    if document["erased_since"]:
        who = ", ".join(document["erased_since"])
        lines.append(f"Erased after that backup and back now, to be erased again: {who}")
    if document["problems"]:
        lines.append("The home was not whole when the backup was made:")
    return "\n".join([*lines, *document["problems"]])


def _held(document: dict[str, Any]) -> str:
    tables = document["tables"]
    return (
        f"{tables['studies']} studies, {tables['reports']} reports, {tables['users']} users; "
        f"{document['rows']} rows, {document['files']} files of {document['file_bytes']:,} bytes; "
        f"audit up to event {document['audit_sequence']}"
    )
