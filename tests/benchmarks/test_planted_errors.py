"""The planted-error table holds its bars, with each row and the kinds held back apart."""

from pathlib import Path

import pytest

from tests.benchmarks.planted_errors import BARS, LEAST_ERRORS, Line, Rate, outcomes, table
from tests.benchmarks.planted_items import ROWS


@pytest.fixture(scope="module")
def lines(data_folder: Path) -> dict[str, dict[str, Line]]:
    judgements, kept = outcomes(data_folder)
    return {half: {one.name: one for one in table(judgements, kept, half)} for half in BARS}


def test_there_are_enough_planted_errors_over_all_rows(lines):
    assert sum(lines[half]["all"].recall.n for half in BARS) >= LEAST_ERRORS
    assert min(lines[half][row].recall.n for half in BARS for row in ROWS) >= 20
    assert min(lines[half]["all"].alarms.n for half in BARS) >= 150


@pytest.mark.parametrize("half", BARS)
def test_recall_and_false_alarms_hold_the_bars(lines, half):
    recall, alarms = BARS[half]
    assert lines[half]["all"].recall.value >= recall
    assert lines[half]["all"].alarms.value <= alarms


@pytest.mark.parametrize("half", BARS)
def test_no_row_falls_far_behind(lines, half):
    weak = {
        row: str(lines[half][row].recall) for row in ROWS if lines[half][row].recall.value < 0.8
    }
    assert weak == {}


def test_the_interval_is_wilsons():
    low, high = Rate(81, 263).interval
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
