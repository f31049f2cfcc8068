"""Masks found along the patient's axes as regions on the series' own grid."""

import numpy as np

from expert_models.chest_ct.frame import Frame
from expert_models.chest_ct.surface import Boxed
from medmm.nouns import Code, Mask, Region, Series, Volume
from medmm.nouns.regions import Laterality


def on_grid(boxed: Boxed, frame: Frame) -> Mask:
    """A mask in a box of the turned grid as a mask of the volume's grid."""
    back = frame.back(boxed.mask)
    starts = [0, 0, 0]
    for new, (old, flip) in enumerate(zip(frame.order, frame.flips, strict=True)):
        side = boxed.box[new]
        starts[old] = frame.shape[new] - side.stop if flip else side.start
    shape = [0, 0, 0]
    for new, old in enumerate(frame.order):
        shape[old] = frame.shape[new]
    tight = Mask.of(back)
    start = tuple(a + b for a, b in zip(starts, tight.start, strict=True))
    return Mask(tight.array, start, tuple(shape))


def region(
    mask: Mask,
    series: Series,
    volume: Volume,
    *,
    region_id: str,
    label: str,
    code: Code,
    laterality: Laterality | None,
    confidence: float | None = None,
    doubtful: bool = False,
) -> Region:
    """A region with its box in the slice (of the stored stack) where it is largest."""
    areas = mask.array.sum(axis=(1, 2))
    slab = int(np.argmax(areas))
    rows = np.flatnonzero(mask.array[slab].any(axis=1)) + mask.start[1]
    columns = np.flatnonzero(mask.array[slab].any(axis=0)) + mask.start[2]
    return Region(
        id=region_id,
        label=label,
        kind="mask",
        series_uid=series.uid,
        series_key=series.key,
        code=code,
        laterality=laterality,
        slice=slab + mask.start[0],
        box=(float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)),
        mask=mask,
        affine_lps=volume.affine_lps,
        confidence=confidence,
        doubtful=doubtful,
    )
