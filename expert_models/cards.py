"""Experts' cards: TOML files that lie beside the code, read into the noun."""

import tomllib
from importlib.resources.abc import Traversable
from typing import Any

from medmm.errors import PluginError
from medmm.nouns import Card, Code, Cost, Figure

_TEXTS = ("name", "version", "task", "status", "needs", "training_data", "licence", "calibration")
_LISTS = (
    "modalities",
    "body_parts",
    "outputs",
    "assesses",
    "failures",
    "refusals",
    "references",
)


def load_card(source: Traversable) -> Card:
    """The card in a TOML file (a path, or a resource of a package).

    Raises:
        PluginError: the file is missing, is no TOML, or lacks a field that every card has.
    """
    try:
        data = tomllib.loads(source.read_text(encoding="utf-8"))
        return Card(
            **{name: str(data[name]) for name in _TEXTS},  # type: ignore[arg-type]
            **{name: tuple(str(item) for item in data[name]) for name in _LISTS},  # type: ignore[arg-type]
            codes=tuple(Code(**code) for code in data["codes"]),
            figures=tuple(_figure(figure) for figure in data["figures"]),
            cost=Cost(**data["cost"]),
            weights=dict(data.get("weights", {})),
        )
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise PluginError(
            f"The card {source.name} cannot be used: {type(error).__name__}: {error}.",
            "Reinstall the package that brings it, or complete the card.",
        ) from error


def _figure(data: dict[str, Any]) -> Figure:
    interval = data.pop("interval", None)
    return Figure(**data, interval=tuple(interval) if interval else None)
