"""What is known about a phantom without looking at its voxels."""

from dataclasses import dataclass

import numpy as np

from medmm.demo.grid import triple
from medmm.demo.mediastinum import GULLET_AIR, TRACHEA
from medmm.demo.nodule import Side
from medmm.demo.phantom import Phantom

Place = tuple[float, float, float]


@dataclass(frozen=True)
class Truth:
    """Sizes from the phantom's shapes; places in LPS mm.

    A lung's volume is all inside its outer surface, vessels, nodule and lobar bronchi included,
    without trachea and main bronchi. The nodule's axes are those of its cut by the slice plane
    through its centre, whether or not a slice was acquired just there.
    """

    seed: int
    right_lung_ml: float
    left_lung_ml: float
    nodule_long_axis_mm: float
    nodule_short_axis_mm: float
    nodule_volume_ml: float
    nodule_laterality: Side
    nodule_centre_mm: Place
    carina_mm: Place
    other_gas_mm: dict[str, Place]
    """Places with gas that is neither lung nor airway."""
    shape: tuple[int, int, int]
    affine_lps: tuple[tuple[float, ...], ...]

    @classmethod
    def of(cls, phantom: Phantom) -> "Truth":
        """The truth of a phantom."""
        scale = np.array(phantom.build.scale)
        nodule = phantom.nodule
        long_axis, short_axis = nodule.section_axes_mm(phantom.grid)
        gases = {
            "stomach": (58.0, -44.0, -132.0),
            "colon": (66.0, -61.0, -166.0),
            "gullet": GULLET_AIR.path[0],
        }
        return cls(
            seed=phantom.seed,
            right_lung_ml=phantom.lungs.volume_ml("right"),
            left_lung_ml=phantom.lungs.volume_ml("left"),
            nodule_long_axis_mm=long_axis,
            nodule_short_axis_mm=short_axis,
            nodule_volume_ml=nodule.volume_ml,
            nodule_laterality=nodule.laterality,
            nodule_centre_mm=triple(nodule.centre_mm),
            carina_mm=triple(np.array(TRACHEA.path[-1]) * scale),
            other_gas_mm={name: triple(np.array(at) * scale) for name, at in gases.items()},
            shape=phantom.shape,
            affine_lps=tuple(tuple(row) for row in phantom.grid.affine_lps.tolist()),
        )
