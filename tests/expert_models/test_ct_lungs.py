"""Lungs in made chests whose volumes are known, and in real ones."""

import numpy as np
import pytest
from scipy import ndimage

from expert_models.ct_lungs import build
from medmm.nouns import Volume
from tests.expert_models import chest_phantom as made

# Thresholds were set on the real chest and looked at on seeds 0 to 4; these seeds are others.
CASES = {
    "thick slices": (21, (5.0, 1.4, 1.4), {}, {"noise": 15.0}),
    "thin slices, much noise": (22, (2.5, 1.8, 1.8), {}, {"noise": 50.0}),
    "tilted gantry": (23, (4.0, 1.5, 1.5), {"tilt_deg": 18.0}, {"noise": 20.0}),
    "oblique, unequal pixels": (24, (4.0, 1.5, 1.9), {"rotation_deg": 12.0}, {"noise": 20.0}),
}


def figures(result):
    """Values by (side, name)."""
    sides = {region.id: region.laterality for region in result.regions}
    return {(sides[one.region], one.name): one.value for one in result.measurements}


def full_masks(result):
    return {region.laterality: region.mask.full() for region in result.regions}


def rendered(name, **scene):
    seed, spacing, turns, other = CASES[name]
    what = made.scene(seed, **scene)
    shape = tuple(int(extent / gap) for extent, gap in zip((262, 350, 350), spacing, strict=True))
    matrix = made.affine(spacing, shape, **turns)
    return what, made.rendered(what, spacing, shape, matrix, fine=2, seed=seed, **other)


@pytest.mark.parametrize("name", CASES)
def test_each_lung_volume_is_within_one_percent_of_the_formula(name, tmp_path):
    scene, volume = rendered(name)
    found = figures(made.run(build(), volume, tmp_path))
    assert found["right", "volume"] == pytest.approx(scene.lung_ml(scene.right, 1.5), rel=0.01)
    assert found["left", "volume"] == pytest.approx(scene.lung_ml(scene.left, 1.5), rel=0.01)


def test_lungs_that_touch_are_parted_within_one_percent(tmp_path):
    scene = made.scene(25, touching=True)
    volume = made.rendered(scene, (4.0, 1.6, 1.6), (66, 220, 220), noise=15.0, fine=2)
    found = figures(made.run(build(), volume, tmp_path))
    assert found["right", "volume"] == pytest.approx(scene.lung_ml(scene.right, 1.5), rel=0.01)
    assert found["left", "volume"] == pytest.approx(scene.lung_ml(scene.left, 1.5), rel=0.01)


def test_trachea_and_main_bronchi_are_not_lung_but_vessels_and_nodules_are(chest, tmp_path):
    scene, volume = chest
    both = np.any(list(full_masks(made.run(build(), volume, tmp_path)).values()), axis=0)

    def at(*place):
        index = np.linalg.solve(volume.affine_lps, [*place, 1.0])[:3]
        return bool(both[tuple(np.round(index).astype(int))])

    assert not at(0.0, 13.0, 80.0), "the trachea"
    assert not at(-20.0, 16.2, 14.6), "the right main bronchus"
    assert not at(22.0, -25.0, -45.0), "the heart"
    assert not at(0.0, 78.0, 0.0), "the spine"
    assert all(at(*nodule.centre) for nodule in scene.nodules)


def test_attenuation_and_emphysema_follow_the_painted_density(tmp_path):
    shape = (64, 180, 180)
    for hu, low, high in ((-850.0, 0.0, 3.0), (-945.0, 25.0, 60.0)):
        scene = made.scene(26, lung_hu=hu, vessels=0)
        volume = made.rendered(scene, (4.0, 2.0, 2.0), shape, noise=15.0, fine=2)
        found = figures(made.run(build(), volume, tmp_path))
        assert found["left", "mean attenuation"] == pytest.approx(hu, abs=25.0)
        assert low <= found["left", "emphysema index"] <= high


def test_figures_can_be_recomputed_from_the_masks(chest, tmp_path):
    _, volume = chest
    result = made.run(build(), volume, tmp_path)
    found = figures(result)
    for side, mask in full_masks(result).items():
        values = volume.array[mask]
        assert found[side, "volume"] == pytest.approx(np.count_nonzero(mask) * volume.voxel_ml)
        assert found[side, "mean attenuation"] == pytest.approx(float(values.mean()), abs=0.01)
        assert found[side, "emphysema index"] == pytest.approx(100 * float((values < -950).mean()))


def test_a_patient_lying_on_the_face_keeps_the_sides(chest, tmp_path):
    """Rows and columns that run the other way, as a prone patient's images do."""
    _, volume = chest
    turned = volume.affine_lps @ np.array(
        [[1, 0, 0, 0], [0, -1, 0, 219], [0, 0, -1, 219], [0, 0, 0, 1.0]]
    )
    prone = Volume(volume.array[:, ::-1, ::-1], turned, "HU")
    for region in made.run(build(), prone, tmp_path).regions:
        assert (region.centre_mm()[0] < 0) == (region.laterality == "right")


def test_lungs_cut_by_the_end_of_the_series_are_said_to_be_partly_covered(chest, tmp_path):
    _, volume = chest
    upper = Volume(volume.array[24:], volume.affine_lps, "HU")
    result = made.run(build(), upper, tmp_path)
    assert any("partly covered" in note and "lower end" in note for note in result.notes)
    assert all(one.doubtful for one in result.measurements if one.name == "volume")


def test_a_single_lung_is_measured_and_said_to_be_alone(tmp_path):
    scene = made.scene(27)
    painted = tuple(one for one in scene.painted if one[0] is not scene.left)
    alone = made.Scene(painted, scene.right, scene.left, scene.not_lung, ())
    volume = made.rendered(alone, (4.0, 2.0, 2.0), (64, 180, 180), fine=2)
    result = made.run(build(), volume, tmp_path)
    assert [region.laterality for region in result.regions] == ["right"]
    assert result.assessed == ("right lung",)
    assert any("Only one lung" in note for note in result.notes)


def test_both_lungs_of_the_real_chest_are_whole_without_airway(real_chest, tmp_path):
    result = made.run(build(), real_chest, tmp_path)
    found = figures(result)
    masks = full_masks(result)
    # A normal-sized adult; each lung's extent was looked at in three planes.
    assert 1700 < found["right", "volume"] < 1860
    assert 1030 < found["left", "volume"] < 1160
    both = masks["right"] | masks["left"]
    # Places read off the pictures: (slice, row, column) of the file's own stack.
    airway = ((30, 171, 134), (26, 172, 132), (21, 178, 120), (21, 183, 141))
    for place in airway:
        assert real_chest.array[place] < -900, place
        assert not both[place], place
    # No aerated lung is left out: beside the masks there is airway and its blurred wall alone.
    inside = ndimage.binary_fill_holes(both.any(axis=0))
    aerated = (real_chest.array > -920) & (real_chest.array < -750)
    left_out = (aerated & ~both & inside)[2:36]
    assert np.count_nonzero(left_out) * real_chest.voxel_ml < 10


def test_in_the_real_abdomen_only_lung_bases_are_found_and_bowel_gas_never(real_abdomen, tmp_path):
    volume, labels = real_abdomen
    result = made.run(build(), volume, tmp_path)
    assert result.applicability.status == "doubtful"
    assert "lung bases" in result.applicability.reason
    assert all(one.doubtful for one in result.measurements)
    masks = full_masks(result)
    for side, lobes in (("left", (10, 11)), ("right", (12, 13, 14))):
        truth = np.isin(labels, lobes)
        common = 2 * np.count_nonzero(masks[side] & truth)
        assert common / (np.count_nonzero(masks[side]) + np.count_nonzero(truth)) > 0.93
    bowel = np.isin(labels, (6, 18, 19, 20, 21))
    assert not np.any((masks["right"] | masks["left"]) & bowel & (volume.array < -500))
