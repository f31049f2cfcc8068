"""What a terminal is shown."""

import pytest

from medmm.cli.facts import parse
from medmm.cli.output import columns, shown
from medmm.errors import UsageError


@pytest.mark.parametrize("sign", ["\x1b", "\x07", "\x9b", "\u202e", "\u2066", "\u200f", "\r"])
def test_signs_that_could_redraw_a_terminal_are_replaced(sign: str) -> None:
    assert shown(f"Doe{sign}[2J^John") == f"Doe‹U+{ord(sign):04X}›[2J^John"


def test_text_in_other_scripts_is_left_alone() -> None:
    for text in ("Müller^Jürgen", "王^小東", "יעקב", "Люкceмбypг", "a\tb\nc"):
        assert shown(text) == text


def test_columns_are_aligned() -> None:
    assert columns([("id", "name"), ("10", "x")]) == "id  name\n10  x"


@pytest.mark.parametrize("text", ["1", "1,2,3,4", "a,b", "0,1", "-1,1", "nan,1", "inf,1", ""])
def test_spacing_that_is_no_spacing_is_refused(text: str) -> None:
    if text:
        with pytest.raises(UsageError, match="--spacing"):
            parse("CT", "CHEST", text)
    else:
        assert parse("CT", "CHEST", text).spacing_mm is None


def test_facts_are_upper_case_and_in_order() -> None:
    facts = parse("ct", " chest ", "0.7,0.8,2.5")
    assert (facts.modality, facts.body_part) == ("CT", "CHEST")
    assert facts.spacing_mm == (0.7, 0.8, 2.5)
