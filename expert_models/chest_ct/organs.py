"""What enclosed air is lung, and what is gas in bowel, stomach or a hollow of the head."""

import numpy as np

from expert_models.chest_ct.blocks import Blocks
from expert_models.chest_ct.morphology import Mask3, components, grown, shrunk

_GAS_HU = -940.0
_GAS_SHARE = 0.85
_RIM_MM = 4.0
_SMALLEST_ML = 4.0
_BLOB_HU = -960.0
_BLOB_ML = 3.0
_BLOB_SHARE = 0.08
_LUNG_AROUND = 0.35
_PLAUSIBLE_HU = -600.0
_DARKEST_HU = -955.0
_LARGE_ML = 500.0


def lung_parts(blocks: Blocks, air: Mask3) -> Mask3:
    """Parts of enclosed air with the density of lung.

    Lung is air with blood in it: away from its rim, parts that are nearly all darker than
    -940 HU are gas, and parts brighter than -600 HU in the median are no lung that this can see.
    A median below -955 HU (the worst emphysema) is believed of large parts only.
    """
    labels, sizes = components(air)
    core = shrunk(air, _RIM_MM, blocks.spacing)
    keep = np.zeros(sizes.size, dtype=np.bool_)
    for label in np.flatnonzero(sizes * blocks.voxel_ml >= _SMALLEST_ML):
        part = labels == label
        inner = part & core
        values = blocks.hu[inner if inner.any() else part]
        gas = float(np.mean(values < _GAS_HU))
        middle = float(np.median(values))
        believed = middle > _DARKEST_HU or sizes[label] * blocks.voxel_ml > _LARGE_ML
        keep[label] = gas < _GAS_SHARE and believed and middle < _PLAUSIBLE_HU
    return np.asarray(keep[labels])


def without_gas(blocks: Blocks, lungs: Mask3) -> Mask3:
    """Lungs without gas that only touches them (a stomach bubble under a thin diaphragm).

    A bubble is darker than -960 HU with hardly any lung around it; a bulla or emphysema is dark
    with lung around it, and stays.
    """
    dark = shrunk(lungs & (blocks.hu < _BLOB_HU), blocks.spacing[1], blocks.spacing)
    if np.count_nonzero(dark) > _BLOB_SHARE * np.count_nonzero(lungs):
        return lungs
    labels, sizes = components(dark)
    result = lungs.copy()
    for label in np.flatnonzero(sizes * blocks.voxel_ml >= _BLOB_ML):
        bubble = grown(labels == label, 2 * blocks.spacing[1], blocks.spacing)
        shell = grown(bubble, _RIM_MM, blocks.spacing) & ~bubble
        lung_like = lungs & (blocks.hu > _GAS_HU) & (blocks.hu < _PLAUSIBLE_HU)
        if np.count_nonzero(shell & lung_like) < _LUNG_AROUND * np.count_nonzero(shell):
            result &= ~bubble
    return result
