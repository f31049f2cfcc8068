"""A draft is edited, compared, contested, handed on and cancelled by command."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.conftest import Medmm
from tests.journeys.test_main_job import earlier_study


def statements(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for section in document["sections"] for one in section["statements"]}


def draft_file(medmm_command: Medmm, folder: Path, *more: object) -> Path:
    """Report 1 drafted, and its text in a file."""
    medmm_command("draft", *more)
    file = folder / "report.txt"
    file.write_text(medmm_command("reports", "show", 1, "--text").stdout)
    return file


def changed(file: Path, *pairs: tuple[str, str]) -> Path:
    text = file.read_text()
    for before, after in pairs:
        assert before in text
        text = text.replace(before, after)
    file.write_text(text)
    return file


def test_the_life_of_a_report(medmm_command: Medmm, small_study: Path, tmp_path: Path) -> None:
    file = draft_file(medmm_command, tmp_path, small_study, "--no-rag", "--indication", "Cough")
    first = medmm_command.json("reports", "show", 1)
    assert file.read_text().startswith("#: report 1, version 1\n# Indication\n[s1] Cough.\n")
    same = medmm_command("reports", "edit", 1, file, code=3)
    assert "changes nothing" in same.stderr

    changed(
        file,
        ("[s1] Cough.", "[s1] Haemoptysis for six weeks."),
        ("The right lung measures", "The left lung measures"),
        ("# Impression\n", "There is a zebraoid shadow.\n# Impression\n"),
        ("[s3] The header names no contrast agent.\n", ""),
    )
    made = medmm_command.json(
        "reports", "edit", 1, file, "--author", "Dr. Lee", "--reason", "After the round"
    )
    assert (made["version"], made["based_on"], made["status"]) == (2, 1, "draft")
    kinds = {one["statement"]: one["kind"] for one in made["edits"]}
    new = next(name for name, kind in kinds.items() if kind == "new")
    assert (kinds["s1"], kinds["s2"], kinds["s3"]) == ("changed", "kept", "deleted")
    second = medmm_command.json("reports", "show", 1)
    before, after = statements(first), statements(second)
    kept = [name for name, kind in kinds.items() if kind == "kept"]
    assert kept
    assert all(before[name] == after[name] for name in kept)
    assert after[new]["state"] == after["s1"]["state"] == "written"
    assert after["s1"]["evidence"][0] == {
        "kind": "clinician", "ref": "Dr. Lee", "text": "written in version 2",
    }  # fmt: skip
    # The edited sentence is checked again: the left lung does not measure what the right one does.
    wrong = next(name for name, kind in kinds.items() if kind == "changed" and name != "s1")
    said = {(one["statement"], one["check"]): one["result"] for one in second["checks"]}
    assert "fail" in {result for (name, _), result in said.items() if name == wrong}
    assert not [one for one in second["checks"] if one["statement"] == "s3"]
    assert statements(medmm_command.json("reports", "show", 1, "--version", 1)) == before

    told = medmm_command("reports", "show", 1).stdout
    assert told.startswith("Report 1, version 2 by Dr. Lee at ")
    assert "After the round" in told
    assert "Versions: 1 by medmm, 2 by Dr. Lee" in told

    difference = medmm_command("reports", "diff", 1, 1, 2).stdout
    assert "~ [s1] [-Cough-]{+Haemoptysis for six weeks+}." in difference
    assert "The [-right-]{+left+} lung measures" in difference
    assert f"+ [{new}] {{+There is a zebraoid shadow.+}}" in difference
    assert "- [s3] [-The header names no contrast agent.-]" in difference
    rows = medmm_command.json("reports", "diff", 1, 1, 2)["statements"]
    assert {row["kind"] for row in rows} == {"kept", "changed", "new", "deleted"}

    assert [hit["id"] for hit in search(medmm_command, "zebraoid")] == [1]
    assert search(medmm_command, "contrast") == []

    overtaken(medmm_command, file)
    handed_on_and_cancelled(medmm_command, file)
    assert medmm_command.json("db", "check", "--hashes")["ok"]


def search(medmm_command: Medmm, words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = medmm_command.json("reports", "search", words)["reports"]
    return found


def overtaken(medmm_command: Medmm, file: Path) -> None:
    """Who edited version 1 while version 2 came is told, and keeps the file."""
    text = changed(file, ("zebraoid", "striped")).read_text()
    told = medmm_command("reports", "edit", 1, file, code=3)
    assert told.stdout == ""
    assert "Version 1 of report 1" in told.stderr
    assert "version 2 came first" in told.stderr
    assert "medmm reports diff 1 1 2" in told.stderr
    assert file.read_text() == text
    file.write_text(medmm_command("reports", "show", 1, "--text").stdout)
    edited = changed(file, ("zebraoid", "striped")).read_text()
    made = subprocess.run(
        medmm_command.command("reports", "edit", 1, "-"),
        input=edited, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "Recorded version 3 of report 1" in made.stdout


def handed_on_and_cancelled(medmm_command: Medmm, file: Path) -> None:
    refused = medmm_command("reports", "hand-on", 1, "--author", "medmm", code=2)
    assert "machine" in refused.stderr
    handed = medmm_command.json("reports", "hand-on", 1, "--author", "Dr. Lee")
    assert handed == {"report_id": 1, "status": "preliminary"}
    assert "cannot become" in medmm_command("reports", "hand-on", 1, code=3).stderr
    assert "no reason" in medmm_command("reports", "cancel", 1, "--reason", " ", code=2).stderr
    medmm_command("reports", "cancel", 1, "--reason", "Wrong study", "--author", "Dr. Ray")
    told = history(medmm_command)
    versions = [(one["version"], one["author"].partition(":")[0]) for one in told["versions"]]
    assert versions == [(1, "medmm"), (2, "Dr. Lee"), (3, "console")]
    changes = told["statuses"]
    assert [(one["status"], one["author"], one["reason"]) for one in changes] == [
        ("preliminary", "Dr. Lee", ""),
        ("cancelled", "Dr. Ray", "Wrong study"),
    ]
    assert "Wrong study" in medmm_command("reports", "history", 1).stdout
    assert medmm_command.json("reports", "list")["reports"][0]["status"] == "cancelled"
    closed = medmm_command("reports", "edit", 1, changed(file, ("version 2", "version 3")), code=3)
    assert "is cancelled and cannot be edited" in closed.stderr


def history(medmm_command: Medmm) -> dict[str, Any]:
    return medmm_command.json("reports", "history", 1)


def test_a_bad_file_changes_nothing(
    medmm_command: Medmm, small_study: Path, tmp_path: Path
) -> None:
    file = draft_file(medmm_command, tmp_path, small_study, "--no-rag")
    before = history(medmm_command)
    text = file.read_bytes()
    bad = {
        "Line 2 ": text.replace(b"# ", b"## ", 1),
        "no UTF-8": text + b"M\xfcller\n",
        "cannot be seen": text + "no \u202enodule\n".encode(),
        "not from report 1": text.replace(b"report 1", b"report 2") + b"A nodule.\n",
    }
    for told, data in bad.items():
        file.write_bytes(data)
        ran = medmm_command("reports", "edit", 1, file, code=3)
        assert told in ran.stderr
        assert len(ran.stderr.strip().splitlines()) == 1
    assert "cannot be read" in medmm_command("reports", "edit", 1, tmp_path / "no", code=3).stderr
    medmm_command("reports", "diff", 1, 1, 2, code=3)
    assert history(medmm_command) == before


def test_an_edit_of_a_compared_report_fails_no_check_for_the_priors_absence(
    medmm_command: Medmm, small_study: Path, tmp_path: Path
) -> None:
    earlier = earlier_study(tmp_path / "earlier", "MEDMM-DEMO")
    file = draft_file(medmm_command, tmp_path, small_study, "--prior", earlier, "--no-rag")
    number = json.loads(medmm_command("reports", "list", "--json").stdout)["reports"][0]["id"]
    text = medmm_command("reports", "show", number, "--text").stdout
    words = "The right lung has grown since the prior study."
    file.write_text(text.replace("# Impression\n", f"{words}\n# Impression\n"))
    made = medmm_command.json("reports", "edit", number, file)
    (new,) = [one["statement"] for one in made["edits"] if one["kind"] == "new"]
    said = {one["check"]: one for one in made["checks"] if one["statement"] == new}
    assert said["comparison"]["result"] == "cannot tell"
    assert "prior study is not at hand" in said["comparison"]["reason"]
