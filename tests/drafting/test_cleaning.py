"""Text from outside made fit to stand in a report."""

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from medmm.drafting.cleaning import clean, sentence


@settings(deadline=None, max_examples=200, derandomize=True)
@given(text=st.text(max_size=200))
def test_cleaned_text_is_one_line_of_visible_characters_and_cleaning_twice_changes_nothing(
    text: str,
) -> None:
    line = clean(text)
    assert clean(line) == line
    assert all(unicodedata.category(char) not in ("Cc", "Cf", "Zl", "Zp") for char in line)
    assert "  " not in line


def test_letters_of_any_script_stay() -> None:
    assert clean("咳嗽六周 · Müller\u200b, 5 µm") == "咳嗽六周 · Müller, 5 µm"


def test_what_is_too_long_is_cut_at_a_word() -> None:
    assert clean("one two three", longest=10) == "one two …"


def test_a_sentence_has_a_capital_and_one_stop() -> None:
    assert sentence("cough") == "Cough."
    assert sentence("Cough?") == "Cough?"
    assert sentence("  ") == ""
