"""An expert's recipe run by name."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from medmm import plugins
from medmm.errors import InputError, MissingError
from medmm.seams import Recipe

NEEDED = ("torch", "monai", "safetensors", "onnx", "matplotlib", "tomli_w")


def train_expert(
    name: str,
    data: Path,
    out: Path,
    *,
    resume: bool = False,
    shorten: int = 1,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Train an expert and name the files that it wrote.

    Raises:
        PluginError: no recipe has that name.
        MissingError: a library that training needs is not installed.
        InputError: the data lack something, or ``out`` holds another training.
    """
    # Threads that spin while they wait cost a factor of five where anything else runs.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    recipe: Recipe = plugins.load_one("medmm.recipes", name)
    _need_libraries()
    if not data.is_dir():
        raise InputError(f"{data} is no folder.", "Give --data the folder that holds the data.")
    if not resume and out.is_dir() and any(out.iterdir()):
        raise InputError(
            f"{out} is not empty.", "Give --resume to go on with it, or --out another folder."
        )
    out.mkdir(parents=True, exist_ok=True)
    files = recipe.train(data, out, shorten=shorten, progress=progress)
    return {"expert": name, "files": [str(path.absolute()) for path in files]}


def _need_libraries() -> None:
    from importlib.util import find_spec

    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise MissingError(
            f"Training needs {', '.join(missing)}, which is not installed here.",
            "Install them: pip install 'medmm[train]'.",
        )
