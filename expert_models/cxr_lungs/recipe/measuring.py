"""Films through a net and its passes: Dice of each lung, and what the doubt is estimated from."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from expert_models.cxr_lungs.doubt import dice, features_of
from expert_models.cxr_lungs.film import Gray
from expert_models.cxr_lungs.recipe.films import IGNORED, FilmFile
from expert_models.cxr_lungs.segmentation import Net, Passes, segment

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, eq=False)
class Outcome:
    """One film: Dice and features of the lung at the image's left (0) and right (1)."""

    film: FilmFile
    dice: tuple[float, float]
    features: NDArray[np.float64]
    spoiled: str = ""

    @property
    def mean_dice(self) -> float:
        """Mean of the two lungs."""
        return sum(self.dice) / 2


def torch_net(net: "nn.Module") -> Net:
    """A torch net as arrays in and out."""
    import torch

    def run(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.no_grad():
            return np.asarray(net(torch.from_numpy(np.ascontiguousarray(batch))).numpy())

    return run


def measure(
    net: Net, films: Iterable[FilmFile], step: Callable[[], None] = lambda: None
) -> list[Outcome]:
    """Films as they are."""
    outcomes = []
    for film in films:
        outcomes.append(outcome(net, film, film.film(), film.lungs()))
        step()
    return outcomes


def outcome(
    net: Net, film: FilmFile, shown: Gray, drawn: NDArray[np.uint8], spoiled: str = ""
) -> Outcome:
    """One film through the passes, on its own grid; pixels to ignore do not count."""
    passes: Passes = segment(net, shown)
    counted = drawn != IGNORED
    said = passes.on_film()
    both = tuple(dice(said[side] & counted, drawn == side + 1) for side in (0, 1))
    return Outcome(film, (both[0], both[1]), features_of(passes), spoiled)


def spoiled_films(net: Net, films: Sequence[FilmFile], seed: int, rounds: int) -> Iterator[Outcome]:
    """Films with shadows, cuts, blur or wrong contrast, so that there are lungs that fail.

    Each with the mask that an annotator would draw: shadows leave it, cuts cut it.
    """
    draw = np.random.default_rng(seed)
    for number in range(rounds):
        for film in films:
            kind = SPOILS[int(draw.integers(len(SPOILS)))]
            shown, drawn = _spoil(film.film(), film.lungs(), kind, draw)
            yield outcome(net, film, shown, drawn, f"{kind}-{number}")


SPOILS = ("shadow", "shadow", "cut", "gamma", "noise", "turn")


def _spoil(
    film: Gray, lungs: NDArray[np.uint8], kind: str, draw: np.random.Generator
) -> tuple[Gray, NDArray[np.uint8]]:
    from scipy import ndimage

    from expert_models.cxr_lungs.recipe.augment import RandOpacity

    if kind == "shadow":
        shadow = RandOpacity(1.0)
        shadow.set_random_state(seed=int(draw.integers(2**31)))
        return np.asarray(shadow({"film": film[None], "lungs": lungs[None]})["film"][0]), lungs
    if kind == "cut":
        rows, columns = film.shape
        top, left = draw.uniform(0, 0.2, 2)
        low, right = draw.uniform(0.7, 1, 2)
        box = np.s_[int(top * rows) : int(low * rows), int(left * columns) : int(right * columns)]
        return np.ascontiguousarray(film[box]), np.ascontiguousarray(lungs[box])
    if kind == "gamma":
        return (film ** np.float32(draw.choice([0.3, 0.45, 2.5, 4.0]))).astype(np.float32), lungs
    if kind == "noise":
        rough = film + draw.normal(0, draw.uniform(0.08, 0.3), film.shape)
        return np.clip(rough, 0, 1).astype(np.float32), lungs
    angle = float(draw.uniform(12, 30) * draw.choice([-1, 1]))
    return (
        ndimage.rotate(film, angle, reshape=False, order=1),
        ndimage.rotate(lungs, angle, reshape=False, order=0),
    )
