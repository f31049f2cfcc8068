"""The models that are here: their cards as documents, and the proof of their weights."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from medmm import plugins
from medmm.seams import Embedder, Expert

Document = dict[str, Any]


KINDS = {"expert": "medmm.experts", "embedder": "medmm.embedders"}
"""Parts that have a card, by what they are, with their entry points' group."""


def models_document() -> Document:
    """Every expert and embedder in a line, and the plug-ins that cannot be used."""
    models, problems = [], []
    for kind, group in KINDS.items():
        parts, broken = plugins.load_all(group)
        models += [_line(kind, part) for part in parts.values()]
        problems += [
            {"name": one.name, "distribution": one.distribution, "reason": one.reason}
            for one in broken
        ]
    return {"models": models, "problems": problems}


def card_document(name: str) -> Document:
    """The card of one expert or embedder.

    Raises:
        PluginError: it is unknown or broken.
    """
    embedders = {plugin.name for plugin in plugins.found(KINDS["embedder"])}
    kind = "embedder" if name in embedders else "expert"
    part: Expert | Embedder = plugins.load_one(KINDS[kind], name)
    return asdict(part.card)


def verify_document() -> Document:
    """Whether everybody's weights have the sha256 that the card names."""
    models: list[Document] = []
    for group in KINDS.values():
        parts, problems = plugins.load_all(group)
        models += [_verified(name, part) for name, part in parts.items()]
        models += [
            {"name": problem.name, "ok": False, "weights": [], "reason": problem.reason}
            for problem in problems
        ]
    return {"models": models}


def _line(kind: str, part: Expert | Embedder) -> Document:
    card = part.card
    return {
        "name": card.name,
        "kind": kind,
        "version": card.version,
        "status": card.status,
        "modalities": list(card.modalities),
        "body_parts": list(card.body_parts),
        "task": card.task,
    }


def _verified(name: str, part: Expert | Embedder) -> Document:
    from medmm.weights import weight_problems

    declared = part.card.weights
    if not declared:
        return {
            "name": name,
            "ok": True,
            "weights": [],
            "reason": "a classical method: it has no weights",
        }
    # Who keeps weights elsewhere than beside its module looks for itself.
    own: Callable[[], list[str]] | None = getattr(part, "verify", None)
    wrong = own() if own is not None else weight_problems(part)
    return {
        "name": name,
        "ok": not wrong,
        "weights": [{"file": file, "sha256": value} for file, value in declared.items()],
        "reason": " ".join(wrong) or f"{len(declared)} file(s) as the card says",
    }
