"""Splits by patient are shares of a hash: the same for everyone, and no patient is in two parts."""

from hypothesis import given
from hypothesis import strategies as st

from expert_models.training.split import folds, part, share

NAMES = st.text(min_size=1, max_size=20)


@given(NAMES, NAMES)
def test_a_share_is_a_fixed_number_in_the_unit_interval(key, salt):
    assert 0 <= share(key, salt) < 1
    assert share(key, salt) == share(key, salt)


def test_parts_have_their_shares_of_many_patients():
    parts = [part(f"patient{number}", "salt", 0.15, 0.10) for number in range(4000)]
    assert 0.13 < parts.count("test") / 4000 < 0.17
    assert 0.08 < parts.count("tune") / 4000 < 0.12


def test_a_patient_stays_in_its_part_whoever_else_there_is():
    alone = {name: part(name, "s", 0.15, 0.1) for name in ("a", "b", "c")}
    assert alone == {name: part(name, "s", 0.15, 0.1) for name in ("c", "a", "b")}
    # A known answer, so that a change of the rule cannot pass unseen.
    assert part("person605", "cxr_lungs-1", 0.15, 0.10) == "train"


@given(st.sets(NAMES, min_size=3, max_size=40), st.integers(2, 5))
def test_folds_hold_every_patient_once_and_are_even(keys, count):
    dealt = folds(keys, "salt", count)
    assert set(dealt) == keys
    sizes = [list(dealt.values()).count(number) for number in range(count)]
    assert max(sizes) - min(sizes) <= 1
