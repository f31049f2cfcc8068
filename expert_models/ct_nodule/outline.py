"""A nodule's outline around a candidate: half-height border, vessels and walls cut off."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expert_models.chest_ct.morphology import Mask3, Spacing

_NECK = 0.5
_REGROWN = 1.1
_CORE_SHARE = 0.7
_BACKGROUND_BELOW_HU = -500.0
_LOWEST_CONTRAST_HU = 150.0
_SMALLEST_VOXELS = 3
_FEW_VOXELS = 8
_SMALL_CORE_PERCENT = 95


@dataclass(frozen=True, eq=False)
class Patch:
    """A box cut from the turned full grid around a candidate.

    ``hu`` and ``lung`` are ``[head, posterior, left]``; ``start`` is the box's first voxel and
    ``seed`` the candidate within the box.
    """

    hu: NDArray[np.float32]
    lung: Mask3
    start: tuple[int, int, int]
    seed: tuple[int, int, int]
    spacing: Spacing


@dataclass(frozen=True, eq=False)
class Outline:
    """``mask`` in the patch; ``inside_hu`` and ``around_hu`` are the two sides of its border.

    ``near`` is where a voxel may still hold a share of the nodule (one voxel around the mask),
    ``flat`` the same within the mask's own slices. ``isolation`` is the share of
    the shell around it that is aerated lung, of what lies in the lung at all; ``embedded`` the
    share of the shell that lies in the lung.
    """

    mask: Mask3
    near: Mask3
    flat: Mask3
    inside_hu: float
    around_hu: float
    isolation: float
    embedded: float

    @property
    def border_hu(self) -> float:
        """Half height: where the border of a blurred ball truly is."""
        return (self.inside_hu + self.around_hu) / 2


def traced(patch: Patch, scale_mm: float) -> Outline | None:
    """The nodule at a patch's seed, or None where nothing stands out from the lung."""
    lung_around = patch.hu[patch.lung & (patch.hu < _BACKGROUND_BELOW_HU)]
    if not lung_around.size:
        return None
    around = float(np.median(lung_around))
    inside = _inside_hu(patch, scale_mm)
    mask: Mask3 | None = None
    for _ in range(3):
        if inside - around < _LOWEST_CONTRAST_HU:
            return None
        mask = _ball(patch, (inside + around) / 2)
        if mask is None:
            return None
        inside = _plateau(patch, mask, inside)
    return _with_surroundings(patch, mask, inside, around) if mask is not None else None


def _inside_hu(patch: Patch, scale_mm: float) -> float:
    """A first guess at the nodule's density from a small ball at the seed."""
    near = _distance_mm(patch.hu.shape, patch.seed, patch.spacing) <= max(
        scale_mm, 1.1 * min(patch.spacing)
    )
    return float(np.percentile(patch.hu[near & patch.lung], 75)) if near.any() else -1000.0


def _plateau(patch: Patch, mask: Mask3, fallback: float) -> float:
    """The median HU of the nodule's core, where voxels hold nothing else.

    A small nodule has no such core: the upper end of its voxels comes closest.
    """
    from scipy import ndimage

    depth = ndimage.distance_transform_edt(np.pad(mask, 1), sampling=patch.spacing)
    depth = depth[1:-1, 1:-1, 1:-1]
    core = mask & (depth >= _CORE_SHARE * float(depth.max()))
    if np.count_nonzero(core) < _FEW_VOXELS:
        return float(np.percentile(patch.hu[mask], _SMALL_CORE_PERCENT)) if mask.any() else fallback
    return float(np.median(patch.hu[core]))


def _ball(patch: Patch, border_hu: float) -> Mask3 | None:
    """Bright lung joined to the seed, without what hangs on it by a neck half its width."""
    from scipy import ndimage

    bright = (patch.hu > border_hu) & patch.lung
    labels, _ = ndimage.label(bright)
    near = _distance_mm(bright.shape, patch.seed, patch.spacing)
    reach = max(1.5 * max(patch.spacing[1:]), patch.spacing[0])
    close = bright & (near <= reach)
    if not close.any():
        return None
    depth = ndimage.distance_transform_edt(np.pad(bright, 1), sampling=patch.spacing)
    depth = depth[1:-1, 1:-1, 1:-1]
    top = np.unravel_index(int(np.argmax(np.where(close, depth, -1.0))), bright.shape)
    at = _uphill(depth, top)
    radius = float(depth[at])
    joined = labels == labels[at]
    core, _ = ndimage.label(joined & (depth > _NECK * radius))
    core = core == core[at]
    away = ndimage.distance_transform_edt(~core, sampling=patch.spacing)
    mask = joined & (away <= _REGROWN * _NECK * radius)
    labels, _ = ndimage.label(mask)
    mask = labels == labels[at]
    return np.asarray(mask) if np.count_nonzero(mask) >= _SMALLEST_VOXELS else None


def _uphill(depth: NDArray[Any], at: tuple[Any, ...]) -> tuple[int, int, int]:
    """The top of the depth that steps from ``at`` lead up to."""
    here = (int(at[0]), int(at[1]), int(at[2]))
    while True:
        window = tuple(slice(max(0, i - 1), i + 2) for i in here)
        best = np.unravel_index(int(np.argmax(depth[window])), depth[window].shape)
        there = tuple(int(b) + w.start for b, w in zip(best, window, strict=True))
        if depth[there] <= depth[here]:
            return here
        here = (there[0], there[1], there[2])


def _with_surroundings(patch: Patch, mask: Mask3, inside: float, around: float) -> Outline:
    from scipy import ndimage

    away = ndimage.distance_transform_edt(~mask, sampling=patch.spacing)
    pixel = max(patch.spacing[1:])
    shell = (away > 1.2 * pixel) & (away <= max(1.2 * pixel + 2.0, patch.spacing[0]))
    in_lung = shell & patch.lung
    aerated = in_lung & (patch.hu < (inside + around) / 2)
    near = ndimage.binary_dilation(mask, np.ones((3, 3, 3), dtype=np.bool_)) & patch.lung
    flat = ndimage.binary_dilation(mask, np.ones((1, 3, 3), dtype=np.bool_)) & patch.lung
    kept = int(np.count_nonzero(in_lung))
    return Outline(
        mask=mask,
        near=np.asarray(near),
        flat=np.asarray(flat),
        inside_hu=inside,
        around_hu=around,
        isolation=float(np.count_nonzero(aerated)) / kept if kept else 0.0,
        embedded=kept / max(1, int(np.count_nonzero(shell))),
    )


def _distance_mm(
    shape: tuple[int, ...], centre: tuple[int, int, int], spacing: Spacing
) -> NDArray[np.float64]:
    squares = [
        ((np.arange(size) - middle) * step) ** 2
        for size, middle, step in zip(shape, centre, spacing, strict=True)
    ]
    return np.asarray(
        np.sqrt(squares[0][:, None, None] + squares[1][None, :, None] + squares[2][None, None, :])
    )
