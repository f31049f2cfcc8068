"""Places in the lungs that look like a ball rather than a vessel.

The dot filter of Li, Sone and Doi (Med Phys 2003;30:2040-2051): with the eigenvalues of the
smoothed image's second derivatives ordered by size, |l3|^2 / |l1| where all are negative. A ball
answers with all three; a vessel's smallest one is near zero.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expert_models.chest_ct.morphology import Mask3, Spacing

_SCALES_MM = (1.5, 2.2, 3.2, 4.6, 6.6)
_LOWEST_ANSWER = 40.0
_MOST = 40
_BRIGHTEST_HU = 150.0
_LOWEST_RISE_HU = 40.0
_APART = 0.8


@dataclass(frozen=True)
class Candidate:
    """A voxel ``index`` of the searched grid, the answer there and the scale that gave it."""

    index: tuple[int, int, int]
    answer: float
    scale_mm: float


def found(
    hu: NDArray[np.float32], lungs: Mask3, background_hu: float, spacing: Spacing
) -> list[Candidate]:
    """Tops of the smoothed image inside ``lungs`` by the dot filter's answer, at most 40.

    Outside the lungs the image is set to ``background_hu``, so that their walls give no answer.
    """
    from scipy import ndimage

    image = np.where(lungs, np.clip(hu, background_hu, _BRIGHTEST_HU), background_hu)
    image = np.pad(image.astype(np.float32), 1, mode="edge")
    inside = np.pad(lungs, 1)
    peaks: list[Candidate] = []
    for scale in _SCALES_MM:
        smooth = ndimage.gaussian_filter(image, [scale / gap for gap in spacing], truncate=3.0)
        top = inside & (smooth > background_hu + _LOWEST_RISE_HU)
        top &= ndimage.maximum_filter(smooth, size=3) == smooth
        places = np.argwhere(top)
        for place, answer in zip(places - 1, _answers(smooth, places, scale, spacing), strict=True):
            if answer > _LOWEST_ANSWER:
                index = (int(place[0]), int(place[1]), int(place[2]))
                peaks.append(Candidate(index, float(answer), scale))
    return _apart(sorted(peaks, key=lambda peak: (-peak.answer, peak.index)), spacing)


def _answers(
    smooth: NDArray[np.float32], places: NDArray[np.intp], scale: float, spacing: Spacing
) -> NDArray[np.float64]:
    """The dot filter at some places, from differences between their neighbours."""
    hessian = np.empty((len(places), 3, 3))
    units = np.eye(3, dtype=np.intp)

    def at(offset: NDArray[np.intp]) -> NDArray[np.float64]:
        return np.asarray(smooth[tuple((places + offset).T)], dtype=np.float64)

    for a in range(3):
        pure = at(units[a]) - 2 * at(0 * units[a]) + at(-units[a])
        hessian[:, a, a] = pure / spacing[a] ** 2
        for b in range(a + 1, 3):
            mixed = at(units[a] + units[b]) + at(-units[a] - units[b])
            mixed -= at(units[a] - units[b]) + at(units[b] - units[a])
            hessian[:, a, b] = hessian[:, b, a] = mixed / (4 * spacing[a] * spacing[b])
    curved = -np.linalg.eigvalsh(hessian)  # the strongest first
    weak = np.maximum(curved[:, 2], 0.0)
    return np.asarray(weak**2 / np.maximum(curved[:, 0], 1e-9) * scale**2)


def _apart(peaks: list[Candidate], spacing: Spacing) -> list[Candidate]:
    """Peaks of all scales without those inside a stronger one's ball."""
    kept: list[Candidate] = []
    gaps: NDArray[Any] = np.array(spacing)
    for peak in peaks:
        far = all(
            np.linalg.norm((np.array(peak.index) - other.index) * gaps)
            > _APART * 2 * max(peak.scale_mm, other.scale_mm)
            for other in kept
        )
        if far:
            kept.append(peak)
        if len(kept) == _MOST:
            break
    return kept
