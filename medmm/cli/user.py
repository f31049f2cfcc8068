"""``medmm user``: who may sign in, and as what."""

from pathlib import Path
from typing import Annotated, Any

import typer

from medmm.cli.options import HomeOption, JsonOption, VerboseOption
from medmm.cli.output import Output, columns

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The user's name.")]
PasswordOption = Annotated[
    int | None,
    typer.Option(
        "--password-fd",
        metavar="N",
        min=0,
        help="Read the password from this file descriptor instead of the terminal.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Users: add, list, passwd, role, disable, enable.",
        epilog="Example: medmm user add jane --role signer",
    )
    app.add_typer(group, name="user")
    _register_add(group)
    _register_list(group)
    _register_passwd(group)
    _register_role(group)
    _register_disable(group)
    _register_enable(group)


def _register_add(group: typer.Typer) -> None:
    @group.command(
        epilog="Example: medmm user add jane --role signer  |  "
        "Example: medmm user add jane --role signer --password-fd 3 3< secret.txt"
    )
    def add(
        name: NameArgument,
        role: Annotated[
            str,
            typer.Option("--role", metavar="R", help="reader, reporter, signer or admin."),
        ],
        password_fd: PasswordOption = None,
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Add a user; in a new home this makes the first admin, too, with a one-time password."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)
        run(lambda: _add(output, home, name, role, password_fd), output, home)


def _register_list(group: typer.Typer) -> None:
    @group.command("list", epilog="Example: medmm user list --json")
    def list_users(
        home: HomeOption = None, as_json: JsonOption = False, verbose: VerboseOption = 0
    ) -> None:
        """List the users, by name."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> None:
            from medmm.assembly import homes, users

            rows = users.list_all(homes.open_home(home))
            output.result({"users": rows}, lambda: _table(rows))

        run(body, output, home)


def _register_passwd(group: typer.Typer) -> None:
    @group.command(epilog="Example: medmm user passwd jane")
    def passwd(
        name: NameArgument,
        password_fd: PasswordOption = None,
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Give a user another password; waiting times after wrong ones end."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> None:
            from medmm.assembly import homes, users
            from medmm.cli.password_entry import new_password

            opened = homes.open_home(home)
            kept = users.known(opened, name)
            user = users.set_password(opened, kept, new_password(kept, password_fd))
            output.result({"user": user}, lambda: f"{kept} has a new password.")

        run(body, output, home)


def _register_disable(group: typer.Typer) -> None:
    @group.command(epilog="Example: medmm user disable jane")
    def disable(
        name: NameArgument,
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Let a user sign in no more; what the user wrote stays."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> None:
            from medmm.assembly import homes, users

            user = users.disable(homes.open_home(home), name)
            output.result({"user": user}, lambda: f"{user['name']} can sign in no more.")

        run(body, output, home)


def _register_enable(group: typer.Typer) -> None:
    @group.command(epilog="Example: medmm user enable jane")
    def enable(
        name: NameArgument,
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Let a disabled user sign in again, with the password as it was."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> None:
            from medmm.assembly import homes, users

            user = users.enable(homes.open_home(home), name)
            output.result({"user": user}, lambda: f"{user['name']} can sign in again.")

        run(body, output, home)


def _register_role(group: typer.Typer) -> None:
    @group.command(epilog="Example: medmm user role jane signer")
    def role(
        name: NameArgument,
        role: Annotated[
            str, typer.Argument(metavar="ROLE", help="reader, reporter, signer or admin.")
        ],
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Give a user another role; what was signed keeps the role it was signed in."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> None:
            from medmm.assembly import homes, users

            user = users.change_role(homes.open_home(home), name, role)
            output.result({"user": user}, lambda: f"{user['name']} is a {user['role']} now.")

        run(body, output, home)


def _add(output: Output, home: Path | None, name: str, role: str, password_fd: int | None) -> None:
    from medmm.assembly import homes, users
    from medmm.cli.password_entry import new_password

    opened = homes.open_home(home)
    password = None
    if users.chooses_password(opened, name, role) or password_fd is not None:
        password = new_password(name, password_fd)
    added = users.add(opened, name, role, password)
    first = added.first_admin
    if first is not None:
        # On stderr alone: what is on stdout is often kept in a file.
        output.note(
            f"The first admin is {first.name}. Its one-time password is shown only now:\n\n"
            f"    {first.password}\n\n"
            f"It has to be changed: medmm user passwd {first.name}"
        )
    document = {"user": added.user, "first_admin": first.name if first else None}
    output.result(document, lambda: f"Added {added.user['name']} ({added.user['role']}).")


def _table(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "No users. Add one: medmm user add NAME --role R"
    table = [("name", "role", "created", "state")]
    table += [(row["name"], row["role"], row["created"], _state(row)) for row in rows]
    return columns(table)


def _state(row: dict[str, Any]) -> str:
    if row["disabled"]:
        return f"disabled {row['disabled']}"
    return "has to change the password" if row["must_change"] else "enabled"
