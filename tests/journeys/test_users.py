"""Users by command: the first admin, passwords by descriptor, and nothing of them anywhere."""

import os
import pty
import re
import subprocess
from pathlib import Path
from typing import Any

from tests.conftest import Medmm

GOOD = "a quiet lung is good"
OTHER = "another quiet lung"
ONE_TIME = re.compile(r"^ +((?:[a-z2-9]{5}-){3}[a-z2-9]{5})$", re.MULTILINE)


def with_password(
    medmm: Medmm, password: str | bytes, *arguments: object, code: int = 0, **options: Any
) -> Any:
    """Run a command with the password on an inherited descriptor."""
    reading, writing = os.pipe()
    data = password if isinstance(password, bytes) else password.encode()
    os.write(writing, data)
    os.close(writing)
    try:
        words = [*arguments, "--password-fd", reading]
        return medmm(*words, code=code, pass_fds=[reading], **options)
    finally:
        os.close(reading)


def names(medmm: Medmm) -> list[str]:
    return [user["name"] for user in medmm.json("user", "list")["users"]]


def written(home: Path) -> bytes:
    """Every byte in the home."""
    return b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())


def test_the_first_user_brings_an_admin_with_a_password_shown_once(medmm_command: Medmm) -> None:
    added = with_password(medmm_command, GOOD + "\n", "user", "add", "jane", "--role", "signer")
    assert added.stdout == "Added jane (signer).\n"
    [one_time] = ONE_TIME.findall(added.stderr)
    assert "passwd admin" in added.stderr
    again = with_password(medmm_command, GOOD, "user", "add", "joe", "--role", "reader")
    assert again.stderr == ""
    listed = medmm_command.json("user", "list")["users"]
    assert [(user["name"], user["role"], user["must_change"]) for user in listed] == [
        ("admin", "admin", True), ("jane", "signer", False), ("joe", "reader", False),
    ]  # fmt: skip
    refused = with_password(medmm_command, one_time, "user", "passwd", "admin", code=3)
    assert "old one" in refused.stderr
    with_password(medmm_command, OTHER, "user", "passwd", "admin")
    assert not any(user["must_change"] for user in medmm_command.json("user", "list")["users"])
    for secret in (one_time, GOOD, OTHER):
        assert secret.encode() not in written(medmm_command.home)
    assert medmm_command.json("db", "check")["ok"]


def test_an_admin_who_is_first_is_the_first_admin(medmm_command: Medmm) -> None:
    added = medmm_command("user", "add", "boss", "--role", "admin", "--json")
    [one_time] = ONE_TIME.findall(added.stderr)
    assert one_time not in added.stdout
    assert '"first_admin": "boss"' in added.stdout
    assert names(medmm_command) == ["boss"]
    # A second one chooses a password.
    assert "--password-fd" in medmm_command("user", "add", "vice", "--role", "admin", code=2).stderr
    assert names(medmm_command) == ["boss"]


def test_an_admin_who_brings_a_password_is_first_with_it(medmm_command: Medmm) -> None:
    added = with_password(medmm_command, GOOD, "user", "add", "boss", "--role", "admin")
    assert added.stderr == ""
    assert not medmm_command.json("user", "list")["users"][0]["must_change"]


REFUSED: list[tuple[str | bytes, str, str, int, str]] = [
    ("short", "jane", "reader", 3, "fewer than 12"),
    ("password12345", "jane", "reader", 3, "guessed first"),
    ("two lines\nof a password", "jane", "reader", 3, "control character"),
    (b"not utf-8 \xff\xfe at all", "jane", "reader", 2, "UTF-8"),
    ("x" * 9000, "jane", "reader", 2, "more than a password"),
    (GOOD, "jane roe", "reader", 3, "letters"),
    (GOOD, "admin", "reader", 3, "first admin"),
    (GOOD, "jane", "boss", 3, "reader, reporter, signer, admin"),
]


def test_what_is_refused_changes_nothing_and_is_told_in_a_line(medmm_command: Medmm) -> None:
    for password, name, role, code, reason in REFUSED:
        ran = with_password(medmm_command, password, "user", "add", name, "--role", role, code=code)
        assert reason in ran.stderr
        assert len(ran.stderr.splitlines()) == 1
        assert not isinstance(password, str) or password not in ran.stderr
        assert ran.stdout == ""
    assert names(medmm_command) == []


def test_without_a_terminal_or_descriptor_nothing_is_asked(medmm_command: Medmm) -> None:
    told = medmm_command("user", "add", "jane", "--role", "reader", code=2).stderr
    assert "--password-fd" in told
    told = medmm_command(
        "user", "add", "jane", "--role", "reader", "--password-fd", 77, code=2
    ).stderr
    assert "77 cannot be read" in told
    assert names(medmm_command) == []


def test_users_are_disabled_but_not_the_last_admin(medmm_command: Medmm) -> None:
    with_password(medmm_command, GOOD, "user", "add", "jane", "--role", "reader")
    assert medmm_command.json("user", "disable", "JANE")["user"]["disabled"]
    assert "jane" in medmm_command("user", "list").stdout
    assert "last admin" in medmm_command("user", "disable", "admin", code=3).stderr
    assert "no such user" in medmm_command("user", "disable", "joe", code=3).stderr
    assert "no such user" in with_password(
        medmm_command, GOOD, "user", "passwd", "joe", code=3
    ).stderr  # fmt: skip


def typed(medmm: Medmm, *lines: str) -> tuple[int, str]:
    """Run ``user add jane`` on a terminal of its own and type; exit code and what was shown."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        # With a terminal of its own to control, which getpass opens by name.
        ["setsid", "--ctty", *medmm.command("user", "add", "jane", "--role", "reader")],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    shown = b""
    for line in lines:
        # Each prompt ends so, and typing before it is thrown away.
        while not shown.endswith(b": "):
            shown += os.read(controller, 1024)
        os.write(controller, f"{line}\n".encode())
        shown += b"|"
    try:
        while piece := os.read(controller, 1024):
            shown += piece
    except OSError:
        # Linux tells a closed terminal as an I/O error.
        pass
    os.close(controller)
    return process.wait(timeout=60), shown.decode()


def test_a_password_is_typed_twice_and_not_shown(medmm_command: Medmm) -> None:
    code, shown = typed(medmm_command, GOOD, GOOD + "?")
    assert (code, "differ" in shown) == (3, True)
    assert names(medmm_command) == []
    code, shown = typed(medmm_command, GOOD, GOOD)
    assert (code, "Added jane" in shown) == (0, True)
    assert GOOD not in shown
    assert names(medmm_command) == ["admin", "jane"]


def test_it_works_on_postgresql(medmm_command: Medmm, postgres_url: str) -> None:
    environment = {**os.environ, "MEDMM_DATABASE_URL": postgres_url}
    medmm_command("user", "add", "boss", "--role", "admin", env=environment)
    [user] = medmm_command.json("user", "list", env=environment)["users"]
    assert (user["name"], user["must_change"]) == ("boss", True)
