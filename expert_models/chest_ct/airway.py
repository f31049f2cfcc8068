"""Trachea and main bronchi: found by shape, grown under a leak limit.

The growing threshold is the highest at which the tree does not yet leak into the lungs ("explosion
control", Mori et al., IEEE Trans Med Imaging 2000;19:103-114).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expert_models.chest_ct.blocks import Blocks
from expert_models.chest_ct.morphology import Mask3, box_of, components, grown, opened

_TRACHEA_MM2 = (40.0, 700.0)
_ROUND_FILL = 0.5
_LUMEN_HU = -700.0
_TRACK_MM = 20.0
_MIDLINE_MM = 45.0
_TREE_ML = 130.0
_TREE_TO_TRACHEA = 2.5
_LEAK_RATIO = 1.6
_THRESHOLDS = tuple(float(hu) for hu in (*range(-980, -850, 10), -840, -800, -750))
_WALL_MM = 2.2
_MAIN_RADIUS_MM = 3.5

Slice2 = NDArray[np.bool_]
Chain = tuple[tuple[int, Slice2], ...]


@dataclass(frozen=True, eq=False)
class Airway:
    """``tree``: air that hangs on the trachea, as far as it could be followed, with its walls.

    ``main``: the trachea and main bronchi among it, with walls. ``followed`` is False where only
    the trachea above its fork could be told from the lungs.
    """

    tree: Mask3
    main: Mask3
    followed: bool


def found(blocks: Blocks, air: Mask3, lungs: Mask3) -> Airway | None:
    """The airway within enclosed air, or None where no trachea is covered.

    ``lungs`` is enclosed air that is lung, with the airway perhaps still joined to it: a trachea
    runs down between two halves of it.
    """
    trachea = _trachea(blocks, air, lungs)
    if trachea is None:
        return None
    lumen = _grown_lumen(blocks, air, trachea)
    tree = trachea if lumen is None else lumen | trachea
    wide = opened(tree, _MAIN_RADIUS_MM, blocks.spacing) | trachea
    return Airway(
        tree=grown(tree, _WALL_MM, blocks.spacing),
        main=grown(wide, _WALL_MM, blocks.spacing),
        followed=lumen is not None,
    )


def _trachea(blocks: Blocks, air: Mask3, lungs: Mask3) -> Mask3 | None:
    """The longest chain of compact holes near the middle, slice over slice, from the head down."""
    x = np.broadcast_to(blocks.left_mm(), air.shape)
    middle = _middle_mm(lungs, x)
    ended: list[Chain] = []
    going: list[Chain] = []
    for index in range(air.shape[0] - 1, -1, -1):
        dark = air[index] & (blocks.hu[index] < _LUMEN_HU)
        dark &= np.abs(x[index] - middle) < 2 * _MIDLINE_MM
        spots = [
            spot
            for spot in _compact_spots(dark, blocks.spacing[1] * blocks.spacing[2])
            if abs(float(x[index][spot].mean()) - middle) < _MIDLINE_MM
        ]
        longer = [_lengthened(going, index, spot) for spot in spots]
        ended += going
        going = longer
    slices_with_lung = np.asarray(lungs.any(axis=(1, 2)))
    fitting = [chain for chain in ended + going if _enters(chain, slices_with_lung, blocks)]
    if not fitting:
        return None
    mask = np.zeros_like(air)
    for index, spot in max(fitting, key=len):
        mask[index] |= spot
    return mask


def _lengthened(chains: list[Chain], index: int, spot: Slice2) -> Chain:
    above = [chain for chain in chains if (chain[-1][1] & spot).any()]
    return (*max(above, key=len, default=()), (index, spot))


def _enters(chain: Chain, slices_with_lung: NDArray[np.bool_], blocks: Blocks) -> bool:
    """Whether a chain is long enough and runs beside lung for half of that."""
    beside = sum(bool(slices_with_lung[index]) for index, _ in chain)
    gap = blocks.spacing[0]
    return len(chain) * gap >= _TRACK_MM and beside * gap >= _TRACK_MM / 2


def _middle_mm(lungs: Mask3, x: NDArray[Any]) -> float:
    """Half way between the outer ends of the lungs, in LPS mm."""
    low, high = np.percentile(x[lungs], [2, 98])
    return float(low + high) / 2


def _compact_spots(dark: Slice2, pixel_mm2: float) -> list[Slice2]:
    """Dark spots of one slice with a trachea's area that fill half of their box."""
    from scipy import ndimage

    labels, count = ndimage.label(dark)
    spots = []
    for label, box in enumerate(ndimage.find_objects(labels, count), start=1):
        here = labels[box] == label
        pixels = int(np.count_nonzero(here))
        fits = _TRACHEA_MM2[0] <= pixels * pixel_mm2 <= _TRACHEA_MM2[1]
        if fits and pixels >= _ROUND_FILL * here.size:
            spot = np.zeros_like(dark)
            spot[box] = here
            spots.append(spot)
    return spots


def _grown_lumen(blocks: Blocks, air: Mask3, trachea: Mask3) -> Mask3 | None:
    """All dark air joined to the trachea, at the highest threshold that does not leak."""
    alone = float(np.count_nonzero(trachea)) * blocks.voxel_ml
    limit = max(_TREE_ML, _TREE_TO_TRACHEA * alone)
    box = box_of(air, (0, 0, 0))
    inside, hu, seed = air[box], blocks.hu[box], trachea[box]
    best: Mask3 | None = None
    volume = alone
    for threshold in _THRESHOLDS:
        labels, _ = components((inside & (hu < threshold)) | seed)
        wanted = np.zeros(int(labels.max()) + 1, dtype=np.bool_)
        wanted[np.unique(labels[seed])] = True
        joined = wanted[labels]
        now = float(np.count_nonzero(joined)) * blocks.voxel_ml
        if now > limit or (best is not None and now > _LEAK_RATIO * volume):
            break
        best, volume = joined, now
    if best is None:
        return None
    lumen = np.zeros_like(air)
    lumen[box] = best
    return lumen
