"""Training the gate: is it a frontal chest film, and is it inverted, mirrored or turned."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from expert_models.cxr_lungs.film import Gray, Square, standard
from expert_models.cxr_lungs.gate import LABELS, SIZE
from expert_models.cxr_lungs.recipe import drawn
from expert_models.training.loop import Batch, Row

if TYPE_CHECKING:
    from monai.transforms import Compose
    from torch import Tensor, nn

BASE = 160
FILM_SHARE = 0.6
INVERTED, MIRRORED, TURNED, CROPPED = 0.15, 0.35, 0.2, 0.3
TRAINED_KINDS = ("noise", "hand", "limb", "ring", "page")
"""Feet are kept for measuring."""


def gate_net() -> "nn.Module":
    """A ResNet of 0.7 million parameters. In: ``[n, 1, 128, 128]``; out: four logits."""
    from monai.networks.nets import ResNet

    net: nn.Module = ResNet(
        block="basic",
        layers=[1, 1, 1, 1],
        block_inplanes=[16, 32, 64, 128],
        spatial_dims=2,
        n_input_channels=1,
        conv1_t_size=7,
        conv1_t_stride=2,
        num_classes=len(LABELS),
    )
    return net


Film = tuple[Gray, NDArray[np.uint8]]
"""Brightness and lungs on the base square; lungs all zero where nobody drew them."""


class GateBatches:
    """Films, twisted films and other pictures, by step."""

    def __init__(
        self, films: Sequence[Film], others: Sequence[Gray], seed: int, batch: int = 48
    ) -> None:
        self._films, self._others = films, others
        self._seed, self._batch = seed, batch
        self._augment = _augmentation()

    def __call__(self, step: int) -> Batch:
        """``film`` ``[n, 1, row, column]``, ``truth`` and ``counts`` ``[n, 4]``."""
        import torch

        draw = np.random.default_rng((self._seed, step))
        self._augment.set_random_state(seed=int(draw.integers(2**31)))
        films, truths, counts = [], [], []
        for _ in range(self._batch):
            made = self._film(draw) if draw.random() < FILM_SHARE else self._other(draw)
            films.append(made[0])
            truths.append(made[1])
            counts.append(made[2])
        return {
            "film": torch.from_numpy(np.stack(films)),
            "truth": torch.tensor(truths, dtype=torch.float32),
            "counts": torch.tensor(counts, dtype=torch.float32),
        }

    def _film(self, draw: np.random.Generator) -> tuple[Gray, list[float], list[float]]:
        film, _ = self._films[int(draw.integers(len(self._films)))]
        inverted, mirrored, turned = draw.random(3) < (INVERTED, MIRRORED, TURNED)
        film = twisted(film, mirrored=mirrored, turns=int(draw.integers(1, 4)) if turned else 0)
        shown = self._augmented(film)
        if inverted:
            shown = 1 - shown
        return standard(shown), [1, inverted, mirrored, turned], [1, 1, not turned, 1]

    def _other(self, draw: np.random.Generator) -> tuple[Gray, list[float], list[float]]:
        kind = draw.random()
        if kind < CROPPED:
            picture = self._crop(draw)
        elif kind < 0.6 or not self._others:
            picture = drawn.KINDS[TRAINED_KINDS[draw.integers(len(TRAINED_KINDS))]](draw)
        else:
            picture = self._others[int(draw.integers(len(self._others)))]
        if draw.random() < 0.2:
            picture = 1 - picture
        picture = twisted(picture, mirrored=draw.random() < 0.5, turns=int(draw.integers(4)))
        shown = self._augmented(Square.of(picture, BASE).put(picture))
        return standard(shown), [0, 0, 0, 0], [1, 0, 0, 0]

    def _crop(self, draw: np.random.Generator) -> Gray:
        """A piece of a film that does not hold both lungs."""
        for _ in range(20):
            film, lungs = self._films[int(draw.integers(len(self._films)))]
            piece = piece_of(film, lungs, draw) if lungs.any() else None
            if piece is not None:
                return piece
        return drawn.limb(draw)

    def _augmented(self, film: Gray) -> Gray:
        sample: dict[str, Any] = self._augment({"film": film[None]})
        return np.clip(np.asarray(sample["film"], dtype=np.float32), 0, 1)


def piece_of(film: Gray, lungs: NDArray[np.uint8], draw: np.random.Generator) -> Gray | None:
    """A square piece, a fifth to a half of the side, that lacks at least one lung; or None.

    Where one is drawn that shows both lungs, mostly lung, or nothing, there is None.
    """
    side = int(draw.uniform(0.2, 0.5) * BASE)
    top, left = draw.integers(0, BASE - side, 2)
    box = np.s_[top : top + side, left : left + side]
    piece, inside = film[box], lungs[box]
    held = [np.mean(inside == one) for one in (1, 2)]
    fits = min(held) < 0.05 and max(held) < 0.5 and piece.std() > 0.02
    return piece if fits else None


def twisted(film: Gray, *, mirrored: bool, turns: int) -> Gray:
    """A film mirrored and turned by quarters."""
    shown = film[:, ::-1] if mirrored else film
    return np.ascontiguousarray(np.rot90(shown, turns))


def gate_loss(net: "nn.Module", batch: Batch) -> "Tensor":
    """Binary cross-entropy of the labels that count."""
    from torch.nn.functional import binary_cross_entropy_with_logits

    logits = net(batch["film"]).float()
    losses = binary_cross_entropy_with_logits(logits, batch["truth"], reduction="none")
    return (losses * batch["counts"]).sum() / batch["counts"].sum()


def gate_measure(batches: GateBatches, count: int = 4) -> Callable[["nn.Module"], Row]:
    """Accuracy of each label on batches that are not trained on, for the curve."""
    import torch

    fixed = [batches(step) for step in range(count)]

    def of(net: "nn.Module") -> Row:
        place = next(net.parameters()).device
        with torch.no_grad():
            said = torch.cat([net(batch["film"].to(place)).cpu() > 0 for batch in fixed])
        truth = torch.cat([batch["truth"] for batch in fixed]) > 0.5
        counts = torch.cat([batch["counts"] for batch in fixed])
        right = ((said == truth) * counts).sum(0) / counts.sum(0)
        return dict(zip(LABELS, right.tolist(), strict=True))

    return of


def _augmentation() -> "Compose":
    from monai.transforms import (
        Compose,
        RandAdjustContrastd,
        RandAffined,
        RandGaussianNoised,
        RandGaussianSmoothd,
        RandHistogramShiftd,
    )

    zoom = BASE / SIZE
    return Compose(
        [
            RandAffined(
                "film",
                prob=1.0,
                rotate_range=(np.pi / 15,),
                translate_range=(SIZE * 0.1, SIZE * 0.1),
                scale_range=((zoom * 0.8 - 1, zoom * 1.25 - 1),) * 2,
                spatial_size=(SIZE, SIZE),
                mode="bilinear",
                padding_mode="zeros",
            ),
            RandHistogramShiftd("film", num_control_points=(4, 8), prob=0.2),
            RandAdjustContrastd("film", prob=0.5, gamma=(0.6, 1.7)),
            RandGaussianSmoothd("film", prob=0.2, sigma_x=(0.3, 1.2), sigma_y=(0.3, 1.2)),
            RandGaussianNoised("film", prob=0.3, std=0.05),
        ]
    )
