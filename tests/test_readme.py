"""What the README tells to run exists, and what exists is told."""

import re

from medmm.cli.main import build
from medmm.errors import MedmmError
from tests.conftest import REPOSITORY

README = (REPOSITORY / "README.md").read_text()


def commands() -> set[str]:
    app = build()
    names = {command.name or command.callback.__name__ for command in app.registered_commands}
    return names | {str(group.name) for group in app.registered_groups}


def test_every_command_that_it_tells_exists() -> None:
    told = {match.group(1) for match in re.finditer(r"^medmm ([a-z]+)", README, re.MULTILINE)}
    assert told
    assert told <= commands()


def test_every_command_is_told() -> None:
    told = README + (REPOSITORY / "CHANGELOG.md").read_text()
    for name in commands():
        assert f"`{name}" in told or f"medmm {name}" in told


def test_every_exit_code_is_told() -> None:
    def codes(error: type[MedmmError]) -> set[int]:
        return {error.exit_code}.union(*(codes(child) for child in error.__subclasses__()))

    for code in codes(MedmmError) - {130}:
        assert f"| {code} |" in README


def test_every_make_target_that_it_tells_exists() -> None:
    makefile = (REPOSITORY / "Makefile").read_text()
    for target in set(re.findall(r"(?:^|`)make ([a-z]+)", README, re.MULTILINE)):
        assert f"\n{target}:" in makefile


def test_every_file_that_it_links_exists() -> None:
    for path in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (REPOSITORY / path).exists()
