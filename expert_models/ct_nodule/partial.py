"""Volume and axes of a nodule with voxels that it fills only in part.

A thick slice shows less than the largest section of a ball, because at its rim the slice is mostly
lung. The loss is found by doing the same to a body whose truth is known: the ellipsoid with the
nodule's own volume and second moments is put on the same voxels and measured in the same way, and
what it loses is given back to the nodule.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expert_models.ct_nodule import axes
from expert_models.ct_nodule.axes import Axes
from expert_models.ct_nodule.outline import Outline, Patch
from medmm.nouns.geometry import Affine

_FINE_MM = 0.7
_LEAST_LIKENESS = 0.7
_MOST_OF_GAP = 0.5


@dataclass(frozen=True)
class Size:
    """``axes`` with the loss given back, of which ``given_back_mm`` on the long axis."""

    axes: Axes
    given_back_mm: float
    volume_ml: float


@dataclass(frozen=True, eq=False)
class _Ellipsoid:
    centre: NDArray[np.float64]
    shape: NDArray[np.float64]  # x^T shape^-1 x <= 1

    def section_axes(self, plane: NDArray[np.float64]) -> tuple[float, float]:
        """Long and short diameter of the section through the centre along two unit vectors."""
        flat = np.linalg.inv(plane.T @ np.linalg.inv(self.shape) @ plane)
        low, high = np.linalg.eigvalsh(flat)
        return 2 * float(np.sqrt(high)), 2 * float(np.sqrt(low))


def measured(patch: Patch, outline: Outline, affine: Affine) -> Size | None:
    """Both axes in mm and the volume in mL; None where no slice shows a border.

    ``affine`` maps the turned full grid's index to mm.
    """
    own = axes.largest(patch.hu, outline.flat, outline.border_hu, affine)
    if own is None:
        return None
    share = _shares(patch, outline)
    voxel = abs(float(np.linalg.det(affine[:3, :3])))
    volume = float(share.sum()) * voxel / 1000
    long_loss, short_loss = _losses(patch, outline, share, affine)
    long_mm = own.long_mm + long_loss
    short_mm = min(long_mm, own.short_mm + short_loss)
    return Size(Axes(long_mm, short_mm, own.filling, own.slice), long_loss, volume)


def _shares(patch: Patch, outline: Outline) -> NDArray[np.float64]:
    """How much of each voxel the nodule fills, by HU between lung and nodule."""
    rise = outline.inside_hu - outline.around_hu
    share = np.clip((patch.hu - outline.around_hu) / rise, -0.2, 1.2)
    core = outline.mask & (share > 1)
    return np.where(outline.near, np.where(core, 1.0, share), 0.0)


def _losses(
    patch: Patch, outline: Outline, share: NDArray[np.float64], affine: Affine
) -> tuple[float, float]:
    """What a slice hides of the long and the short axis of the ellipsoid like this nodule."""
    steps = affine[:3, :3]
    body = _like(share, steps)
    if body is None:
        return 0.0, 0.0
    filled = _rendered(body, patch.hu.shape, steps)
    common = float(np.minimum(filled, np.clip(share, 0, 1)).sum())
    if 2 * common < _LEAST_LIKENESS * float(filled.sum() + np.clip(share, 0, 1).sum()):
        return 0.0, 0.0
    rise = outline.inside_hu - outline.around_hu
    image = (outline.around_hu + rise * filled).astype(np.float32)
    shown = axes.largest(image, filled > 0, outline.border_hu, affine)
    if shown is None:
        return 0.0, 0.0
    plane, _ = np.linalg.qr(steps[:, 1:3])
    long_mm, short_mm = body.section_axes(plane)
    most = _MOST_OF_GAP * patch.spacing[0]
    least = -_MOST_OF_GAP * max(patch.spacing[1:])
    return (
        float(np.clip(long_mm - shown.long_mm, least, most)),
        float(np.clip(short_mm - shown.short_mm, least, most)),
    )


def _like(share: NDArray[np.float64], steps: NDArray[np.float64]) -> _Ellipsoid | None:
    """The ellipsoid with the same centre and second moments; a voxel's own width is taken off."""
    weights = share[share != 0]
    total = float(weights.sum())
    if total <= 0:
        return None
    places = np.argwhere(share != 0) @ steps.T
    centre = weights @ places / total
    offsets = places - centre
    spread = (offsets * weights[:, None]).T @ offsets / total - steps @ steps.T / 12
    if np.linalg.eigvalsh(spread)[0] <= 0.05:
        return None
    return _Ellipsoid(centre, 5 * spread)


def _rendered(
    body: _Ellipsoid, shape: tuple[int, ...], steps: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The share of each voxel inside an ellipsoid, by points inside the voxel."""
    counts = [max(2, int(np.ceil(np.linalg.norm(steps[:, axis]) / _FINE_MM))) for axis in range(3)]
    grids = np.meshgrid(*[np.arange(size) for size in shape], indexing="ij")
    place = np.stack(grids, axis=-1) @ steps.T - body.centre
    root = np.linalg.cholesky(np.linalg.inv(body.shape))
    place, moves = place @ root, steps.T @ root
    result = np.zeros(shape)
    for offset in np.ndindex(*counts):
        inside = [(o + 0.5) / count - 0.5 for o, count in zip(offset, counts, strict=True)]
        result += ((place + np.array(inside) @ moves) ** 2).sum(axis=-1) <= 1.0
    return np.asarray(result / np.prod(counts))
