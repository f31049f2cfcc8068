"""By command: a home that was worked in leaves as one file and comes back as it was."""

import json
import os
import subprocess
import sys
from pathlib import Path

from medmm.assembly import homes
from tests.conftest import Medmm
from tests.journeys.test_audit import events, with_password


def with_passphrase(command: Medmm, *arguments: object, passphrase: str, code: int = 0) -> str:
    """What the command says on stderr, given a passphrase on a descriptor."""
    reading, writing = os.pipe()
    os.write(writing, passphrase.encode() + b"\n")
    os.close(writing)
    ran = command(*arguments, "--passphrase-fd", reading, pass_fds=[reading], code=code)
    os.close(reading)
    return ran.stderr


def work(command: Medmm, study: Path, folder: Path) -> None:
    """A user, knowledge, a draft and an edit."""
    with_password(command, "user", "add", "jane", "--role", "signer", password="seven blue horses")
    guide = folder / "guide.md"
    guide.write_text("# Guide\n\nA lung nodule is followed by CT.\n")
    command("rag", "add", guide, "--domain", "chest-ct")
    command("draft", study, "--no-rag", "--experts", "ct_lungs")
    edited = folder / "edited.txt"
    text = command("reports", "show", 1, "--text").stdout
    edited.write_text(text.replace("The right lung", "The right lung, read again,", 1))
    command("reports", "edit", 1, edited)


def test_a_home_leaves_as_one_file_and_comes_back(
    medmm_command: Medmm, small_study: Path, tmp_path: Path
) -> None:
    work(medmm_command, small_study, tmp_path)
    file = tmp_path / "monday.medmm"
    told = medmm_command.json("db", "backup", file)
    assert told["file"] == str(file)
    assert told["bytes"] == file.stat().st_size
    assert (told["tables"]["studies"], told["tables"]["reports"]) == (1, 1)
    assert events(medmm_command.home)[-1]["action"] == "backup"
    assert events(medmm_command.home)[-1]["detail"]["sha256"] == told["sha256"]
    assert "is there already" in medmm_command("db", "backup", file, code=3).stderr

    new = Medmm(tmp_path / "new")
    said = new("db", "restore", file).stdout
    assert "1 studies, 1 reports, 2 users" in said
    shown = [one("reports", "show", 1, "--text").stdout for one in (medmm_command, new)]
    assert shown[0] == shown[1]
    assert "read again" in shown[0]
    assert new.json("db", "check", "--hashes")["ok"]
    assert new.json("rag", "search", "lung nodule")["passages"]
    assert [one["name"] for one in new.json("user", "list")["users"]] == ["admin", "jane"]
    edited = tmp_path / "edited.txt"
    text = new("reports", "show", 1, "--text").stdout
    edited.write_text(text.replace("read again,", "read a third time,", 1))
    new("reports", "edit", 1, edited)
    with_password(new, "reports", "sign", 1, "--user", "jane", password="seven blue horses")
    assert new.json("db", "check", "--hashes")["ok"]

    assert "has studies already" in new("db", "restore", file, code=3).stderr
    aside = Path(new.json("db", "restore", file, "--force")["kept_aside"])
    assert (aside / "medmm.db").is_file()
    assert new("reports", "show", 1, "--text").stdout == shown[0]


def test_an_encrypted_backup_needs_its_passphrase(medmm_command: Medmm, tmp_path: Path) -> None:
    medmm_command("db", "upgrade")
    file = tmp_path / "monday.medmm"
    with_passphrase(medmm_command, "db", "backup", file, passphrase="four little words")
    new = Medmm(tmp_path / "new")
    assert "--passphrase-fd" in new("db", "restore", file, code=2).stderr
    arguments = ("db", "restore", file)
    assert "does not open" in with_passphrase(new, *arguments, passphrase="other", code=3)
    with_passphrase(new, *arguments, passphrase="four little words")
    assert new.json("db", "check", "--hashes")["ok"]
    empty = with_passphrase(new, "db", "backup", tmp_path / "b", passphrase="", code=3)
    assert "The passphrase is empty" in empty
    assert not (tmp_path / "b").exists()


def test_no_command_works_in_a_home_that_is_being_restored(
    medmm_command: Medmm, tmp_path: Path
) -> None:
    medmm_command("db", "upgrade")
    file = tmp_path / "monday.medmm"
    medmm_command("db", "backup", file)
    (medmm_command.home / "being-restored").write_text(json.dumps({"file": str(file)}))
    for arguments in (("studies",), ("db", "check"), ("db", "upgrade"), ("user", "list")):
        told = medmm_command(*arguments, code=5).stderr
        assert f"is being restored from {file}" in told
        assert "run `medmm db restore FILE` again" in told
    medmm_command("db", "restore", file)
    medmm_command("studies")


def test_a_home_that_is_open_elsewhere_is_not_restored(
    medmm_command: Medmm, tmp_path: Path
) -> None:
    medmm_command("db", "upgrade")
    file = tmp_path / "monday.medmm"
    medmm_command("db", "backup", file)
    code = "import sys\nfrom medmm.assembly import homes\nhome = homes.open_home(sys.argv[1])\n"
    code += "sys.stdout.write('open\\n')\nsys.stdout.flush()\nsys.stdin.read()\n"
    words = [sys.executable, "-c", code, str(medmm_command.home)]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holding:
        assert holding.stdout is not None
        assert holding.stdout.readline() == "open\n"
        told = medmm_command("db", "restore", file, "--force", code=5).stderr
        assert "in use by another process" in told
        holding.communicate()
    medmm_command("db", "restore", file, "--force")


def test_two_that_open_a_home_at_once_still_both_may(tmp_path: Path) -> None:
    first, second = (homes.open_home(tmp_path / "home") for _ in range(2))
    first.database.close()
    second.database.close()
