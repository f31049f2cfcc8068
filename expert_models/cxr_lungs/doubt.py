"""How sure the net may be of a lung: an estimate of its Dice from what the passes show."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from expert_models.cxr_lungs.segmentation import Passes

FEATURES = (
    "softness",
    "disagreement",
    "worst disagreement",
    "pieces",
    "lopsided",
    "small",
    "bright",
    "brighter than the other",
)


@dataclass(frozen=True)
class DoubtModel:
    """A straight line from standardised features to log(1 - Dice), and where doubt begins.

    ``weights`` are for `FEATURES`, the constant last. ``doubted_below`` is an estimated Dice.
    """

    means: tuple[float, ...]
    scales: tuple[float, ...]
    weights: tuple[float, ...]
    doubted_below: float

    def dice(self, features: Sequence[float]) -> float:
        """The estimated Dice of one lung, in [0, 0.999]."""
        place = (np.asarray(features) - self.means) / self.scales
        place = np.clip(place, -4, 4)
        guess = float(place @ np.asarray(self.weights[:-1]) + self.weights[-1])
        return float(np.clip(1.0 - np.exp(min(guess, 0.0)), 0.0, 0.999))


@cache
def doubt_model() -> DoubtModel:
    """The model that ships, fitted by the recipe."""
    source = files("expert_models.cxr_lungs") / "weights" / "doubt.json"
    table = json.loads(source.read_text(encoding="utf-8"))
    return DoubtModel(
        means=tuple(table["means"]),
        scales=tuple(table["scales"]),
        weights=tuple(table["weights"]),
        doubted_below=float(table["doubted_below"]),
    )


def features_of(passes: Passes) -> NDArray[np.float64]:
    """``[side, feature]`` in the order of `FEATURES`.

    softness: 1 - Dice of the averaged probability with its own mask. Disagreements: 1 - Dice of
    the passes with the averaged mask, their mean and the worst. pieces: what mending took off or
    filled, as a share. lopsided and small: logarithms of areas. bright: brightness of the lung.
    """
    masks, each = passes.masks, passes.pass_masks
    areas = [max(float(one.mean()), 1e-5) for one in masks]
    whites = [float(passes.work[one].mean()) if one.any() else 1.0 for one in masks]
    rows = []
    for side in (0, 1):
        mask, likely = masks[side], passes.mean[side]
        near = ndimage.binary_dilation(mask, iterations=12)
        soft = 2 * float(likely[mask].sum()) / max(float(likely[near].sum()) + mask.sum(), 1e-6)
        agreed = [dice(one[side], mask) for one in each]
        raw = passes.mean[side] > 0.5
        rows.append(
            [
                1 - soft,
                1 - float(np.mean(agreed)),
                1 - min(agreed),
                float(np.mean(raw != mask)) / areas[side],
                abs(np.log(areas[side] / areas[1 - side])),
                -np.log(areas[side]),
                whites[side],
                whites[side] - whites[1 - side],
            ]
        )
    shaped = np.asarray(rows, dtype=np.float64)
    shaped[:, :4] = np.log(np.clip(shaped[:, :4], 1e-4, 1.0))
    return shaped


def dice(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Dice of two masks; two empty ones agree."""
    total = int(one.sum()) + int(other.sum())
    return 2.0 * int(np.logical_and(one, other).sum()) / total if total else 1.0
