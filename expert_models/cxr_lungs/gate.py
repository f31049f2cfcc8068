"""The gate: one look at a picture before it counts as a frontal chest film."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expert_models.cxr_lungs.film import Gray, Square, standard

Net = Callable[[NDArray[np.float32]], NDArray[np.float32]]

LABELS = ("chest film", "inverted", "mirrored", "turned")
SIZE = 128


@dataclass(frozen=True, slots=True)
class Gate:
    """Scores in [0, 1] of an upright picture; no probabilities, their rates are in the card."""

    chest_film: float
    inverted: float
    mirrored: float
    turned: float


def look(net: Net, film: Gray) -> Gate:
    """What the gate says of brightness ``[row, column]``.

    The picture and its mirror image are both shown: "mirrored" is the answer's odd part, so it is
    exactly turned round by mirroring; the other scores are means.
    """
    square = standard(Square.of(film, SIZE).put(film))
    logits = net(np.stack([square, square[:, ::-1]])[:, None]).astype(np.float64)
    both = logits.mean(axis=0)
    both[2] = (logits[0, 2] - logits[1, 2]) / 2
    return Gate(*(float(one) for one in 1 / (1 + np.exp(-np.clip(both, -30, 30)))))
