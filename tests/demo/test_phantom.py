"""The phantom's voxels agree with its shapes, and hold the traps that they are meant to hold."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medmm.demo import abdomen, mediastinum
from medmm.demo.canvas import Slab
from medmm.demo.grid import Grid
from medmm.demo.lungs import lungs
from medmm.demo.mediastinum import airway
from medmm.demo.nodule import Nodule
from medmm.demo.phantom import SHAPE, Phantom
from medmm.demo.shapes import Points, ellipsoid
from medmm.demo.truth import Truth
from medmm.errors import UsageError
from medmm.nouns import geometry

QUICK = (42, 128, 128)
SIDES = ("right", "left")


@pytest.fixture(scope="module", params=[0, 5])
def phantom(request: pytest.FixtureRequest) -> Phantom:
    return Phantom(request.param, shape=QUICK)


@pytest.fixture(scope="module")
def volume(phantom: Phantom) -> Iterator[np.ndarray]:
    return phantom.volume()


def model_points(count: int, seed: int) -> tuple[np.ndarray, float]:
    """Random model points over a box that holds both lungs, and the box's volume in mm3."""
    low, high = np.array([-150, -115, -200]), np.array([150, 115, 130])
    draw = np.random.default_rng(seed)
    return draw.uniform(low, high, (count, 3)), float(np.prod(high - low))


def fields_at(points: np.ndarray, phantom: Phantom) -> tuple[np.ndarray, np.ndarray]:
    x, y, z = points.astype(np.float32).T
    return lungs(Points(x, y, z), phantom.build)


def hu_at(volume: np.ndarray, phantom: Phantom, place_mm: tuple[float, ...]) -> float:
    """Mean HU of the 3 x 3 pixels around a place in LPS mm."""
    k, i, j = np.rint(geometry.to_index(phantom.grid.affine_lps, place_mm)).astype(int)
    return float(volume[k, i - 1 : i + 2, j - 1 : j + 2].mean())


def test_lung_volumes_agree_with_random_points_in_the_same_shapes(phantom: Phantom) -> None:
    points, box = model_points(1_500_000, seed=11)
    to_patient = float(np.prod(phantom.build.scale))
    for side, field in zip(SIDES, fields_at(points, phantom), strict=True):
        counted = float((field < 0).mean()) * box * to_patient / 1000
        # Three standard errors of 1.5 million points are 0.7 % of a lung.
        assert phantom.lungs.volume_ml(side) == pytest.approx(counted, rel=0.007)


def test_lung_volumes_agree_with_partial_volume_on_the_acquired_grid(phantom: Phantom) -> None:
    filled = dict.fromkeys(SIDES, 0.0)
    voxel = geometry.voxel_volume_mm3(phantom.grid.affine_lps) / 1000
    for start in range(0, QUICK[0], 14):
        slab = Slab(phantom.grid, range(start, start + 14), phantom.build.scale)
        for side, field in zip(SIDES, lungs(slab.points, phantom.build), strict=True):
            slab.hu[:] = 0
            slab.fill(field, 1.0)
            filled[side] += float(slab.hu.sum()) * voxel
    for side in SIDES:
        assert filled[side] == pytest.approx(phantom.lungs.volume_ml(side), rel=0.005)


def test_lungs_hold_neither_airway_nor_each_other_and_lie_on_their_sides(phantom: Phantom) -> None:
    points, _ = model_points(400_000, seed=3)
    right, left = fields_at(points, phantom)
    x, y, z = points.astype(np.float32).T
    assert not ((right < 0) & (left < 0)).any()
    assert points[right < 0][:, 0].mean() < -40
    assert points[left < 0][:, 0].mean() > 40
    in_airway = airway(Points(x, y, z), 0.0) < -0.5
    assert in_airway.sum() > 100
    assert not (in_airway & ((right < 0) | (left < 0))).any()


def test_both_lungs_are_covered_whole(phantom: Phantom) -> None:
    points, _ = model_points(300_000, seed=4)
    right, left = fields_at(points, phantom)
    patient = points[(right < 0) | (left < 0)] * np.array(phantom.build.scale)
    index = geometry.to_index(phantom.grid.affine_lps, patient)
    assert (index > 0.5).all()
    assert (index < np.array(QUICK) - 1.5).all()


def test_voxels_deep_in_the_lungs_are_air_and_deep_in_the_liver_are_not(
    phantom: Phantom, volume: np.ndarray
) -> None:
    scale = np.array(phantom.build.scale)
    assert -930 < np.median([hu_at(volume, phantom, p) for p in _deep_points(phantom)]) < -780
    assert 30 < hu_at(volume, phantom, tuple(np.array([-70, 0, -135]) * scale)) < 85


def _deep_points(phantom: Phantom) -> list[tuple[float, ...]]:
    draw = np.random.default_rng(8)
    scale = np.array(phantom.build.scale)
    return [tuple(p * scale) for side in SIDES for p in phantom.lungs.places(side, 60, 8, draw)]


def test_gas_that_is_no_lung_is_there(phantom: Phantom, volume: np.ndarray) -> None:
    truth = Truth.of(phantom)
    assert set(truth.other_gas_mm) == {"stomach", "colon", "gullet"}
    for name in ("stomach", "colon"):
        assert hu_at(volume, phantom, truth.other_gas_mm[name]) < -850, name
        model = np.array([truth.other_gas_mm[name]]) / np.array(phantom.build.scale)
        assert min(field.min() for field in fields_at(model, phantom)) > 0
    # A gullet's bubble is smaller than these coarse voxels; it only has to darken them.
    assert hu_at(volume, phantom, truth.other_gas_mm["gullet"]) < -150


def test_the_trachea_is_open_down_to_the_carina(phantom: Phantom, volume: np.ndarray) -> None:
    scale = np.array(phantom.build.scale)
    for place in ((0, 15, 100), (1, 13, 60), (0, 13, 20)):
        assert hu_at(volume, phantom, tuple(np.array(place) * scale)) < -850
    assert Truth.of(phantom).carina_mm[2] == pytest.approx(3 * scale[2], abs=0.5)


def test_the_stomach_lies_under_the_left_dome_and_its_level_is_flat(phantom: Phantom) -> None:
    z = np.full(200, -132.0, dtype=np.float32)
    y = np.linspace(-60, 20, 200, dtype=np.float32)
    points = Points(np.full_like(z, 58.0), y, z)
    inside = abdomen.cavity(points, phantom.build)
    gas = abdomen.stomach_gas(points, abdomen.stomach(points, inside)) < 0
    assert gas.any()
    assert y[gas].max() <= abdomen.STOMACH_LEVEL_Y


def test_the_nodule_is_solid_and_ringed_by_lung(phantom: Phantom, volume: np.ndarray) -> None:
    nodule = phantom.nodule
    assert nodule.level(nodule.centre_mm) == 0
    draw = np.random.default_rng(2)
    around = draw.standard_normal((500, 3))
    around /= np.linalg.norm(around, axis=1, keepdims=True)
    shell = nodule.centre_mm + around * (nodule.half_axes_mm.max() + 5)
    field = phantom.lungs.depth(nodule.laterality, shell / np.array(phantom.build.scale))
    assert (field < 0).all()
    for rod in (*phantom.trees.vessels, *phantom.trees.bronchi):
        ends = np.array([rod.start, rod.end])
        gap = (nodule.level(ends) - 1) * nodule.half_axes_mm.min()
        assert (gap > max(rod.radii)).all()
    index = geometry.to_index(phantom.grid.affine_lps, nodule.centre_mm)
    near = np.rint(index).astype(int)
    assert volume[near[0], near[1], near[2]] > -300


def test_a_nodule_of_another_size_and_place_is_what_was_asked_for() -> None:
    asked = Phantom(
        3, shape=QUICK, nodule_axes_mm=(20.0, 16.0, 18.0), nodule_centre_mm=(75.0, 20.0, 10.0)
    )
    assert asked.nodule.laterality == "left"
    assert asked.nodule.volume_ml == pytest.approx(np.pi / 6 * 20 * 16 * 18 / 1000)
    assert min(asked.nodule.section_axes_mm(asked.grid)) >= 16
    assert max(asked.nodule.section_axes_mm(asked.grid)) <= 20
    assert Phantom(3, shape=QUICK, nodule_side="left").nodule.laterality == "left"


def test_a_nodule_without_room_is_refused_in_words() -> None:
    with pytest.raises(UsageError, match="no room of 67 mm"):
        _ = Phantom(3, shape=QUICK, nodule_axes_mm=(120.0, 120.0, 120.0)).nodule


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    axes=st.tuples(*[st.floats(6, 30)] * 3),
    seed=st.integers(0, 10_000),
    tilt=st.tuples(*[st.floats(-25, 25)] * 3),
)
def test_section_axes_are_the_widest_and_the_crosswise_diameter_of_the_slice(
    axes: tuple[float, float, float], seed: int, tilt: tuple[float, float, float]
) -> None:
    draw = np.random.default_rng(seed)
    turn = np.linalg.qr(draw.standard_normal((3, 3)))[0]
    nodule = Nodule(np.zeros(3), np.array(axes) / 2, turn, "right")
    grid = Grid.around((0, 0, 0), (3, 3, 3), (1, 1, 1), tilt)
    angle = np.linspace(0, np.pi, 1441)
    ways = np.cos(angle)[:, None] * grid.turn[:, 1] + np.sin(angle)[:, None] * grid.turn[:, 2]
    across = 2 / nodule.level(ways)
    widest = int(across.argmax())
    crosswise = across[(widest + 720) % 1440]
    long_axis, short_axis = nodule.section_axes_mm(grid)
    assert long_axis == pytest.approx(across[widest], rel=1e-4)
    assert short_axis == pytest.approx(crosswise, rel=2e-2)
    assert short_axis == pytest.approx(across.min(), rel=1e-4)


def test_the_nodules_voxels_hold_its_volume(phantom: Phantom) -> None:
    found = phantom.nodule.share(phantom.grid, range(QUICK[0]))
    assert found is not None
    held = float(found[0].sum()) * geometry.voxel_volume_mm3(phantom.grid.affine_lps) / 1000
    assert held == pytest.approx(phantom.nodule.volume_ml, rel=0.01)


def test_a_ball_fills_its_voxels_with_its_volume_on_an_oblique_grid() -> None:
    grid = Grid.around((0, 0, 0), (24, 80, 80), (2.5, 0.8, 0.8), (8, -5, 10))
    slab = Slab(grid, range(24), (1, 1, 1))
    slab.hu[:] = 0
    slab.fill(ellipsoid(slab.points, (1.0, -2.0, 0.5), (20, 20, 20)), 1.0)
    held = float(slab.hu.sum()) * geometry.voxel_volume_mm3(grid.affine_lps)
    assert held == pytest.approx(4 / 3 * np.pi * 20**3, rel=0.01)


def test_vessels_taper_and_stay_in_the_lungs_or_their_roots(phantom: Phantom) -> None:
    rods = phantom.trees.vessels
    assert len(rods) > 2000
    assert max(rod.radii[0] for rod in rods) > 4
    assert min(rod.radii[1] for rod in rods) < 0.7
    ends = np.array([rod.end for rod in rods]) / np.array(phantom.build.scale)
    field = np.minimum(*(phantom.lungs.depth(side, ends) for side in SIDES))
    assert (field < 0).mean() > 0.98


def test_the_patient_lies_obliquely_and_the_affine_says_so(phantom: Phantom) -> None:
    turn = phantom.grid.turn
    assert np.allclose(turn.T @ turn, np.eye(3))
    tilt = np.degrees(np.arccos(np.diag(turn[:, [2, 1, 0]])))
    assert (tilt > 1).all()
    assert (tilt < 4).all()


def test_the_bundled_shape_has_at_least_120_thin_slices() -> None:
    slices, rows, columns = SHAPE
    assert slices >= 120
    assert rows == columns == 512
    assert Phantom().grid.spacing_mm[0] <= 2.5


def test_the_great_vessels_run_where_the_painter_expects_them() -> None:
    for pipe in (*mediastinum.GREAT_VESSELS, *mediastinum.AIRWAY, mediastinum.GULLET):
        assert len(pipe.path) == len(pipe.radii)
