"""How much of the lungs a series covers."""

from dataclasses import dataclass

from expert_models.chest_ct.lungs import Look

_BASES_CUT = 0.5
_BASES_MM = 130.0
_CUT = 0.02
_MUCH_CUT = 0.25


@dataclass(frozen=True)
class Coverage:
    """Lung area in the first and last axial slice as a share of the largest, and what it means.

    ``extent_mm`` is the length along the body over which there is lung.
    """

    extent_mm: float
    head_share: float
    foot_share: float

    @property
    def bases_only(self) -> bool:
        """Whether only the lower ends of the lungs are covered."""
        return self.head_share > _BASES_CUT and self.extent_mm < _BASES_MM

    @property
    def partial(self) -> bool:
        """Whether any part of the lungs is cut off."""
        return max(self.head_share, self.foot_share) > _CUT

    @property
    def head_missing(self) -> bool:
        """Whether a good part of the upper lungs is not covered."""
        return self.head_share > _MUCH_CUT

    @property
    def sentence(self) -> str:
        """What is not covered, in one sentence; empty where all is."""
        if self.bases_only:
            return (
                f"Only the lung bases are covered ({self.extent_mm:.0f} mm): a part of the lungs."
            )
        ends = [
            end
            for end, share in (("upper", self.head_share), ("lower", self.foot_share))
            if share > _CUT
        ]
        if not ends:
            return ""
        end = " and ".join(ends)
        return f"The lungs are only partly covered: they reach the {end} end of the series."


def of(look: Look) -> Coverage:
    """The coverage of a look that found lung."""
    areas = look.lungs.sum(axis=(1, 2))
    slices = areas.nonzero()[0]
    largest = float(areas.max())
    return Coverage(
        extent_mm=float(slices[-1] - slices[0] + 1) * look.blocks.spacing[0],
        head_share=float(areas[-1]) / largest,
        foot_share=float(areas[0]) / largest,
    )
