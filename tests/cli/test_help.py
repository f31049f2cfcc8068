"""Help is fast because it imports nothing heavy, and every command shows an example."""

import subprocess
import sys

import pytest

from medmm.cli.main import build
from tests.benchmarks.speed import HEAVY_FOR_HELP

COMMANDS = [
    ["convert"],
    ["ingest"],
    ["studies"],
    ["study"],
    ["draft"],
    ["reports", "list"],
    ["reports", "show"],
    ["reports", "search"],
    ["reports", "edit"],
    ["reports", "diff"],
    ["reports", "history"],
    ["reports", "hand-on"],
    ["reports", "cancel"],
    ["reports", "sign"],
    ["reports", "addend"],
    ["export"],
    ["serve"],
    ["erase"],
    ["models", "list"],
    ["models", "card"],
    ["models", "verify"],
    ["rag", "add"],
    ["rag", "search"],
    ["rag", "list"],
    ["rag", "show"],
    ["rag", "remove"],
    ["rag", "eval"],
    ["rag", "calibrate"],
    ["train", "expert"],
    ["db", "upgrade"],
    ["db", "check"],
    ["db", "backup"],
    ["db", "restore"],
    ["user", "add"],
    ["user", "list"],
    ["user", "passwd"],
    ["user", "role"],
    ["user", "disable"],
    ["user", "enable"],
    ["audit", "list"],
    ["audit", "verify"],
    ["doctor"],
    ["demo"],
]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "medmm", *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("arguments", [["--help"], ["draft", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    listing = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "medmm", *arguments],
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in listing.splitlines()}
    assert "typer" in imported
    # typer itself brings pydantic when it looks at a command's own flags.
    assert not imported & (set(HEAVY_FOR_HELP) - ({"pydantic"} if len(arguments) > 1 else set()))


def test_the_list_of_commands_here_is_the_whole_list() -> None:
    app = build()
    names = {(command.name or command.callback.__name__,) for command in app.registered_commands}
    for group in app.registered_groups:
        names |= {
            (group.name, command.name or command.callback.__name__)
            for command in group.typer_instance.registered_commands
        }
    assert names == {tuple(command) for command in COMMANDS}


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_shows_its_flags_and_an_example(command: list[str]) -> None:
    told = run(*command, "--help").stdout
    assert "Example: medmm " in told
    for flag in ("--home", "--json", "--verbose"):
        assert flag in told


@pytest.mark.parametrize(
    "arguments", [["draft"], ["no-such-command"], ["studies", "--no-such-flag"], ["convert", "x"]]
)
def test_a_wrong_command_line_is_two_lines_and_exit_2(arguments: list[str]) -> None:
    ran = run(*arguments)
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert len(ran.stderr.strip().splitlines()) == 2


def test_importing_medmm_is_cheap() -> None:
    listing = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import medmm"],
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in listing.splitlines()}
    assert not imported & {*HEAVY_FOR_HELP, "typer"}
