"""Settings come from flags, then variables, then the home's file, then defaults."""

from pathlib import Path

import pytest

from medmm import settings
from medmm.errors import HomeError


def test_the_file_beats_the_default(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('log_level = "DEBUG"\n')
    assert settings.load(tmp_path).log_level == "DEBUG"


def test_a_variable_beats_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "settings.toml").write_text('log_level = "DEBUG"\n')
    monkeypatch.setenv("MEDMM_LOG_LEVEL", "ERROR")
    assert settings.load(tmp_path).log_level == "ERROR"


def test_a_named_home_beats_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDMM_HOME", str(tmp_path / "other"))
    assert settings.load(tmp_path / "mine").home == tmp_path / "mine"
    assert settings.load().home == tmp_path / "other"


@pytest.mark.parametrize(
    ("text", "word"),
    [('log_level = "LOUD"', "log_level"), ("listen_port = [1]", "listen_port"), ("= 3", "TOML")],
)
def test_a_setting_that_does_not_fit_is_named(tmp_path: Path, text: str, word: str) -> None:
    (tmp_path / "settings.toml").write_text(text + "\n")
    with pytest.raises(HomeError, match=word) as caught:
        settings.load(tmp_path)
    assert str(tmp_path) in str(caught.value)
