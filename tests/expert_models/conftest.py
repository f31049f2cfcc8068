"""Phantoms that several tests look at, made once."""

import numpy as np
import pytest

from tests.expert_models import chest_phantom as made
from tests.expert_models import real


@pytest.fixture(scope="session")
def chest():
    """A scene and its volume: 5 mm slices of 2 mm pixels, a nodule in each lung, little noise."""
    nodules = (
        made.Ellipsoid((-70.0, 25.0, 60.0), (9.0, 7.0, 8.0)),
        made.Ellipsoid((100.0, 10.0, 35.0), (7.0, 7.0, 7.0)),
    )
    scene = made.scene(3, nodules=nodules)
    spacing, shape = (4.0, 1.6, 1.6), (64, 220, 220)
    return scene, made.rendered(scene, spacing, shape, noise=10.0, fine=2)


@pytest.fixture(scope="session")
def real_chest(data_folder):
    """The whole real chest CT."""
    return real.nifti(data_folder / "ct_lung_nodule" / "lung1_ct_ds2.nii.gz")


@pytest.fixture(scope="session")
def real_abdomen(data_folder):
    """The real abdomen CT that reaches into the lung bases, and its label map."""
    folder = data_folder / "ct_abdomen" / "nifti"
    labels = real.nifti(folder / "example_seg_fast_force_split.nii.gz", units="1")
    return real.nifti(folder / "example_ct.nii.gz"), np.asarray(labels.array)
