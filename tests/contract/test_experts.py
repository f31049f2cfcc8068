"""Our experts against the contract of the seam."""

import pytest

from medmm import plugins
from medmm.nouns import Series
from tests.contract.expert_suite import FilmExpertSuite, VolumeExpertSuite
from tests.expert_models import chest_phantom as made


@pytest.fixture(scope="module")
def chest() -> Series:
    """A made chest with a nodule in each lung."""
    nodules = (
        made.Ellipsoid((-70.0, 25.0, 60.0), (9.0, 7.0, 8.0)),
        made.Ellipsoid((100.0, 10.0, 35.0), (7.0, 7.0, 7.0)),
    )
    scene = made.scene(61, nodules=nodules, vessels=8)
    volume = made.rendered(scene, (4.0, 2.2, 2.2), (64, 160, 160), noise=10.0, fine=2)
    return made.series(volume)


def test_every_registered_expert_is_tested_here() -> None:
    tested = {one.entry for one in (TestCtLungs, TestCtNodule, TestCxrLungs)}
    assert {plugin.entry.value for plugin in plugins.found("medmm.experts")} == tested


class TestCtLungs(VolumeExpertSuite):
    entry = "expert_models.ct_lungs:build"

    @pytest.fixture
    def good(self, chest: Series) -> Series:
        return chest


class TestCtNodule(VolumeExpertSuite):
    entry = "expert_models.ct_nodule:build"

    @pytest.fixture
    def good(self, chest: Series) -> Series:
        return chest


class TestCxrLungs(FilmExpertSuite):
    entry = "expert_models.cxr_lungs:build"
    heavy = ("scipy", "torch", "monai", "onnxruntime", "PIL")

    @pytest.fixture
    def good(self, made_film: Series) -> Series:
        return made_film
