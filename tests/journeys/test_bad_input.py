"""Bad input: one line that helps, the right exit code, and nothing lost."""

import os
import shutil
import signal
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest

from tests.conftest import Medmm


@pytest.fixture
def study_copy(small_study: Path, tmp_path: Path) -> Path:
    """The small study in a folder that a test may spoil."""
    return Path(shutil.copytree(small_study, tmp_path / "study"))


def some_file(folder: Path) -> Path:
    return sorted(path for path in folder.rglob("*") if path.is_file())[7]


def empty_folder(folder: Path) -> str:
    shutil.rmtree(folder)
    folder.mkdir()
    return "empty"


def only_a_text_file_named_dcm(folder: Path) -> str:
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "scan.dcm").write_text("Dear colleague, the scan is on the disc.\n")
    return "scan.dcm"


def a_truncated_slice(folder: Path) -> str:
    path = some_file(folder)
    path.write_bytes(path.read_bytes()[:-5000])
    return path.name


def two_patients_in_one_series(folder: Path) -> str:
    path = some_file(folder)
    dataset = pydicom.dcmread(path)
    dataset.PatientID = "SOMEBODY-ELSE"
    dataset.save_as(path)
    return "SOMEBODY-ELSE"


def a_missing_slice(folder: Path) -> str:
    files = [path for path in folder.rglob("*") if path.is_file()]
    by_position = sorted(
        files, key=lambda path: float(pydicom.dcmread(path).ImagePositionPatient[2])
    )
    by_position[len(files) // 2].unlink()
    return "missing"


def a_zip_of_nothing(folder: Path) -> str:
    shutil.rmtree(folder)
    folder.mkdir()
    with zipfile.ZipFile(folder / "disc.zip", "w"):
        pass
    return "disc.zip"


@pytest.mark.parametrize(
    "spoil",
    [
        empty_folder,
        only_a_text_file_named_dcm,
        a_truncated_slice,
        two_patients_in_one_series,
        a_missing_slice,
        a_zip_of_nothing,
    ],
)
@pytest.mark.parametrize("command", ["draft", "ingest", "convert"])
def test_refused_input_is_exit_3_with_a_helpful_line_and_changes_nothing(
    spoil: Callable[[Path], str],
    command: str,
    study_copy: Path,
    medmm_command: Medmm,
    tmp_path: Path,
) -> None:
    word = spoil(study_copy)
    arguments = [command, study_copy, *([tmp_path / "out"] if command == "convert" else [])]
    ran = medmm_command(*arguments, code=3)
    told = ran.stdout + ran.stderr
    assert word in told
    assert len(ran.stderr.strip().splitlines()) <= 2
    assert medmm_command.json("studies")["studies"] == []
    assert medmm_command.json("reports", "list")["reports"] == []


def test_one_broken_series_beside_a_good_one_is_exit_4_and_the_good_one_is_kept(
    study_copy: Path, small_study: Path, medmm_command: Medmm
) -> None:
    second = study_copy / "second"
    second.mkdir()
    for path in sorted(small_study.rglob("*")):
        if path.is_file():
            dataset = pydicom.dcmread(path)
            dataset.SeriesInstanceUID += ".9"
            dataset.SOPInstanceUID += ".9"
            dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
            dataset.save_as(second / path.name)
    a_truncated_slice(second)
    document = medmm_command.json("ingest", study_copy, code=4)
    assert sorted(series["verdict"] for series in document["series"]) == ["refused", "usable"]
    draft = medmm_command.json("draft", document["studies"][0]["id"], code=4)
    assert draft["measurements"]


def test_a_path_that_is_not_there_is_said(medmm_command: Medmm) -> None:
    ran = medmm_command("draft", "no/such/folder", code=3)
    assert "no/such/folder" in ran.stderr


def test_an_image_without_a_modality_names_the_flag(medmm_command: Medmm, tmp_path: Path) -> None:
    from PIL import Image

    Image.new("L", (64, 64), 90).save(tmp_path / "film.png")
    ran = medmm_command("draft", tmp_path / "film.png", code=3)
    assert "--modality" in ran.stderr
    medmm_command("draft", tmp_path / "film.png", "--modality", "DX", "--body-part", "CHEST")


def test_a_home_that_is_read_only_is_exit_5(medmm_command: Medmm, small_study: Path) -> None:
    medmm_command("ingest", small_study)
    home = medmm_command.home
    script = f'mount --bind {home} {home} && mount -o remount,bind,ro {home} && exec "$@"'
    ran = medmm_command(
        "draft", small_study, code=5, before=["unshare", "-rm", "sh", "-c", script, "sh"]
    )
    assert "read-only" in ran.stderr.lower()
    assert len(ran.stderr.strip().splitlines()) <= 2
    assert len(medmm_command.json("studies")["studies"]) == 1


def test_a_full_disk_is_exit_5_and_what_was_done_is_kept(
    medmm_command: Medmm, small_study: Path, tmp_path: Path
) -> None:
    """In a mount namespace: fill a small tmpfs home, see the error, free space, go on."""
    script = f"""
        set -eu
        mkdir -p {medmm_command.home}
        mount -t tmpfs -o size=40m tmpfs {medmm_command.home}
        "$MEDMM" db upgrade --home {medmm_command.home} >/dev/null
        dd if=/dev/zero of={medmm_command.home}/filler bs=1M count=38 2>/dev/null || true
        code=0; "$MEDMM" draft {small_study} --home {medmm_command.home} || code=$?
        test $code = 5
        rm {medmm_command.home}/filler
        "$MEDMM" draft {small_study} --home {medmm_command.home} --json >{tmp_path}/draft.json
        "$MEDMM" db check --home {medmm_command.home}
    """
    ran = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "MEDMM": medmm_command.command()[0]},
    )
    assert ran.returncode == 0, ran.stderr
    assert "No space left" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_database_behind_its_migrations_is_exit_5_until_upgraded(
    medmm_command: Medmm,
) -> None:
    import sqlite3

    medmm_command("db", "upgrade")
    with sqlite3.connect(medmm_command.home / "medmm.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    connection.close()
    ran = medmm_command("studies", code=5)
    assert len(ran.stderr.strip().splitlines()) <= 2


def test_two_processes_ingesting_at_once_agree(medmm_command: Medmm, small_study: Path) -> None:
    commands = [medmm_command.command("ingest", small_study, "--json") for _ in range(3)]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for command in commands
    ]
    for process in running:
        _, error = process.communicate(timeout=300)
        assert process.returncode == 0, error
    assert len(medmm_command.json("studies")["studies"]) == 1
    assert medmm_command.json("db", "check")["ok"]


def test_ctrl_c_in_mid_draft_is_130_and_records_nothing(
    medmm_command: Medmm, small_study: Path
) -> None:
    medmm_command("ingest", small_study)
    process = subprocess.Popen(
        medmm_command.command("draft", 1, "-v"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    first = process.stderr.readline()  # the first progress line: it is under way
    assert first
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Run the same command again" in error
    assert "Traceback" not in error
    assert medmm_command.json("reports", "list")["reports"] == []
    medmm_command("draft", 1)
