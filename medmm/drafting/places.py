"""Where in an organ something lies, by the geometry of both."""

from typing import Literal, TypeAlias

from medmm.nouns import Region, geometry

Third: TypeAlias = Literal["upper", "middle", "lower"]


def third_of(place: Region, organ: Region) -> Third | None:
    """The third of an organ's height that holds a region's centre; None where geometry is lacking.

    Height runs along the organ's own grid axis that is closest to the patient's head, over the box
    of the organ's mask; the region may lie on another series of the same study.
    """
    centre = place.centre_mm()
    if centre is None or organ.affine_lps is None or organ.mask is None:
        return None
    if organ.mask.array.ndim != 3 or not organ.mask.array.shape[0]:
        return None
    axis = geometry.patient_axis(organ.affine_lps, "head")
    index = geometry.to_index(organ.affine_lps, centre)[axis]
    # Voxel centres: the box runs from half a voxel below the first to half above the last.
    height = (index + 0.5 - organ.mask.start[axis]) / organ.mask.array.shape[axis]
    if not 0.0 <= height <= 1.0:
        return None
    if not geometry.grows_towards(organ.affine_lps, axis, "head"):
        height = 1.0 - height
    return "lower" if height < 1 / 3 else "middle" if height < 2 / 3 else "upper"
