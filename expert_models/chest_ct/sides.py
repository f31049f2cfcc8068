"""Which lung is which: by the patient's x axis, never by the image's side."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from expert_models.chest_ct.blocks import Blocks
from expert_models.chest_ct.morphology import Mask3, components, grown, shrunk

_SHARE = 0.12
_SEED_SHARE = 0.15
_SPLIT_RADII_MM = (2.2, 4.4, 6.6, 8.8, 11.0, 13.2, 16.0, 20.0)
RIGHT, LEFT = 1, 2


def parted(blocks: Blocks, lungs: Mask3, middle_mm: float) -> NDArray[np.uint8]:
    """Labels RIGHT and LEFT over ``lungs``.

    ``middle_mm`` is the x (LPS) of the chest's middle. Parts that lie on one side go there whole; a
    part that spans both sides (lungs that touch at the junction lines) is shrunk until it falls
    apart into two, which then grow back towards each other.
    """
    x = np.broadcast_to(blocks.left_mm(), lungs.shape)
    sides = np.zeros(lungs.shape, dtype=np.uint8)
    labels, sizes = components(lungs)
    total = float(sizes.sum())
    for label in np.flatnonzero(sizes):
        part = labels == label
        rightward = float(np.count_nonzero(x[part] < middle_mm))
        lesser = min(rightward, float(sizes[label]) - rightward)
        if lesser > _SHARE * total:
            sides[part] = _split(part, x, middle_mm, blocks)[part]
        else:
            sides[part] = RIGHT if 2 * rightward > sizes[label] else LEFT
    return sides


def _split(part: Mask3, x: NDArray[Any], middle_mm: float, blocks: Blocks) -> NDArray[np.uint8]:
    """Two halves of a part that spans both sides."""
    halves = np.where(x < middle_mm, RIGHT, LEFT).astype(np.uint8)
    for radius in _SPLIT_RADII_MM:
        seeds = _seeds(shrunk(part, radius, blocks.spacing), x, middle_mm)
        if seeds is not None:
            return _regrown(seeds, part, radius, blocks, halves)
    return halves


def _seeds(core: Mask3, x: NDArray[Any], middle_mm: float) -> tuple[Mask3, Mask3] | None:
    """The right and left pieces of a shrunken part, or None while one piece holds both."""
    labels, sizes = components(core)
    right = np.zeros_like(core)
    left = np.zeros_like(core)
    total = float(sizes.sum())
    for label in np.flatnonzero(sizes > 0.01 * total):
        piece = labels == label
        rightward = float(np.count_nonzero(x[piece] < middle_mm)) / float(sizes[label])
        if min(rightward, 1 - rightward) * sizes[label] > _SHARE * total:
            return None
        (right if rightward > 1 / 2 else left)[piece] = True
    enough = _SEED_SHARE * total
    if min(np.count_nonzero(right), np.count_nonzero(left)) < enough:
        return None
    return right, left


def _regrown(
    seeds: tuple[Mask3, Mask3],
    part: Mask3,
    radius: float,
    blocks: Blocks,
    halves: NDArray[np.uint8],
) -> NDArray[np.uint8]:
    """Both seeds grown within the part at the same pace; what they miss goes by the middle."""
    right, left = seeds
    pace = max(min(blocks.spacing[1:]), 1.0)
    for _ in range(2 * int(np.ceil(radius / pace)) + 2):
        new_right = grown(right, pace, blocks.spacing) & part & ~left
        new_left = grown(left, pace, blocks.spacing) & part & ~right
        contested = new_right & new_left
        right, left = new_right & ~(contested & ~right), new_left & ~(contested & ~left)
    result = halves.copy()
    result[left] = LEFT
    result[right] = RIGHT
    return result
