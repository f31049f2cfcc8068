"""Changes against a prior study."""

from dataclasses import replace

import pytest

from medmm.drafting.comparison import change, changes, days_between, interval, percent_shown
from tests.drafting.builders import lung, measured, nodule, prior


def test_a_difference_within_both_uncertainties_is_no_change() -> None:
    one = change(
        measured("a", "volume", 2310, "mL", off=30), measured("b", "volume", 2350, "mL", off=30)
    )
    assert one.combined == pytest.approx(42.43, abs=0.01)
    assert one.beyond is False


def test_a_difference_beyond_both_uncertainties_is_a_change() -> None:
    one = change(
        measured("a", "volume", 2310, "mL", off=30), measured("b", "volume", 2353, "mL", off=30)
    )
    assert one.beyond is True
    assert one.percent == pytest.approx(-1.8275, abs=1e-3)


def test_a_standard_deviation_counts_as_its_95_percent_half_width() -> None:
    now = measured("a", "volume", 100, "mL", off=10, kind="repeatability")
    before = measured("b", "volume", 125, "mL", off=10, kind="repeatability")
    one = change(now, before)
    assert one.combined == pytest.approx(27.72, abs=0.01)
    assert one.beyond is False
    assert change(replace(now, value=97.0), before).beyond is True


@pytest.mark.parametrize(
    ("spoil", "obstacle"),
    [
        ({"doubtful": True}, "doubtful"),
        ({"uncertainty": None}, "uncertainty"),
        ({"method": "another way"}, "method"),
        ({"expert": "another expert"}, "method"),
    ],
)
def test_nobody_can_tell_where_something_is_lacking(
    spoil: dict[str, object], obstacle: str
) -> None:
    now = measured("a", "volume", 100, "mL", off=1)
    before = replace(measured("b", "volume", 200, "mL", off=1), **spoil)
    assert change(now, before).beyond is None
    assert change(now, before).obstacle == obstacle
    assert change(replace(now, **spoil), measured("b", "volume", 200, "mL", off=1)).beyond is None


def test_attenuation_has_no_percent() -> None:
    one = change(
        measured("a", "x", -800, "[hnsf'U]", off=2), measured("b", "x", -900, "[hnsf'U]", off=2)
    )
    assert one.percent is None
    assert percent_shown(one) is None
    assert one.beyond is True


def test_quantities_are_matched_by_label_name_and_unit() -> None:
    regions = {"r7": lung("r7"), "r8": lung("r8", "left")}
    now = [
        measured("m1", "volume", 2300, "mL", "r7", 14.0),
        measured("m2", "volume", 2000, "mL", "r8", 14.0),
        measured("m3", "surface", 90, "mm2", "r8"),
    ]
    found = changes(now, regions, prior())
    assert [(one.now.id, one.before.id) for one in found] == [("m1", "m1"), ("m2", "m4")]


def test_what_is_there_several_times_is_not_matched() -> None:
    regions = {"r1": nodule("r1"), "r2": nodule("r2")}
    now = [measured("m1", "long axis", 9, "mm", "r1"), measured("m2", "long axis", 8, "mm", "r2")]
    assert changes(now, regions, prior(nodules=1)) == ()
    assert len(changes(now[:1], regions, prior(nodules=1))) == 1
    assert changes(now[:1], regions, prior(nodules=2)) == ()


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (1, (1, "day")), (13, (13, "day")), (14, (2, "week")), (59, (8, "week")),
        (60, (2, "month")), (365, (12, "month")), (730, (24, "month")), (731, (2, "year")),
        (3650, (10, "year")),
    ],
)  # fmt: skip
def test_intervals_are_said_as_people_say_them(days: int, said: tuple[int, str]) -> None:
    assert interval(days) == said


def test_days_between_dates_with_and_without_times() -> None:
    assert days_between("2025-09-10T10:00:00", "2026-03-14") == 185
    assert days_between("", "2026-03-14") is None
    assert days_between("unknown", "2026-03-14") is None
