"""The card and the names of the weights; reading it costs no heavy import."""

from functools import cache
from importlib.resources import files

from expert_models.cards import load_card
from medmm.nouns import Card

PACKAGE = "expert_models.cxr_lungs"
LUNGS, GATE = "weights/lungs.onnx", "weights/gate.onnx"


@cache
def card() -> Card:
    """The card beside this module."""
    return load_card(files(PACKAGE) / "card.toml")
