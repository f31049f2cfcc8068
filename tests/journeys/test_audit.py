"""What is done by command stands in the audit chain, and the chain is whole."""

import json
import os
import sqlite3
from pathlib import Path
from typing import Any

from tests.conftest import Medmm


def events(home: Path) -> list[dict[str, Any]]:
    with sqlite3.connect(home / "medmm.db") as connection:
        connection.row_factory = sqlite3.Row
        rows = connection.execute("SELECT * FROM audit_events ORDER BY sequence")
        return [{**row, "detail": json.loads(row["detail"])} for row in rows]


def with_password(command: Medmm, *arguments: object, password: str) -> None:
    reading, writing = os.pipe()
    os.write(writing, password.encode())
    os.close(writing)
    command(*arguments, "--password-fd", reading, pass_fds=[reading])
    os.close(reading)


def test_what_was_done_is_recorded_with_who_and_to_what(
    medmm_command: Medmm, small_study: Path, tmp_path: Path
) -> None:
    with_password(
        medmm_command, "user", "add", "jane", "--role", "signer", password="seven blue horses"
    )
    document = tmp_path / "guide.md"
    document.write_text("# Guide\n\nA lung nodule is followed by CT.\n")
    added = medmm_command.json("rag", "add", document, "--domain", "chest-ct")["added"][0]
    medmm_command("rag", "remove", added["document"])
    medmm_command("rag", "remove", added["document"], code=3)
    medmm_command("draft", small_study, "--no-rag", "--experts", "ct_lungs")
    text = medmm_command("reports", "show", 1, "--text").stdout
    edited = tmp_path / "edited.txt"
    edited.write_text(text.replace("The right lung", "The right lung, read again,", 1))
    medmm_command("reports", "edit", 1, edited, "--author", "Dr. Lee")
    medmm_command("reports", "edit", 1, edited, "--author", "Dr. Lee", code=3)
    medmm_command("reports", "hand-on", 1, "--author", "Dr. Lee")
    medmm_command("export", 1, "--to", "text", tmp_path / "report.txt")
    medmm_command("reports", "cancel", 1, "--reason", "made twice", "--author", "Dr. Lee")
    medmm_command("user", "disable", "jane")
    medmm_command("user", "enable", "jane")
    medmm_command("user", "role", "jane", "admin")
    medmm_command("user", "list")
    medmm_command("studies")
    medmm_command("studies", "chest")
    medmm_command("study", 1)
    medmm_command("reports", "list")
    medmm_command("reports", "search", "lung")
    medmm_command("reports", "diff", 1, 1, 2)
    medmm_command("reports", "history", 1)
    medmm_command("rag", "search", "nodule")
    medmm_command("rag", "list")

    kept = events(medmm_command.home)
    told = [(one["action"], one["thing"], one["outcome"]) for one in kept]
    number = added["document"]
    for expected in (
        ("add_user", "user:jane", "ok"),
        ("add_knowledge", f"document:{number}", "ok"),
        ("remove_knowledge", f"document:{number}", "ok"),
        ("draft", "report:1", "ok"),
        ("edit", "report:1", "ok"),
        ("hand_on", "report:1", "ok"),
        ("export", "report:1", "ok"),
        ("cancel", "report:1", "ok"),
        ("ingest", "study:1", "ok"),
        ("list_users", "", "ok"),
        ("read", "study:1", "ok"),
    ):
        assert told.count(expected) == 1, told
    assert told.count(("change_user", "user:jane", "ok")) == 3
    # Shown as text to be edited, compared, and its history.
    assert told.count(("read", "report:1", "ok")) == 3
    lists = [(one["action"], one["detail"]["code"]) for one in kept if "code" in one["detail"]]
    for expected in (
        ("list", "studies"),
        ("search", "studies"),
        ("list", "reports"),
        ("search", "reports"),
        ("search", "knowledge"),
        ("list", "knowledge"),
    ):
        assert lists.count(expected) == 1, lists
    assert all(one["actor"].startswith("console:") for one in kept)
    exported = next(one for one in kept if one["action"] == "export")
    assert exported["detail"]["format"] == "text"
    assert len(exported["detail"]["sha256"]) == 64
    assert medmm_command.json("db", "check")["ok"]
    assert (medmm_command.home / "audit-head").is_file()


def test_a_changed_event_is_found_by_the_check(medmm_command: Medmm, tmp_path: Path) -> None:
    document = tmp_path / "guide.md"
    document.write_text("# Guide\n\nA lung nodule is followed by CT.\n")
    medmm_command("rag", "add", document, "--domain", "chest-ct")
    with sqlite3.connect(medmm_command.home / "medmm.db") as connection:
        triggers = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_events'"
        ).fetchall()
        for (name,) in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE audit_events SET actor = 'somebody else' WHERE sequence = 1")
    checked = medmm_command.json("db", "check", code=4)
    assert any("1" in problem for problem in checked["problems"])


def test_settings_that_change_are_recorded_by_whom_and_how(medmm_command: Medmm) -> None:
    medmm_command("studies")
    settings = medmm_command.home / "settings.toml"
    settings.write_text('index = "exact"\nvlm_api_key = "very secret"\nlog_level = "ERROR"\n')
    medmm_command("studies")
    medmm_command("studies")
    settings.unlink()
    medmm_command("studies")
    changes = [one for one in events(medmm_command.home) if one["action"] == "set_setting"]
    assert [one["detail"] for one in changes] == [
        {"setting": "vlm_api_key", "before": "", "after": "set"},
        {"setting": "index", "before": "", "after": "exact"},
        {"setting": "vlm_api_key", "before": "set", "after": ""},
        {"setting": "index", "before": "exact", "after": ""},
    ]
    assert medmm_command.json("db", "check")["ok"]


def test_no_searched_word_stands_in_the_trail(medmm_command: Medmm) -> None:
    medmm_command("studies", "Zebrowski")
    medmm_command("reports", "search", "Zebrowski")
    assert "ebrowski" not in json.dumps(events(medmm_command.home))
