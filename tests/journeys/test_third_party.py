"""A real installed third-party package adds an expert and an exporter, and is seen at work."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, Medmm

PACKAGE = REPOSITORY / "tests" / "third_party" / "body_volume"

BROKEN = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "medmm-broken"
version = "1.0"

[project.entry-points."medmm.experts"]
broken = "broken_expert:Broken"
"""


def install(package: Path, folder: Path) -> None:
    """A wheel install, as a user does it, into a folder that PYTHONPATH names."""
    subprocess.run(
        [
            sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
            "--no-deps", "--no-build-isolation", "--no-index", "--target", str(folder),
            str(package),
        ],
        check=True, capture_output=True,
    )  # fmt: skip


@pytest.fixture(scope="session")
def plugin_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plugins")
    install(PACKAGE, folder)
    return folder


def with_folder(*folders: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(str(folder) for folder in folders)}


def test_its_expert_measures_in_a_draft_and_its_exporter_writes(
    plugin_folder: Path, medmm_command: Medmm, small_study: Path, tmp_path: Path
) -> None:
    env = with_folder(plugin_folder)
    listed = medmm_command.json("models", "list", env=env)["models"]
    assert "body_volume" in {model["name"] for model in listed}

    draft = medmm_command.json("draft", small_study, env=env)
    ran = {run["name"]: run["status"] for run in draft["experts"]}
    assert ran["body_volume"] == "ran"
    [volume] = [item for item in draft["measurements"] if item["expert"] == "body_volume"]
    told = [
        statement["text"]
        for section in draft["sections"]
        for statement in section["statements"]
        if any(evidence["ref"] == volume["id"] for evidence in statement["evidence"])
    ]
    assert told, "what a third party measured must be said"

    out = tmp_path / "report.csv"
    medmm_command("export", draft["report_id"], "--to", "csv", out, env=env)
    assert f"volume,{volume['value']}" in out.read_text()


def test_without_the_package_nothing_of_it_is_left(medmm_command: Medmm) -> None:
    listed = medmm_command.json("models", "list")["models"]
    assert "body_volume" not in {model["name"] for model in listed}


@pytest.mark.parametrize(
    "source",
    [
        "import no_such_library\n",
        "class Broken: pass\n",
        "Broken = 1 / 0\n",
        "raise SystemExit(3)\n",
    ],
)
def test_a_broken_plug_in_is_reported_and_the_draft_goes_on(
    source: str, medmm_command: Medmm, small_study: Path, tmp_path: Path
) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "pyproject.toml").write_text(BROKEN)
    (package / "broken_expert.py").write_text(source)
    (package / "medmm_broken.py").write_text("")
    (package / "pyproject.toml").write_text(
        BROKEN + '\n[tool.hatch.build.targets.wheel]\ninclude = ["*.py"]\n'
    )
    folder = tmp_path / "site"
    install(package, folder)
    env = with_folder(folder)
    draft = medmm_command.json("draft", small_study, env=env)
    assert any("medmm-broken" in warning for warning in draft["warnings"])
    assert any(run["status"] == "ran" for run in draft["experts"])
    document = medmm_command.json("doctor", code=3, env=env)
    assert any("medmm-broken" in check["told"] for check in document["checks"])


def test_two_plug_ins_with_one_name_are_both_named(
    plugin_folder: Path, medmm_command: Medmm, small_study: Path, tmp_path: Path
) -> None:
    package = tmp_path / "package"
    package.mkdir()
    text = (PACKAGE / "pyproject.toml").read_text().replace("medmm-body-volume", "rival-volume")
    text = text.replace('"body_volume:', '"rival_volume:').replace('"body_volume.py"', '"*.py"')
    (package / "pyproject.toml").write_text(text)
    (package / "rival_volume.py").write_text((PACKAGE / "body_volume.py").read_text())
    folder = tmp_path / "site"
    install(package, folder)
    draft = medmm_command.json("draft", small_study, env=with_folder(plugin_folder, folder))
    [warning] = [text for text in draft["warnings"] if "body_volume" in text]
    assert "medmm-body-volume" in warning
    assert "rival-volume" in warning
