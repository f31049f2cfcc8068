"""Weights on disk against the sha256 that a card names; checked before they are ever used."""

from importlib import resources
from pathlib import Path

from medmm.home import file_sha256
from medmm.seams import Embedder, Expert


def weight_problems(expert: Expert | Embedder) -> list[str]:
    """A sentence for each weight file of the card that is missing or has other bytes.

    Files are named relative to the package of the expert's own module.
    """
    package = type(expert).__module__
    problems = []
    for name, expected in expert.card.weights.items():
        path = Path(str(resources.files(package.rpartition(".")[0] or package) / name))
        if not path.is_file():
            problems.append(f"{path} is missing; reinstall what brought it.")
        elif file_sha256(path) != expected:
            problems.append(f"{path} has other bytes than its card says; do not use it.")
    return problems
