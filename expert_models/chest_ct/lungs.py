"""Both lungs in a chest CT, from the first look to masks on the volume's own grid."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expert_models.chest_ct import airway, blocks, body, organs, sides, surface
from expert_models.chest_ct.airway import Airway
from expert_models.chest_ct.blocks import Blocks
from expert_models.chest_ct.frame import Frame
from expert_models.chest_ct.morphology import Mask3, components, grown, opened
from expert_models.chest_ct.surface import Boxed
from medmm.nouns import Volume

_STUMP_MM = 2.2
_KEPT_SHARE = 0.02


@dataclass(frozen=True, eq=False)
class Look:
    """What a first look at the pixels shows, on the block grid.

    ``lungs`` is lung with the airway perhaps still joined; ``gas_ml`` is enclosed air that is
    no lung.
    """

    blocks: Blocks
    body: Mask3
    lungs: Mask3
    airway: Airway | None
    gas_ml: float


@dataclass(frozen=True, eq=False)
class Lungs:
    """Both lungs: ``right`` and ``left`` on the turned full grid, None where there is none."""

    look: Look
    aerated: NDArray[np.uint8]
    right: Boxed | None
    left: Boxed | None

    @property
    def both(self) -> tuple[Boxed, ...]:
        """The lungs that there are, right before left."""
        return tuple(one for one in (self.right, self.left) if one is not None)


def look_at(volume: Volume) -> Look:
    """The coarse look that decides whether there is lung in a volume."""
    coarse = blocks.averaged(volume, Frame.of(volume))
    inside = body.found(coarse)
    lungs = organs.lung_parts(coarse, inside.air)
    tree = airway.found(coarse, inside.air, lungs) if lungs.any() else None
    gas = float(np.count_nonzero(inside.air & ~lungs)) * coarse.voxel_ml
    return Look(coarse, inside.inside, lungs, tree, gas)


def segmented(volume: Volume, look: Look) -> Lungs:
    """Right and left lung of a volume in which a look found lung."""
    coarse = look.blocks
    aerated = _without_airway(look)
    labels = sides.parted(coarse, aerated, _middle_mm(look))
    full = coarse.frame.turned(volume.array)
    barred = look.airway.main if look.airway is not None else np.zeros_like(aerated)
    return Lungs(
        look,
        labels,
        right=_one(coarse, full, labels, sides.RIGHT, barred),
        left=_one(coarse, full, labels, sides.LEFT, barred),
    )


def _without_airway(look: Look) -> Mask3:
    """Aerated lung on the block grid, without airway, stumps of bronchi, gas and specks."""
    coarse = look.blocks
    lungs = look.lungs if look.airway is None else look.lungs & ~look.airway.tree
    lungs = organs.without_gas(coarse, lungs)
    thick = opened(lungs, _STUMP_MM, coarse.spacing)
    labels, sizes = components(thick)
    keep = sizes >= _KEPT_SHARE * sizes.sum()
    keep[0] = False
    return np.asarray(grown(keep[labels], _STUMP_MM, coarse.spacing) & lungs)


def _middle_mm(look: Look) -> float:
    x = np.broadcast_to(look.blocks.left_mm(), look.lungs.shape)
    if look.airway is not None:
        return float(x[look.airway.main].mean())
    in_slices = look.body & np.asarray(look.lungs.any(axis=(1, 2)))[:, None, None]
    low, high = np.percentile(x[in_slices], [1, 99])
    return float(low + high) / 2


def _one(
    coarse: Blocks, full: NDArray[Any], labels: NDArray[np.uint8], side: int, barred: Mask3
) -> Boxed | None:
    lung = labels == side
    if not lung.any():
        return None
    other = (labels != 0) & ~lung
    whole = surface.closed_block_mask(coarse, lung, barred | other)
    return surface.refined(coarse, full, lung, whole, barred | other)
