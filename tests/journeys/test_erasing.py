"""A patient is erased by command: shown, asked for, gone from every byte, a line stays."""

import json
import os
import pty
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pydicom
import pytest

from medmm.assembly import erasing, homes
from medmm.errors import AccessError
from medmm.records.access import Actor, By
from tests.conftest import Medmm
from tests.journeys.test_users import GOOD, with_password

REASON = ("--reason", "GDPR-17")


@pytest.fixture
def filled(medmm_command: Medmm, small_study: Path, film_folder: Path, tmp_path: Path) -> Medmm:
    """A home with two patients, the first with a report that was edited, signed and added to."""
    medmm = medmm_command
    medmm("draft", small_study, "--no-rag", "--indication", "Quixotic cough")
    medmm("ingest", other_film(film_folder, tmp_path))
    with_password(medmm, GOOD, "user", "add", "jane", "--role", "signer")
    words = tmp_path / "report.txt"
    words.write_text(medmm("reports", "show", 1, "--text").stdout + "A quagmire was seen.\n")
    medmm("reports", "edit", 1, words, "--author", "joe")
    with_password(medmm, GOOD, "reports", "sign", 1, "--user", "jane")
    words.write_text("Added quintessence.\n")
    with_password(medmm, GOOD, "reports", "addend", 1, words, "--user", "jane")
    return medmm


def other_film(film_folder: Path, tmp_path: Path) -> Path:
    """The made film as another patient's."""
    folder = tmp_path / "film"
    folder.mkdir()
    for path in film_folder.iterdir():
        film = pydicom.dcmread(path)
        film.PatientID, film.PatientName = "OTHER-2", "Roe^Richard"
        film.save_as(folder / path.name)
    return folder


def found(medmm: Medmm, canaries: list[str]) -> list[str]:
    """Each of the words that stands in any byte of the home."""
    files = {path: path.read_bytes() for path in medmm.home.rglob("*") if path.is_file()}
    return [
        f"{word} in {path.relative_to(medmm.home)}"
        for word in canaries
        for path, data in files.items()
        for form in {word, word.casefold()}
        if form.encode() in data or form.encode("utf-16-le") in data
    ]


def test_a_patient_is_erased_and_a_line_stays(filled: Medmm, tmp_path: Path) -> None:
    medmm = filled
    study = medmm.json("study", 1)
    patient = study["patient"]
    assert patient["number"] == medmm.json("studies")["studies"][1]["patient_number"] == 1
    series = [one["series_uid"] for one in study["series"]]
    canaries = [study["study_uid"], *series, patient["id"], patient["name"]]
    canaries += ["Quixotic", "quagmire", "quintessence"]
    other = medmm.json("study", 2)
    canaries = [one for one in canaries if one.casefold() not in json.dumps(other).casefold()]
    assert {one.split(" in ")[0] for one in found(medmm, canaries)} == set(canaries)
    assert len(canaries) == 7

    dry = medmm.json("erase", 1, *REASON, "--dry-run")
    assert (dry["studies"], dry["reports"], dry["signed"]) == ([1], [1], [1])
    assert "terminal" in medmm("erase", 1, *REASON, code=2).stderr
    assert found(medmm, canaries)

    done = medmm.json("erase", "--study", 1, *REASON, "--yes")
    assert (done["unfinished"], done["look_at"]) == ([], [])
    assert {key: done[key] for key in dry} == dry
    assert found(medmm, canaries) == []
    assert medmm.json("db", "check", "--hashes")["ok"]
    assert "no such patient" in medmm("erase", 1, *REASON, "--yes", code=3).stderr
    assert "no report 1" in medmm("reports", "show", 1, code=3).stderr
    assert [one["id"] for one in medmm.json("studies")["studies"]] == [2]
    assert medmm.json("study", 2) == other
    assert events(medmm, "erase") == [("console", "patient:1", "ok")]
    again = medmm.json("ingest", tmp_path / "film")
    assert [one["id"] for one in again["studies"]] == [2]


def events(medmm: Medmm, action: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(medmm.home / "medmm.db") as raw:
        told = raw.execute(
            "SELECT role, thing, outcome FROM audit_events WHERE action = ? ORDER BY sequence",
            (action,),
        ).fetchall()
    raw.close()
    return told


def typed(medmm: Medmm, answer: str) -> tuple[int, str]:
    """Run the command on a terminal and type an answer; exit code and what was shown."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        medmm.command("erase", 1, *REASON), stdin=terminal, stdout=terminal, stderr=terminal
    )
    os.close(terminal)
    shown = b""
    while b"type the number:" not in shown:
        shown += os.read(controller, 1024)
    os.write(controller, f"{answer}\n".encode())
    try:
        while piece := os.read(controller, 1024):
            shown += piece
    except OSError:
        # Linux tells a closed terminal as an I/O error.
        pass
    os.close(controller)
    return process.wait(timeout=60), shown.decode()


def test_on_a_terminal_it_shows_what_goes_and_asks(medmm_command: Medmm, film_folder: Path) -> None:
    medmm_command("ingest", film_folder)
    for answer in ("y", ""):
        code, shown = typed(medmm_command, answer)
        assert (code, "Nothing was erased." in shown) == (3, True)
    assert "Patient 1 has: studies 1, series 1, reports 0 (0 signed), versions 0, files " in shown
    assert len(medmm_command.json("studies")["studies"]) == 1
    code, shown = typed(medmm_command, "1")
    assert (code, "Erased patient 1" in shown) == (0, True)
    assert "Backups that were made before" in shown


def test_only_an_admin_may_and_a_refusal_is_recorded(
    medmm_command: Medmm, film_folder: Path
) -> None:
    medmm_command("ingest", film_folder)
    opened = homes.open_home(medmm_command.home)
    for role in ("reader", "reporter", "signer"):
        theirs = opened.acting(By(Actor("eve", role, "person"), "192.0.2.7"))
        for work in (erasing.extent, lambda *who: erasing.erase(*who, reason="GDPR-17")):
            with pytest.raises(AccessError, match="may not erase this patient"):
                work(theirs, 1)
    machine = opened.acting(By(Actor("medmm", "", "machine"), ""))
    with pytest.raises(AccessError):
        erasing.erase(machine, 1, reason="GDPR-17")
    refused = [(role, "patient:1", "denied") for role in ("reader", "reporter", "signer")]
    told = events(medmm_command, "erase")
    assert told == [one for one in refused for _ in range(2)] + [("machine", "patient:1", "denied")]
    admin = opened.acting(By(Actor("ada", "admin", "person"), "192.0.2.7"))
    assert erasing.erase(admin, 1, reason="GDPR-17")["studies"] == [1]
    assert events(medmm_command, "erase")[-1] == ("admin", "patient:1", "ok")
    opened.database.close()


WRONG: list[tuple[tuple[object, ...], int, str]] = [
    ((1,), 2, "--reason"),
    ((*REASON,), 2, "Name a patient"),
    ((1, "--study", 1, *REASON), 2, "Name a patient"),
    ((1, "--reason", "asked by the patient; see mail", "--yes"), 2, "short code"),
    ((7, *REASON, "--yes"), 3, "no such patient"),
    (("--study", 7, *REASON, "--yes"), 3, "no study"),
]


def test_what_is_refused_erases_nothing(medmm_command: Medmm, film_folder: Path) -> None:
    medmm_command("ingest", film_folder)
    for arguments, code, reason in WRONG:
        ran = medmm_command("erase", *arguments, code=code)
        assert reason in ran.stderr
        assert ran.stdout == ""
    assert len(medmm_command.json("studies")["studies"]) == 1


def test_opening_the_home_finishes_what_a_killed_process_left(
    medmm_command: Medmm, film_folder: Path
) -> None:
    medmm_command("ingest", film_folder)
    left = medmm_command.home / "quarantine" / "left"
    left.write_text("left over")
    listed = medmm_command.home / "erasing-9.json"
    document = {"format": "medmm.erasing.1", "patient": 9, "files": ["quarantine/left"]}
    listed.write_text(json.dumps(document))
    medmm_command("studies")
    assert (left.exists(), listed.exists()) == (False, False)
    listed.write_text("{")
    told = medmm_command.json("db", "check", code=4)["problems"]
    assert any("erasing-9.json is there" in one for one in told)
