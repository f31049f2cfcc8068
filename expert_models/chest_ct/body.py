"""The body in a CT and the air enclosed by it."""

from dataclasses import dataclass

import numpy as np

from expert_models.chest_ct.blocks import Blocks
from expert_models.chest_ct.morphology import Mask3, filled_in_slices, largest, opened

TISSUE_HU = -300.0
AIR_LIKE_HU = -500.0
_TABLE_GAP_MM = 3.0


@dataclass(frozen=True, eq=False)
class Body:
    """``inside``: the body with everything that it encloses; ``air``: what is dark inside it."""

    inside: Mask3
    air: Mask3


def found(blocks: Blocks) -> Body:
    """The largest piece of tissue, filled slice by slice; the table and tubes are not part of it.

    Air counts as enclosed if no way leads out of the body within its axial slice, so the mouth and
    the trachea's upper end do not open the lungs to the room.
    """
    tissue = blocks.hu > TISSUE_HU
    core = largest(opened(tissue, _TABLE_GAP_MM, blocks.spacing))
    inside = filled_in_slices(core)
    return Body(inside, np.asarray(inside & (blocks.hu < AIR_LIKE_HU)))
