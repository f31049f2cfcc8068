"""Properties of grids over all orientations, spacings, tilts and orders."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from medmm.dicom.proof import Planes
from medmm.dicom.stacking import NEAR_MM, grid_of
from medmm.errors import GeometryError
from medmm.nouns.geometry import slice_gap_mm, to_index, to_mm

SHAPE = (256, 320)
FEW = settings(max_examples=120, deadline=None, derandomize=True)


@st.composite
def stacks(draw: st.DrawFn) -> tuple[Planes, NDArray[np.float64], NDArray[np.intp]]:
    """Planes in a random order, the affine they were made with, and each one's place in it."""
    angles = [draw(st.floats(-180, 180)) for _ in range(3)]
    turn = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    row, column, normal = turn[:, 0], turn[:, 1], turn[:, 2]
    count = draw(st.integers(2, 60))
    gap = draw(st.floats(0.3, 12))
    tilt = np.radians(draw(st.floats(-30, 30)))
    toward = np.radians(draw(st.floats(0, 360)))
    lateral = np.cos(toward) * row + np.sin(toward) * column
    step = gap * (normal + np.tan(tilt) * lateral)
    spacing = (draw(st.floats(0.2, 4)), draw(st.floats(0.2, 4)))
    origin = np.array([draw(st.floats(-400, 400)) for _ in range(3)])
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = step, column * spacing[0], row * spacing[1]
    affine[:3, 3] = origin
    order = np.random.default_rng(draw(st.integers(0, 2**31))).permutation(count)
    planes = Planes(
        positions=np.round(origin + order[:, None] * step, 6),
        rows=np.round(np.tile(row, (count, 1)), 8),
        columns=np.round(np.tile(column, (count, 1)), 8),
        spacing=np.tile(spacing, (count, 1)),
    )
    return planes, affine, order


@FEW
@given(stacks())
def test_the_affine_is_recovered_whatever_the_order(
    made: tuple[Planes, NDArray[np.float64], NDArray[np.intp]],
) -> None:
    planes, affine, order = made
    grid = grid_of(planes, SHAPE)
    assert grid.order.tolist() == np.argsort(order).tolist()
    assert grid.deviation_mm < 0.001
    assert grid.depth == len(planes)
    corners = [[k, i, j] for k in (0, len(planes) - 1) for i in (0, 255) for j in (0, 319)]
    np.testing.assert_allclose(to_mm(grid.affine, corners), to_mm(affine, corners), atol=0.001)


@FEW
@given(stacks())
def test_points_go_to_millimetres_and_back(
    made: tuple[Planes, NDArray[np.float64], NDArray[np.intp]],
) -> None:
    grid = grid_of(made[0], SHAPE)
    points = np.random.default_rng(0).uniform(-50, 300, (20, 3))
    back = to_index(grid.affine, to_mm(grid.affine, points))
    np.testing.assert_allclose(back, points, atol=1e-6)


@FEW
@given(stacks(), st.floats(0.11, 0.45), st.data())
def test_a_slice_out_of_place_is_never_accepted(
    made: tuple[Planes, NDArray[np.float64], NDArray[np.intp]], share: float, data: st.DataObject
) -> None:
    """Moved along or across by more than twice what is allowed, one of at least six is found."""
    planes, affine, _ = made
    assume(len(planes) >= 6)
    which = data.draw(st.integers(0, len(planes) - 1))
    axis = data.draw(st.sampled_from([0, 1, 2]))
    shift = max(share * slice_gap_mm(affine), 3 * NEAR_MM)
    planes.positions[which] += shift * affine[:3, axis] / np.linalg.norm(affine[:3, axis])
    with pytest.raises(GeometryError) as refusal:
        grid_of(planes, SHAPE)
    assert refusal.value.code in ("irregular_spacing", "sideways_shift", "repeated_positions")


@FEW
@given(stacks(), st.data())
def test_a_missing_inner_slice_is_named_with_its_place(
    made: tuple[Planes, NDArray[np.float64], NDArray[np.intp]], data: st.DataObject
) -> None:
    planes, affine, order = made
    assume(len(planes) >= 5)
    missing = data.draw(st.integers(1, len(planes) - 2))
    kept = planes.take(np.flatnonzero(order != missing))
    (hole,) = grid_of(kept, SHAPE).holes
    assert (hole.after, hole.count) == (missing - 1, 1)
    assert hole.to_mm - hole.from_mm == pytest.approx(2 * slice_gap_mm(affine), rel=1e-3)


@FEW
@given(stacks(), st.floats(0, 0.01))
def test_slow_drift_is_judged_over_the_whole_stack(
    made: tuple[Planes, NDArray[np.float64], NDArray[np.intp]], drift: float
) -> None:
    """Whatever is accepted lies within 0.05 mm of every slice, however small each step's error."""
    planes, affine, order = made
    normal = planes.normal
    growth = slice_gap_mm(affine) * drift * order.astype(float) ** 2 / 2
    planes.positions[:] += growth[:, None] * normal
    try:
        grid = grid_of(planes, SHAPE)
    except GeometryError:
        return
    places = np.empty(len(planes))
    places[grid.order] = grid.indices
    claimed = grid.affine[:3, 3] + places[:, None] * grid.affine[:3, 0]
    assert np.linalg.norm(claimed - planes.positions, axis=1).max() <= NEAR_MM
