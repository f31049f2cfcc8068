"""What is done to a film before the net sees it in training: MONAI's transforms and two of ours."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
from monai.transforms import (
    Compose,
    MapTransform,
    RandAdjustContrastd,
    RandAffined,
    RandGaussianNoised,
    RandGaussianSmoothd,
    RandHistogramShiftd,
    Randomizable,
    RandSimulateLowResolutiond,
)
from numpy.typing import NDArray
from scipy import ndimage

BOTH = ("film", "lungs")


class RandMirrored(Randomizable, MapTransform):
    """Mirror film and mask; the mask's numbers swap too, for they name sides of the image.

    The net so learns sides of the image and nothing of the heart's side, on purpose.
    """

    def __init__(self, prob: float) -> None:
        MapTransform.__init__(self, BOTH)
        self.prob = prob

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """The sample, changed or not."""
        sample = dict(data)
        if self.R.random() < self.prob:
            sample["film"] = sample["film"][:, :, ::-1].copy()
            drawn = sample["lungs"][:, :, ::-1]
            sample["lungs"] = np.choose(drawn, (0, 2, 1, 3)).astype(drawn.dtype)
        return sample


class RandOpacity(Randomizable, MapTransform):
    """White shadows over the lungs: patches, white bases, a white-out. The mask stays.

    Annotators draw the lung's outline through consolidation and effusion; so few films of the
    data show them that a net takes the shadow's edge for the lung's. Shadows are as bright as
    the film's own mediastinum and fade out past the outline, so that their edge gives nothing
    away.
    """

    def __init__(self, prob: float) -> None:
        MapTransform.__init__(self, BOTH)
        self.prob = prob

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """The sample, changed or not."""
        sample = dict(data)
        if self.R.random() >= self.prob:
            return sample
        film, drawn = sample["film"][0], sample["lungs"][0]
        shadow = np.zeros(film.shape, dtype=np.float32)
        for label in (1, 2):
            lung = drawn == label
            if lung.any() and self.R.random() < 0.65:
                shadow = np.maximum(shadow, self._shadow(lung))
        if not shadow.any():
            return sample
        body = film[(drawn == 0) & (film > 0.15)]
        bright = float(np.percentile(body, self.R.uniform(55, 95))) if body.size else 0.8
        rough = ndimage.gaussian_filter(self.R.standard_normal(film.shape), 6.0)
        bright_map = np.clip(bright + self.R.uniform(0.2, 0.8) * rough, 0.0, 1.0)
        mixed = film * (1 - shadow) + bright_map * shadow
        sample["film"] = mixed[None].astype(np.float32)
        return sample

    def _shadow(self, lung: NDArray[np.bool_]) -> NDArray[np.float32]:
        """How much of a lung is white, 0 to 1, smooth."""
        rows = np.flatnonzero(lung.any(axis=1))
        top, height = rows[0], max(int(rows[-1] - rows[0]), 8)
        soft = ndimage.gaussian_filter(lung.astype(np.float32), self.R.uniform(3, 10))
        strength = self.R.uniform(0.35, 1.0)
        kind = self.R.random()
        row = np.arange(lung.shape[0], dtype=np.float32)[:, None]
        if kind < 0.45:  # a white base, as of an effusion or a supine film
            level = top + height * self.R.uniform(0.2, 0.9)
            slope = height * self.R.uniform(0.02, 0.15)
            tilt = self.R.uniform(-0.4, 0.4) * (np.arange(lung.shape[1]) - lung.shape[1] / 2)
            below = 1 / (1 + np.exp(-np.clip((row - level - tilt[None]) / slope, -30, 30)))
            wide = ndimage.gaussian_filter(
                ndimage.binary_dilation(lung, iterations=6).astype(np.float32), 5
            )
            shape = np.asarray(below * wide)
        elif kind < 0.85:
            shape = self._patches(lung, height)
        else:
            shape = np.clip(soft * 1.3, 0, 1)
        return np.asarray(strength * np.clip(shape, 0, 1), dtype=np.float32)

    def _patches(self, lung: NDArray[np.bool_], height: int) -> NDArray[np.float32]:
        places = np.argwhere(lung)
        row, column = np.ogrid[: lung.shape[0], : lung.shape[1]]
        shape = np.zeros(lung.shape, dtype=np.float32)
        for _ in range(self.R.randint(1, 6)):
            middle = places[int(self.R.random() * len(places))]
            wide, tall = self.R.uniform(0.05, 0.25, 2) * height
            blob = np.exp(-(((row - middle[0]) / tall) ** 2 + ((column - middle[1]) / wide) ** 2))
            shape = np.maximum(shape, np.asarray(blob, dtype=np.float32))
        return shape


def augmentation(size: int, base: int) -> Compose:
    """Film and mask of ``base`` pixels into a training sample of ``size`` pixels.

    Brightness stays in [0, 1] until the net's own standardisation. Rotation to 12 degrees, zoom
    by 0.75 to 1.2, shifts that cut the bases, shear, gamma, histogram, blur, coarse pixels, noise.
    """
    zoom = base / size
    return Compose(
        [
            RandMirrored(0.5),
            RandOpacity(0.4),
            RandAffined(
                BOTH,
                prob=1.0,
                rotate_range=(np.pi / 15,),
                shear_range=(0.08, 0.08),
                translate_range=(size * 0.09, size * 0.09),
                scale_range=((zoom * 0.85 - 1, zoom * 1.25 - 1),) * 2,
                spatial_size=(size, size),
                mode=("bilinear", "nearest"),
                padding_mode="zeros",
            ),
            RandHistogramShiftd("film", num_control_points=(4, 8), prob=0.3),
            RandAdjustContrastd("film", prob=0.5, gamma=(0.6, 1.7)),
            RandGaussianSmoothd("film", prob=0.2, sigma_x=(0.3, 1.5), sigma_y=(0.3, 1.5)),
            RandSimulateLowResolutiond(
                "film", prob=0.15, zoom_range=(0.4, 0.9), upsample_mode="bilinear"
            ),
            RandGaussianNoised("film", prob=0.3, std=0.05),
        ]
    )
