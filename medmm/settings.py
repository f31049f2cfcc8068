"""Settings: flags, then MEDMM_* variables, then <home>/settings.toml, then defaults."""

import os
from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from medmm.errors import HomeError


class Settings(BaseSettings):
    """Everything that can be set: field ``vlm`` is the variable MEDMM_VLM and the key ``vlm``.

    ``database_url`` empty means SQLite in the home; ``models`` empty means ``<home>/models``;
    ``index`` empty leaves the choice to the knowledge floor. ``ingest_folders`` are folders of this
    machine from which users of the page may take studies in.
    """

    model_config = SettingsConfigDict(env_prefix="MEDMM_", extra="ignore")

    home: Path
    database_url: str = ""
    models: Path | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    vlm: str = ""
    vlm_url: str = ""
    vlm_model: str = ""
    vlm_api_key: str = ""
    allow_hosts: tuple[str, ...] = ()
    embedder: str = "minilm"
    index: Literal["", "chroma", "exact", "pgvector"] = ""
    audit_head: Path | None = None
    listen_ae: str = "MEDMM"
    listen_port: int = 11112
    peers: tuple[str, ...] = ()
    ingest_folders: tuple[Path, ...] = ()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags beat variables beat the home's file; no dotenv, no secrets folder."""
        arguments = init_settings()
        file = Path(arguments["home"]) / "settings.toml"
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, file))


def default_home() -> Path:
    """MEDMM_HOME, else the platform's user data folder."""
    named = os.environ.get("MEDMM_HOME")
    return Path(named) if named else Path(platformdirs.user_data_dir("medmm", appauthor=False))


def load(home: Path | None = None) -> Settings:
    """Settings for a home.

    Raises:
        HomeError: settings.toml or a MEDMM_ variable has a value that does not fit.
    """
    folder = (home or default_home()).expanduser().absolute()
    try:
        return Settings(home=folder)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}"
            for item in error.errors()
        )
        raise HomeError(
            f"The settings of {folder} do not fit: {wrong}.",
            "Mend settings.toml there or the MEDMM_ variable.",
        ) from error
    except ValueError as error:
        raise HomeError(
            f"{folder / 'settings.toml'} is not valid TOML: {error}.", "Mend or remove it."
        ) from error
    except OSError as error:
        raise HomeError(f"{folder / 'settings.toml'} cannot be read: {error.strerror}.") from error
