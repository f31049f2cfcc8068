"""One made-up adult: what the seed changes from one phantom to the next."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Build:
    """Sizes of a body against the model's own, in model mm unless said otherwise.

    ``scale`` stretches the model to the patient along left, posterior and head; the rest are
    offsets within the model. Patient mm = ``scale`` x model mm.
    """

    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    right_dome: float = -86.0
    left_dome: float = -98.0
    right_apex: float = 108.0
    left_apex: float = 106.0
    heart: float = 1.0
    fat: float = 14.0

    @classmethod
    def of(cls, seed: int) -> "Build":
        """The build that a seed stands for."""
        draw = np.random.default_rng([seed, 1])
        size = draw.uniform(0.97, 1.03)
        stretch = draw.uniform(0.985, 1.015, 3) * size
        return cls(
            scale=(float(stretch[0]), float(stretch[1]), float(stretch[2])),
            right_dome=-86.0 + float(draw.uniform(-5, 5)),
            left_dome=-98.0 + float(draw.uniform(-4, 4)),
            right_apex=108.0 + float(draw.uniform(-2, 2)),
            left_apex=106.0 + float(draw.uniform(-2, 2)),
            heart=float(draw.uniform(0.96, 1.05)),
            fat=float(draw.uniform(11, 16)),
        )
