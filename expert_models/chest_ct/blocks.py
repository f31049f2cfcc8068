"""A volume averaged over blocks of voxels for coarse steps, and masks brought back to its grid."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expert_models.chest_ct.frame import Frame
from expert_models.chest_ct.morphology import Mask3, Spacing
from medmm.nouns import Volume

AIR_HU = -1024.0
COARSE_MM = 2.1


@dataclass(frozen=True, eq=False)
class Blocks:
    """Mean HU over blocks of ``step`` voxels, ``[head, posterior, left]``.

    ``spacing`` is that of the blocks in mm.
    """

    hu: NDArray[np.float32]
    step: tuple[int, int, int]
    spacing: Spacing
    frame: Frame

    @property
    def voxel_ml(self) -> float:
        """Volume of one block in mL."""
        return float(np.prod(self.spacing)) / 1000.0

    def left_mm(self) -> NDArray[Any]:
        """The patient's x in LPS mm of every block, broadcastable to the grid."""
        shape = (self.hu.shape[0], self.hu.shape[1], self.hu.shape[2])
        return self.frame.left_mm(shape, self.step)


def averaged(volume: Volume, frame: Frame, target_mm: float = COARSE_MM) -> Blocks:
    """Blocks of at most ``target_mm`` (or one voxel) in HU.

    Padding and what lies below air count as air.
    """
    full = frame.turned(volume.array)
    padding = None if volume.padding is None else frame.turned(volume.padding)
    fine = frame.spacing
    step = tuple(max(1, int(target_mm / gap)) for gap in fine)
    shape = tuple(-(-size // size_step) for size, size_step in zip(full.shape, step, strict=True))
    total = np.zeros(shape, dtype=np.float32)
    count = np.zeros(shape, dtype=np.float32)
    for offset in np.ndindex(*step):
        part = tuple(slice(first, None, by) for first, by in zip(offset, step, strict=True))
        values = full[part].astype(np.float32)
        np.maximum(values, AIR_HU, out=values)
        np.nan_to_num(values, copy=False, nan=AIR_HU)
        if padding is not None:
            values[padding[part]] = AIR_HU
        here = tuple(slice(0, size) for size in values.shape)
        total[here] += values
        count[here] += 1.0
    total /= count
    spacing = (fine[0] * step[0], fine[1] * step[1], fine[2] * step[2])
    return Blocks(total, (step[0], step[1], step[2]), spacing, frame)


def spread(mask: Mask3, step: tuple[int, int, int], box: tuple[slice, ...]) -> Mask3:
    """A block mask on the voxels of ``box`` (a box of voxels), each voxel as its block."""
    result = mask
    for axis in range(3):
        index = np.arange(box[axis].start, box[axis].stop) // step[axis]
        result = np.take(result, index, axis=axis)
    return result
