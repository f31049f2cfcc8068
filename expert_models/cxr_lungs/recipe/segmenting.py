"""Training the segmenter: a base on children's films, then all films; folds start from the base.

The base never sees an adult film, so each fold's net is one that never saw its adults.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from expert_models.cxr_lungs.film import standard
from expert_models.cxr_lungs.recipe.films import IGNORED, FilmFile
from expert_models.training.loop import Batch, Row

if TYPE_CHECKING:
    from torch import Tensor, nn

SIZE, BASE = 224, 256

Squares = tuple[NDArray[np.float32], NDArray[np.uint8]]


class Films:
    """Films with masks on squares in memory, drawn into augmented batches by step."""

    def __init__(
        self, squares: Sequence[Squares], shares: Sequence[float], seed: int, batch: int
    ) -> None:
        """``shares`` are the films' weights in the draw."""
        from expert_models.cxr_lungs.recipe.augment import augmentation

        self._squares, self._seed, self._batch = squares, seed, batch
        self._shares = np.asarray(shares, dtype=np.float64) / float(np.sum(shares))
        self._augment = augmentation(SIZE, BASE)

    def __call__(self, step: int) -> Batch:
        """The batch of a step: ``film`` ``[n, 1, row, column]``, ``lungs`` with class numbers."""
        import torch

        draw = np.random.default_rng((self._seed, step))
        chosen = draw.choice(len(self._squares), self._batch, p=self._shares)
        self._augment.set_random_state(seed=int(draw.integers(2**31)))
        made = [self._augmented(self._squares[place]) for place in chosen]
        return {
            "film": torch.from_numpy(np.stack([film for film, _ in made])),
            "lungs": torch.from_numpy(np.stack([lungs for _, lungs in made])),
        }

    def _augmented(self, squares: Squares) -> Squares:
        sample: dict[str, Any] = self._augment(
            {"film": squares[0][None], "lungs": squares[1][None]}
        )
        film = np.clip(np.asarray(sample["film"], dtype=np.float32), 0, 1)
        return standard(film), np.asarray(sample["lungs"]).round().astype(np.uint8)


def loss_of() -> Callable[["nn.Module", Batch], "Tensor"]:
    """Dice and cross-entropy over three classes; pixels to ignore count as what the net says."""
    import torch
    from monai.losses import DiceCELoss

    loss = DiceCELoss(include_background=False, to_onehot_y=True, softmax=True, batch=True)

    def of(net: "nn.Module", batch: Batch) -> "Tensor":
        logits = net(batch["film"]).float()
        drawn = batch["lungs"].long()
        said = logits.detach().argmax(dim=1, keepdim=True)
        value: Tensor = loss(logits, torch.where(drawn == IGNORED, said, drawn))
        return value

    return of


def measure_of(squares: Sequence[Squares], most: int = 64) -> Callable[["nn.Module"], Row]:
    """Mean Dice of a film's two lungs at one scale, for the curve: MONAI's own metric."""
    import torch
    from monai.metrics import DiceMetric

    films = torch.from_numpy(np.stack([standard(film)[None] for film, _ in squares[:most]]))
    drawn = torch.from_numpy(np.stack([lungs[None] for _, lungs in squares[:most]])).long()

    def of(net: "nn.Module") -> Row:
        place = next(net.parameters()).device
        metric = DiceMetric(include_background=False, num_classes=3)
        with torch.no_grad():
            for first in range(0, len(films), 8):
                said = net(films[first : first + 8].to(place)).argmax(1, keepdim=True).cpu()
                truth = drawn[first : first + 8]
                metric(y_pred=said, y=torch.where(truth == IGNORED, said, truth))
        return {"dice": float(metric.aggregate())}

    return of


def squares_of(films: Sequence[FilmFile]) -> list[Squares]:
    """Films and masks on the base square."""
    return [film.on_square(BASE) for film in films]
