"""Grain of tissue and noise of the scanner."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from medmm.demo.shapes import Field, Points

TABLE = 32


def grain(points: Points, seed: int, cell_mm: float) -> Field:
    """Smooth random values of about unit spread that are fixed to the body, not to the slice."""
    table = np.random.default_rng([seed, 7, int(cell_mm * 10)]).standard_normal((TABLE,) * 3)
    place = np.stack([axis / np.float32(cell_mm) for axis in points.axes])
    values = ndimage.map_coordinates(
        table.astype(np.float32), place, order=1, mode="grid-wrap", prefilter=False
    )
    return np.asarray(values * np.float32(1.6))


def quantum_noise(
    shape: tuple[int, int], spacing_mm: tuple[float, float], draw: np.random.Generator
) -> NDArray[np.float32]:
    """Noise of filtered backprojection, standard deviation 1.

    A ramp, rolled off, makes neighbours anticorrelated and leaves no slow waves (Riederer, Pelc,
    Chesler, Phys Med Biol 23:446, 1978).
    """
    response = _noise_response(shape, spacing_mm)
    white = draw.standard_normal((*response.shape, 2), dtype=np.float32)
    spectrum = white.view(np.complex64)[..., 0] * response
    return np.asarray(fft.irfft2(spectrum, s=shape), dtype=np.float32)


@lru_cache(maxsize=4)
def _noise_response(shape: tuple[int, int], spacing_mm: tuple[float, float]) -> NDArray[np.float32]:
    """What each wave of `scipy.fft.rfft2` is multiplied by, so that the noise has unit spread."""
    rows = fft.fftfreq(shape[0], spacing_mm[0])[:, None]
    columns = fft.rfftfreq(shape[1], spacing_mm[1])[None, :]
    pitch = np.hypot(rows, columns)
    response = pitch * np.exp(-((pitch / 0.42) ** 2))
    twice = np.full(response.shape[1], 2.0)
    twice[0] = 1.0
    if shape[1] % 2 == 0:
        twice[-1] = 1.0
    # A wave's real and imaginary parts have unit spread each; all but two columns count twice.
    power = float((2 * np.square(response) * twice).sum()) / (shape[0] * shape[1]) ** 2
    return np.asarray(response / np.sqrt(power), dtype=np.float32)
