"""Where something is: masks, boxes, points and outlines in one series' own voxel frame."""

from dataclasses import dataclass, replace
from typing import Literal, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from medmm.nouns import geometry
from medmm.nouns.codes import Code
from medmm.nouns.geometry import Affine, Points

RegionKind: TypeAlias = Literal["mask", "box", "point", "polygon", "contour"]
Laterality: TypeAlias = Literal["left", "right", "both"]


@dataclass(frozen=True, eq=False)
class Mask:
    """A binary mask kept as the box that holds it.

    ``array`` is the boolean crop, ``start`` the index of its first element in the full grid,
    ``shape`` the full grid's shape (``[slice, row, column]`` or ``[row, column]``).
    """

    array: NDArray[np.bool_]
    start: tuple[int, ...]
    shape: tuple[int, ...]

    @classmethod
    def of(cls, full: NDArray[np.bool_]) -> Self:
        """Crop a full-size boolean array to what is set; an empty mask keeps an empty crop."""
        slices = []
        for axis in range(full.ndim):
            others = tuple(other for other in range(full.ndim) if other != axis)
            hit = np.flatnonzero(full.any(axis=others))
            if hit.size == 0:
                empty = np.zeros((0,) * full.ndim, dtype=np.bool_)
                return cls(empty, (0,) * full.ndim, full.shape)
            slices.append(slice(int(hit[0]), int(hit[-1]) + 1))
        crop = np.ascontiguousarray(full[tuple(slices)])
        return cls(crop, tuple(part.start for part in slices), full.shape)

    @property
    def window(self) -> tuple[slice, ...]:
        """Slices that cut this mask's box out of the full grid."""
        return tuple(
            slice(first, first + size)
            for first, size in zip(self.start, self.array.shape, strict=True)
        )

    @property
    def count(self) -> int:
        """Number of elements set."""
        return int(np.count_nonzero(self.array))

    def full(self) -> NDArray[np.bool_]:
        """The mask over the full grid."""
        whole = np.zeros(self.shape, dtype=np.bool_)
        whole[self.window] = self.array
        return whole


@dataclass(frozen=True, eq=False)
class Region:
    """A place on one series.

    ``box`` is ``(x0, y0, x1, y1)`` in pixels of slice ``slice`` (of the largest one, for a volume's
    mask): 0-based, half-open, x to the right of the stored image. ``vertices`` holds points,
    polygons and contours as fractional indices ``[n, 3]`` (slice, row, column) or ``[n, 2]``
    (row, column). ``laterality`` is the patient's side, never the image's.
    """

    id: str
    label: str
    kind: RegionKind
    series_uid: str
    series_key: str = ""
    code: Code | None = None
    laterality: Laterality | None = None
    slice: int | None = None
    box: tuple[float, float, float, float] | None = None
    mask: Mask | None = None
    vertices: Points | None = None
    affine_lps: Affine | None = None
    confidence: float | None = None
    doubtful: bool = False
    mask_path: str | None = None

    def renamed(self, region_id: str) -> "Region":
        """The same region under another id."""
        return replace(self, id=region_id)

    def centre_mm(self) -> Points | None:
        """The centre in LPS mm, or None where the series has no frame in the patient."""
        if self.affine_lps is None:
            return None
        if self.mask is not None and self.mask.array.ndim == 3 and self.mask.count:
            inside = np.argwhere(self.mask.array).mean(axis=0) + np.array(self.mask.start)
            return geometry.to_mm(self.affine_lps, inside)
        if self.vertices is not None and self.vertices.shape[-1] == 3:
            return geometry.to_mm(self.affine_lps, self.vertices.mean(axis=0))
        if self.box is not None and self.slice is not None:
            x0, y0, x1, y1 = self.box
            middle = [self.slice, (y0 + y1 - 1) / 2, (x0 + x1 - 1) / 2]
            return geometry.to_mm(self.affine_lps, middle)
        return None
