"""The lungs' outer surface: vessels and nodules taken in, borders found at full resolution."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expert_models.chest_ct.blocks import Blocks, spread
from expert_models.chest_ct.morphology import Mask3, box_of, closed, filled_in_slices, grown, shrunk

TISSUE_HU = 40.0
_CLOSING_MM = 10.0


@dataclass(frozen=True, eq=False)
class Boxed:
    """A mask on the turned full grid, kept as the box that holds it."""

    mask: Mask3
    box: tuple[slice, ...]


def closed_block_mask(blocks: Blocks, lung: Mask3, barred: Mask3) -> Mask3:
    """All inside one lung's outer surface on the block grid; ``barred`` is never part of it.

    Holes and gaps up to 20 mm wide (vessels, nodules, fissures with fluid) are filled.
    """
    reach = tuple(int(np.ceil(_CLOSING_MM / step)) + 1 for step in blocks.spacing)
    box = box_of(lung, reach)
    whole = filled_in_slices(closed(lung[box], _CLOSING_MM, blocks.spacing)) & ~barred[box]
    result = np.zeros_like(lung)
    result[box] = whole
    return result


def border_hu(blocks: Blocks, lung: Mask3) -> float:
    """Half way between this patient's lung and soft tissue.

    At the half height a border that is blurred by voxels and optics lies where it truly is, so that
    counting voxels gives the volume without bias.
    """
    return (float(np.median(blocks.hu[lung])) + TISSUE_HU) / 2


def refined(blocks: Blocks, full: NDArray[Any], lung: Mask3, whole: Mask3, barred: Mask3) -> Boxed:
    """One lung on the full grid: ``whole`` with the voxels of its rim decided by their own HU.

    ``full`` is the turned array, ``lung`` the aerated part of ``whole``.
    """
    step = blocks.step
    margin = (2, 2, 2)
    box = box_of(whole, margin)
    rim = 1.01 * max(blocks.spacing[1:])
    part, air, closed_off = whole[box], lung[box], barred[box]
    inner = shrunk(part, rim, blocks.spacing)
    bridged = part & ~grown(air, rim, blocks.spacing)
    near = grown(part, rim, blocks.spacing) & ~closed_off
    fine = tuple(
        slice(side.start * size, min(side.stop * size, full.shape[axis]))
        for axis, (side, size) in enumerate(zip(box, step, strict=True))
    )
    local = tuple(slice(0, side.stop - side.start) for side in fine)
    dark = full[fine] < border_hu(blocks, lung)
    mask = spread(inner | bridged, step, local) | (dark & spread(near, step, local))
    return Boxed(mask, fine)
