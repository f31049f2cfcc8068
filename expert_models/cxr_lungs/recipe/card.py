"""The card: its texts as they were written, its figures and rates as they were measured."""

import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expert_models.cxr_lungs.recipe import figures
from expert_models.cxr_lungs.recipe.gate_schedule import Seen

if TYPE_CHECKING:
    from expert_models.cxr_lungs.recipe.recipe import Measured
    from expert_models.cxr_lungs.recipe.schedule import Schedule

COMMAND = "medmm train expert cxr_lungs --data DATA --out OUT"
WEIGHTS = "weights/"


def write(
    path: Path,
    hashes: Mapping[str, str],
    measured: "Measured",
    seen: Sequence[Seen],
    plan: "Schedule",
) -> None:
    """Write ``card.toml``; the texts are those of ``card_text.toml`` beside this module."""
    import tomli_w

    text = (files("expert_models.cxr_lungs.recipe") / "card_text.toml").read_text("utf-8")
    card: dict[str, Any] = tomllib.loads(text)
    steps = f" Schedule: {plan.base} + {plan.all} steps (folds {plan.fold}) of {plan.batch} films."
    card["training_data"] += steps
    card["refusals"] = [*figures.rates(seen), *card["refusals"]]
    card["weights"] = {f"{WEIGHTS}{name}": digest for name, digest in hashes.items()}
    card["figures"] = [
        *figures.dice_figures(measured.children, figures.CHILDREN, COMMAND),
        *figures.dice_figures(measured.adults, figures.ADULTS, COMMAND),
        *figures.dice_figures(measured.trained, figures.TRAINED, COMMAND)[:1],
        *figures.doubt_figures(measured.children, "held-out children", COMMAND),
        *figures.doubt_figures(measured.adults, "adults, cross-validated", COMMAND),
        *card["figures"],
    ]
    path.write_text(tomli_w.dumps(card, multiline_strings=False), encoding="utf-8")
