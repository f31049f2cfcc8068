"""Where in an organ something lies."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medmm.drafting.places import third_of
from medmm.nouns import Region, geometry
from tests.drafting.builders import affine, lung, nodule


def point(height_mm: float) -> Region:
    """A point in the right lung, on a series of its own whose index is LPS mm."""
    frame = np.zeros((4, 4))
    frame[2, 0], frame[1, 1], frame[0, 2], frame[3, 3] = 1.0, 1.0, 1.0, 1.0
    vertices = np.array([[height_mm, 100.0, 70.0]])
    return Region("r9", "lung nodule", "point", "9", "9", vertices=vertices, affine_lps=frame)


@settings(deadline=None, max_examples=100, derandomize=True)
@given(share=st.floats(0.001, 0.999), flipped=st.booleans())
def test_the_third_is_by_height_in_the_patient_whichever_way_slices_run(
    share: float, flipped: bool
) -> None:
    organ = lung("r1")  # slices 10 to 50 of 2.5 mm: from 23.75 to 123.75 mm
    if flipped:
        turned = affine()
        turned[2, 0], turned[2, 3] = -2.5, 59 * 2.5
        assert organ.mask is not None
        organ = replace(organ, affine_lps=turned, mask=replace(organ.mask, start=(10, 5, 2)))
        assert geometry.to_mm(turned, [10, 0, 0])[2] == pytest.approx(122.5)
    expected = ("lower", "middle", "upper")[int(share * 3)]
    if min(abs(share - 1 / 3), abs(share - 2 / 3)) > 1e-6:
        assert third_of(point(23.75 + 100.0 * share), organ) == expected


def test_outside_the_organs_height_there_is_no_third() -> None:
    assert third_of(point(10.0), lung("r1")) is None
    assert third_of(point(200.0), lung("r1")) is None


def test_without_geometry_there_is_no_third() -> None:
    assert third_of(nodule("r2", affine_lps=None), lung("r1")) is None
    assert third_of(nodule("r2"), lung("r1", affine_lps=None)) is None
    assert third_of(nodule("r2"), lung("r1", mask=None)) is None
