"""The experts that are here: their cards as documents, and the proof of their weights."""

from dataclasses import asdict
from typing import Any

from medmm import plugins
from medmm.seams import Expert

Document = dict[str, Any]


def models_document() -> Document:
    """Every expert in a line, and the plug-ins that cannot be used."""
    experts, problems = plugins.load_all("medmm.experts")
    return {
        "models": [
            {
                "name": expert.card.name,
                "kind": "expert",
                "version": expert.card.version,
                "status": expert.card.status,
                "modalities": list(expert.card.modalities),
                "body_parts": list(expert.card.body_parts),
                "task": expert.card.task,
            }
            for expert in experts.values()
        ],
        "problems": [
            {"name": problem.name, "distribution": problem.distribution, "reason": problem.reason}
            for problem in problems
        ],
    }


def card_document(name: str) -> Document:
    """One expert's card.

    Raises:
        PluginError: it is unknown or broken.
    """
    expert: Expert = plugins.load_one("medmm.experts", name)
    return asdict(expert.card)


def verify_document() -> Document:
    """Whether each expert's weights have the sha256 that its card names."""
    experts, problems = plugins.load_all("medmm.experts")
    models = [_verified(name, expert) for name, expert in experts.items()]
    models += [
        {"name": problem.name, "ok": False, "weights": [], "reason": problem.reason}
        for problem in problems
    ]
    return {"models": models}


def _verified(name: str, expert: Expert) -> Document:
    from medmm.weights import weight_problems

    declared = expert.card.weights
    if not declared:
        return {
            "name": name,
            "ok": True,
            "weights": [],
            "reason": "a classical method: it has no weights",
        }
    wrong = weight_problems(expert)
    return {
        "name": name,
        "ok": not wrong,
        "weights": [{"file": file, "sha256": value} for file, value in declared.items()],
        "reason": " ".join(wrong) or f"{len(declared)} file(s) as the card says",
    }
