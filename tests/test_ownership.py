"""The packages with common names are proved to be medmm's own."""

import subprocess
import sys
from pathlib import Path

import pytest

from medmm import ownership
from medmm.errors import MissingError


def test_our_own_packages_pass() -> None:
    ownership.check_packages()


@pytest.mark.parametrize("name", ownership.PACKAGES)
def test_a_module_file_in_the_way_is_named(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoy = tmp_path / f"{name}.py"
    decoy.write_text("raise SystemExit('the decoy ran')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingError, match=str(decoy)):
        ownership.check_packages()


def test_a_folder_of_another_owner_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ui").mkdir()
    (tmp_path / "ui" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingError, match="ui"):
        ownership.check_packages()


def test_the_command_says_it_in_one_line_and_runs_no_decoy(tmp_path: Path) -> None:
    (tmp_path / "rag.py").write_text("raise SystemExit('the decoy ran')")
    ran = subprocess.run(
        [sys.executable, "-m", "medmm", "studies"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 3
    assert ran.stdout == ""
    assert len(ran.stderr.strip().splitlines()) == 1
    assert "rag.py" in ran.stderr
    assert "decoy ran" not in ran.stderr
