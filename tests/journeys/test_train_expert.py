"""`medmm train expert`: a recipe in small, killed on the way, ends with weights and card."""

import csv
import json
import os
import shutil
import signal
import subprocess
import tomllib
from pathlib import Path

import pytest

from expert_models.cards import load_card
from tests.conftest import Medmm

WHOLE = {"OMP_NUM_THREADS": "1"}
FILES = {
    "lungs.safetensors", "lungs.onnx", "gate.safetensors", "gate.onnx", "doubt.json", "card.toml",
    "split.csv", "outcomes.csv", "gate.csv", "curves.csv", "curves.png", "risk_coverage.csv",
    "risk_coverage.png",
}  # fmt: skip


@pytest.fixture(scope="session")
def few_films(data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some children of every part and some adults of every fold."""
    from expert_models.cxr_lungs.recipe.films import read_films

    films = [one for one in read_films(data_folder) if one.mask is not None]
    wanted = {"train": 10, "tune": 3, "test": 4, "0": 2, "1": 2, "2": 2}
    chosen: set[str] = set()
    for part, count in wanted.items():
        of_part = [one.name for one in films if one.part == part and one.trusted]
        chosen.update(of_part[:count])
    folder = tmp_path_factory.mktemp("few-films")
    for name in ("cxr_children", "cxr_adult"):
        (folder / name / "images").mkdir(parents=True)
        (folder / name / "masks").mkdir()
        with (data_folder / name / "index.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        kept = [row for row in rows if Path(row["file"]).stem in chosen]
        with (folder / name / "index.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(kept)
        for row in kept:
            for column in ("file", "mask"):
                shutil.copy(data_folder / name / row[column], folder / name / row[column])
    return folder


def arguments(data: Path, out: Path, *more: str) -> list[str]:
    return ["train", "expert", "cxr_lungs", "--data", str(data), "--out", str(out),
            "--shorten", "250", *more]  # fmt: skip


def test_a_recipe_that_is_killed_goes_on_to_the_same_weights_and_card(
    medmm_command: Medmm, few_films: Path, tmp_path: Path
) -> None:
    env = os.environ | WHOLE
    cut, whole = tmp_path / "cut", tmp_path / "whole"
    running = subprocess.Popen(
        medmm_command.command(*arguments(few_films, cut)),
        env=env, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert running.stderr is not None
    for line in running.stderr:
        if line.startswith("all: step"):  # the base is done, the rest is not
            break
    running.send_signal(signal.SIGKILL)
    running.wait()
    running.stderr.close()
    assert (cut / "base" / "state.pt").is_file()
    assert not (cut / "card.toml").exists()

    again = medmm_command(*arguments(few_films, cut), code=3, env=env)
    assert "--resume" in again.stderr
    medmm_command(*arguments(few_films, cut, "--resume"), env=env, timeout=600)
    made = medmm_command.json(*arguments(few_films, whole), env=env, timeout=600)

    assert {Path(path).name for path in made["files"]} == FILES
    for name in FILES - {"curves.png", "risk_coverage.png"}:
        assert (cut / name).read_bytes() == (whole / name).read_bytes(), name
    card = load_card(whole / "card.toml")
    assert card.name == "cxr_lungs"
    assert card.figures
    assert len(card.weights) == 5
    table = tomllib.loads((whole / "card.toml").read_text())
    assert any("held-out children" in figure["data"] for figure in table["figures"])
    assert json.loads((whole / "doubt.json").read_text())["features"]
    with (whole / "split.csv").open(newline="") as file:
        parts = {row["part"] for row in csv.DictReader(file)}
    assert parts == {"train", "tune", "test", "0", "1", "2"}


def test_ctrl_c_keeps_the_checkpoint_and_says_how_to_go_on(
    medmm_command: Medmm, few_films: Path, tmp_path: Path
) -> None:
    running = subprocess.Popen(
        medmm_command.command(*arguments(few_films, tmp_path / "out")),
        env=os.environ | WHOLE, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert running.stderr is not None
    for line in running.stderr:
        if line.startswith("base: step"):
            break
    running.send_signal(signal.SIGINT)
    told = running.stderr.read()
    running.stderr.close()
    assert running.wait() == 130
    assert "--resume" in told
    assert (tmp_path / "out" / "base" / "state.pt").is_file()


def test_data_that_lack_something_are_refused_in_a_line(
    medmm_command: Medmm, tmp_path: Path
) -> None:
    told = medmm_command(*arguments(tmp_path, tmp_path / "out"), code=3).stderr
    assert "index.csv cannot be read" in told
    assert len(told.strip().splitlines()) <= 2
    told = medmm_command(*arguments(tmp_path / "absent", tmp_path / "out2"), code=3).stderr
    assert "is no folder" in told


def test_an_expert_without_a_recipe_is_told_which_have_one(
    medmm_command: Medmm, tmp_path: Path
) -> None:
    told = medmm_command(
        "train", "expert", "ct_lungs", "--data", tmp_path, "--out", tmp_path / "out", code=3
    ).stderr
    assert "cxr_lungs" in told
