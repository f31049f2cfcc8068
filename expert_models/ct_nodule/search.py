"""From both lungs to ranked, measured candidates on the turned full grid."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expert_models.chest_ct.frame import Frame
from expert_models.chest_ct.lungs import Lungs
from expert_models.chest_ct.morphology import Mask3, Spacing, box_of
from expert_models.chest_ct.surface import Boxed
from expert_models.ct_nodule import candidates, outline, partial, score
from expert_models.ct_nodule.candidates import Candidate
from expert_models.ct_nodule.outline import Outline, Patch
from expert_models.ct_nodule.partial import Size
from medmm.nouns import Volume

_SEARCH_MM = 1.5
_REACH_MM = (10.0, 22.0)
_REACH_TO_SCALE = 5.0
_MARGIN = 3
_SAME_SHARE = 0.3


@dataclass(frozen=True, eq=False)
class Nodule:
    """One candidate, measured; ``boxed`` is its mask on the turned full grid.

    ``rim_hu`` is what voxels that it fills only in part take off its mean HU.
    """

    boxed: Boxed
    size: Size
    score: float
    mean_hu: float
    rim_hu: float
    right: bool


@dataclass(frozen=True, eq=False)
class _Chest:
    """Both lungs in the box that holds them, on the full grid."""

    full: NDArray[Any]
    lung: Mask3
    right: Mask3
    start: tuple[int, int, int]
    frame: Frame


def ranked(
    volume: Volume, lungs: Lungs, most: int, pause: Callable[[], None]
) -> tuple[tuple[Nodule, ...], int]:
    """The best ``most`` candidates that score enough to report, and how many places were looked at.

    ``pause`` is called between steps and may raise to stop.
    """
    chest = _chest(volume, lungs)
    places = _places(chest)
    pause()
    found = sorted(_measured(chest, places, pause), key=lambda one: -one.score)
    best: list[Nodule] = []
    for one in found:
        enough = one.score >= score.REPORTED_FROM and len(best) < most
        if enough and not any(_same(one.boxed, other.boxed) for other in best):
            best.append(one)
    return tuple(best), len(places)


def _chest(volume: Volume, lungs: Lungs) -> _Chest:
    frame = lungs.look.blocks.frame
    sides = [
        slice(
            min(one.box[a].start for one in lungs.both), max(one.box[a].stop for one in lungs.both)
        )
        for a in range(3)
    ]
    shape = tuple(side.stop - side.start for side in sides)
    masks = []
    for one in (lungs.right, lungs.left):
        mask = np.zeros(shape, dtype=np.bool_)
        if one is not None:
            here = tuple(
                slice(part.start - side.start, part.stop - side.start)
                for part, side in zip(one.box, sides, strict=True)
            )
            mask[here] = one.mask
        masks.append(mask)
    full = frame.turned(volume.array)[tuple(sides)]
    start = (sides[0].start, sides[1].start, sides[2].start)
    return _Chest(full, masks[0] | masks[1], masks[0], start, frame)


def _places(chest: _Chest) -> list[tuple[Candidate, tuple[int, int, int]]]:
    """Candidates with the full-grid voxel (within the chest's box) at each one's centre."""
    spacing = chest.frame.spacing
    step = tuple(max(1, round(_SEARCH_MM / gap)) for gap in spacing)
    hu, lung = _reduced(chest.full, step), _reduced(chest.lung, step) > 1 / 2
    coarse: Spacing = (spacing[0] * step[0], spacing[1] * step[1], spacing[2] * step[2])
    if not lung.any():
        return []
    background = float(np.median(hu[lung]))
    places = []
    for one in candidates.found(hu, lung, background, coarse):
        voxel = [
            min(place * by + by // 2, size - 1)
            for place, by, size in zip(one.index, step, chest.full.shape, strict=True)
        ]
        places.append((one, (voxel[0], voxel[1], voxel[2])))
    return places


def _reduced(full: NDArray[Any], step: tuple[int, ...]) -> NDArray[np.float32]:
    """Block means; a rest that fills no block is left out."""
    shape = tuple(size // by for size, by in zip(full.shape, step, strict=True))
    total = np.zeros(shape, dtype=np.float32)
    for offset in np.ndindex(*step):
        part = tuple(
            slice(first, size * by, by) for first, size, by in zip(offset, shape, step, strict=True)
        )
        total += full[part]
    return np.asarray(total / float(np.prod(step)), dtype=np.float32)


def _measured(
    chest: _Chest,
    places: list[tuple[Candidate, tuple[int, int, int]]],
    pause: Callable[[], None],
) -> Iterator[Nodule]:
    for candidate, voxel in places:
        pause()
        near = float(np.clip(_REACH_TO_SCALE * candidate.scale_mm, *_REACH_MM))
        patch = _patch(chest, voxel, near)
        traced = outline.traced(patch, candidate.scale_mm)
        if traced is not None and _touches_end(traced.mask) and near < _REACH_MM[1]:
            patch = _patch(chest, voxel, _REACH_MM[1])
            traced = outline.traced(patch, candidate.scale_mm)
        if traced is None or score.bound(traced) < score.REPORTED_FROM:
            continue
        patch, traced = _cropped(patch, traced)
        size = partial.measured(patch, traced, chest.frame.affine)
        if size is not None:
            yield _nodule(chest, patch, traced, size)


def _touches_end(mask: Mask3) -> bool:
    return any(bool(np.take(mask, end, axis=axis).any()) for axis in range(3) for end in (0, -1))


def _cropped(patch: Patch, traced: Outline) -> tuple[Patch, Outline]:
    """Both without what lies more than three voxels from the mask."""
    box = box_of(traced.mask, (_MARGIN,) * 3)
    first = [side.start for side in box]
    start = tuple(a + b for a, b in zip(patch.start, first, strict=True))
    seed = tuple(a - b for a, b in zip(patch.seed, first, strict=True))
    return (
        replace(patch, hu=patch.hu[box], lung=patch.lung[box],
                start=(start[0], start[1], start[2]), seed=(seed[0], seed[1], seed[2])),
        replace(traced, mask=traced.mask[box], near=traced.near[box], flat=traced.flat[box]),
    )  # fmt: skip


def _patch(chest: _Chest, voxel: tuple[int, int, int], reach_mm: float) -> Patch:
    reach = [int(np.ceil(reach_mm / gap)) for gap in chest.frame.spacing]
    box = tuple(
        slice(max(0, centre - by), min(size, centre + by + 1))
        for centre, by, size in zip(voxel, reach, chest.full.shape, strict=True)
    )
    start = (box[0].start, box[1].start, box[2].start)
    seed = (voxel[0] - start[0], voxel[1] - start[1], voxel[2] - start[2])
    hu = chest.full[box].astype(np.float32)
    return Patch(hu, chest.lung[box], start, seed, chest.frame.spacing)


def _nodule(chest: _Chest, patch: Patch, traced: Outline, size: Size) -> Nodule:
    box = box_of(traced.mask, (0, 0, 0))
    offset = [a + b for a, b in zip(patch.start, chest.start, strict=True)]
    place = tuple(
        slice(side.start + by, side.stop + by) for side, by in zip(box, offset, strict=True)
    )
    within = tuple(
        slice(side.start + by, side.stop + by) for side, by in zip(box, patch.start, strict=True)
    )
    mask = np.ascontiguousarray(traced.mask[box])
    mean = float(patch.hu[traced.mask].mean(dtype=np.float64))
    rightward = np.count_nonzero(chest.right[within] & mask)
    return Nodule(
        boxed=Boxed(mask, place),
        size=size,
        score=score.of(traced, size),
        mean_hu=mean,
        rim_hu=abs(traced.inside_hu - mean),
        right=bool(2 * rightward > np.count_nonzero(mask)),
    )


def _same(one: Boxed, other: Boxed) -> bool:
    """Whether two masks share a good part of the smaller one."""
    box = tuple(
        slice(max(a.start, b.start), min(a.stop, b.stop))
        for a, b in zip(one.box, other.box, strict=True)
    )
    if any(side.stop <= side.start for side in box):
        return False
    cuts = [
        boxed.mask[
            tuple(
                slice(s.start - b.start, s.stop - b.start)
                for s, b in zip(box, boxed.box, strict=True)
            )
        ]
        for boxed in (one, other)
    ]
    shared = np.count_nonzero(cuts[0] & cuts[1])
    smaller = min(np.count_nonzero(one.mask), np.count_nonzero(other.mask))
    return bool(shared > _SAME_SHARE * smaller)
