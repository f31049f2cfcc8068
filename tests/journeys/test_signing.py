"""A draft is edited, signed with the password again, added to, and shown as signed, by command."""

import json
import sqlite3
from pathlib import Path
from typing import Any

from medmm.cli.draft_text import BANNER
from tests.conftest import Medmm
from tests.journeys.test_users import GOOD, with_password

SIGN = ("reports", "sign", 1, "--user")


def edited(medmm: Medmm, folder: Path) -> None:
    file = folder / "report.txt"
    text = medmm("reports", "show", 1, "--text").stdout
    file.write_text(text.replace("[s1] Cough.", "[s1] Cough for six weeks."))
    medmm("reports", "edit", 1, file, "--author", "joe")


def test_a_report_is_signed_and_added_to(
    medmm_command: Medmm, small_study: Path, tmp_path: Path
) -> None:
    medmm = medmm_command
    medmm("draft", small_study, "--no-rag", "--indication", "Cough")
    with_password(medmm, GOOD, "user", "add", "jane", "--role", "signer")
    with_password(medmm, GOOD, "user", "add", "joe", "--role", "reporter")
    edited(medmm, tmp_path)
    note = tmp_path / "addendum.txt"
    note.write_text("Compared with the film of May: no change.\n")

    refused(medmm, note)
    signed = with_password(
        medmm, GOOD + "\n", *SIGN, "jane", "--meaning", "Read and approved", "--json"
    )
    seen = medmm.json("reports", "show", 1)
    made = json.loads(signed.stdout)
    assert made["document_sha256"] == seen["recorded"]["sha256"]
    # What is signed is shown before the password is asked for.
    assert signed.stderr.startswith("Report 1, version 2 by joe, ")
    assert f"SHA-256 of what is signed: {made['document_sha256']}" in signed.stderr
    assert (made["signer"], made["version"], made["status"]) == ("jane", 2, "final")
    assert made["meaning"] == "Read and approved"
    assert (seen["status"], seen["signatures"], seen["addenda"]) == ("final", [made], [])

    again = with_password(medmm, GOOD, *SIGN, "jane", code=3)
    assert f"was signed by jane at {made['time']}" in again.stderr
    file = tmp_path / "report.txt"
    file.write_text(medmm("reports", "show", 1, "--text").stdout.replace("six", "seven"))
    assert "Add an addendum" in medmm("reports", "edit", 1, file, code=3).stderr

    added = with_password(medmm, GOOD, "reports", "addend", 1, note, "--user", "jane")
    assert added.stdout.startswith("Report 1 is amended.\nAddendum 1 by jane (signer) at ")
    told = medmm("reports", "show", 1).stdout
    assert "Status: amended" in told
    assert "Signed: version 2 by jane (signer) at " in told
    assert "  Compared with the film of May: no change." in told
    assert BANNER not in told
    assert "Signed: version 2 by jane" in medmm("reports", "history", 1).stdout
    checked(medmm)


def refused(medmm: Medmm, note: Path) -> None:
    """Nothing below signs anything."""
    tries: list[tuple[tuple[object, ...], str, int, str]] = [
        ((*SIGN, "jane"), "not the password", 3, "name or the password is wrong"),
        ((*SIGN, "joe"), GOOD, 3, "reporter may not sign"),
        ((*SIGN, "jane", "--confirm", "s1=Seen"), GOOD, 3, "not contradicted"),
        ((*SIGN, "jane", "--confirm", "s1"), GOOD, 2, "sID=REASON"),
        ((*SIGN, "jane", "--meaning", " "), GOOD, 2, "no meaning"),
        (("reports", "sign", 9, "--user", "jane"), GOOD, 3, "no report 9"),
        (("reports", "addend", 1, note, "--user", "jane"), GOOD, 3, "not signed"),
    ]
    for arguments, password, code, reason in tries:
        ran = with_password(medmm, password, *arguments, code=code)
        assert reason in ran.stderr
        assert ran.stdout == ""
        assert password not in ran.stderr
    assert "--password-fd" in medmm(*SIGN, "jane", code=2).stderr
    assert medmm.json("reports", "show", 1)["status"] == "draft"


def checked(medmm: Medmm) -> None:
    """All is well, until a byte of what was signed is changed."""
    assert medmm.json("db", "check", "--hashes")["ok"]
    with sqlite3.connect(medmm.home / "medmm.db") as raw:
        for trigger in ("update", "delete"):
            raw.execute(f"DROP TRIGGER signatures_no_{trigger}")
        raw.execute("UPDATE signatures SET signer_name = 'joe'")
    raw.close()
    told: dict[str, Any] = json.loads(medmm("db", "check", "--json", code=None).stdout)
    assert "Signature 1 of report 1 is not what was signed: its hash is another." in str(told)
