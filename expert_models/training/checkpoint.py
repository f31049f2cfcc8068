"""A training's state on disk: written beside and renamed, read back as tensors only."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from medmm.errors import InputError


def write(path: Path, state: Mapping[str, Any]) -> None:
    """Replace the checkpoint by a new one; a kill leaves the old or the new."""
    import torch

    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        torch.save(dict(state), file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def read(path: Path, same: Mapping[str, Any]) -> dict[str, Any] | None:
    """The checkpoint, or None if there is none; tensors and plain values only, never code.

    Raises:
        InputError: it is damaged, or differs from ``same`` and so belongs to another training.
    """
    import torch

    if not path.is_file():
        return None
    try:
        saved: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        other = {name: saved[name] for name in same if saved[name] != same[name]}
    except Exception as error:  # torch raises many kinds on damaged files
        raise InputError(
            f"{path} is no checkpoint: {type(error).__name__}.", "Delete it to begin again."
        ) from error
    if other:
        raise InputError(
            f"{path} belongs to another training ({other} instead of {dict(same)}).",
            "Give --out another folder, or delete this one.",
        )
    return saved
