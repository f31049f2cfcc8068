"""Which passwords are taken, how they are kept, and that nothing of them is told."""

import re
import unicodedata

import argon2
import pytest

from medmm.errors import InputError
from medmm.records import passwords
from medmm.records.passwords import DEFAULT, FLOOR, Cost, Hasher, check, encoded, one_time

QUICK = Hasher(FLOOR)
GOOD = "a quiet lung is good"
KEPT = QUICK.hashed(GOOD)


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "elevenplus1x",
        "            x  quiet  ",
        "\u732b\u304c\u7a93\u306e\u305d\u3070\u3067\u5bdd\u3066\u3044\u308b\u3002",
        "x" * 5 + "quietlung" * 20,
        "correct horse battery staple",
        "tr\u00e8s \u00e9tonn\u00e9e toujours",
        "no digits no capitals",
        "\U0001f600 with a smile \U0001f600",
        "a" + "bcd fgh " * 127 + "1234567",
    ],
)
def test_good_ones_are_taken(password: str) -> None:
    check(password, "jane")


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", "fewer than 12"),
        ("elevenchars", "fewer than 12"),
        # Twelve code points before composition, eleven after.
        ("elevenchare\u0301", "fewer than 12"),
        ("x" * 4096, "longer than 1024"),
        ("a quiet lung" + "\u00e9" * 507, "longer than 1024"),
        ("a quiet\0lung is good", "control character"),
        ("a quiet lung is good\n", "control character"),
        ("a quiet\x1b[2Jlung is good", "control character"),
        ("a quiet\x85lung is good", "control character"),
        ("a quiet lung is good\ud800", "broken character"),
        ("aaaaaaaaaaaaaaaa", "guessed first"),
        ("abcdabcdabcdabcd", "guessed first"),
        ("123456789012", "guessed first"),
        ("Password1234567", "guessed first"),
        ("PASSWORDpassword", "guessed first"),
        ("qwertyuiop1234567", "guessed first"),
        ("medmm-medmm-medmm", "guessed first"),
        ("jane.roe-2026", "guessed first"),
        ("JANE.ROE-jane.roe", "guessed first"),
        ("Welcome-Admin1", "guessed first"),
    ],
)
def test_bad_ones_are_refused_and_not_quoted(password: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as told:
        check(password, "Jane.Roe")
    assert told.value.code == "password"
    assert told.value.exit_code == 3
    assert not password or password not in str(told.value)


def test_the_name_counts_only_where_it_is_the_users() -> None:
    check("jane.roe-2026", "joe")
    check("a bad ad on a lad", "ad")


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        (GOOD, True),
        ("", False),
        (GOOD + " ", False),
        (" " + GOOD, False),
        (GOOD.upper(), False),
        (GOOD[:-1], False),
        (GOOD + "\0", False),
        (GOOD + "\n", False),
        (GOOD + "\ud800", False),
        ("x" * 4096, False),
        (GOOD * 60, False),
    ],
)
def test_only_the_password_itself_matches(typed: str, right: bool) -> None:
    assert QUICK.matches(KEPT, typed) is right


def test_every_character_counts_up_to_the_last() -> None:
    longest = "a quiet lung" + "x" * (1024 - 12)
    kept = QUICK.hashed(longest)
    assert QUICK.matches(kept, longest)
    assert not QUICK.matches(kept, longest[:-1] + "y")
    assert not QUICK.matches(kept, longest[:72])


def test_composed_and_decomposed_letters_are_one_password() -> None:
    composed = "tr\u00e8s \u00e9tonn\u00e9e toujours"
    decomposed = unicodedata.normalize("NFD", composed)
    assert composed != decomposed
    assert QUICK.matches(QUICK.hashed(decomposed), composed)
    assert not QUICK.matches(QUICK.hashed(composed), "tres etonnee toujours")


def test_the_kept_text_is_argon2id_at_the_cost_with_a_salt_of_its_own() -> None:
    found = argon2.extract_parameters(KEPT)
    assert found.type is argon2.Type.ID
    assert (found.memory_cost, found.time_cost, found.parallelism) == (19_456, 2, 1)
    assert (found.salt_len, found.hash_len) == (16, 32)
    assert QUICK.hashed(GOOD) != KEPT
    assert (DEFAULT.memory_kib, DEFAULT.passes, DEFAULT.lanes) == (65_536, 3, 1)


@pytest.mark.parametrize("cost", [(19_455, 2, 1), (65_536, 1, 1), (65_536, 3, 0), (0, 0, 0)])
def test_nobody_can_go_below_the_floor(cost: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="floor"):
        Cost(*cost)


@pytest.mark.parametrize(
    ("cost", "outdated"),
    [
        (FLOOR, False),
        (Cost(19_457, 2, 1), True),
        (Cost(19_456, 3, 1), True),
        (Cost(19_456, 2, 2), True),
        (DEFAULT, True),
    ],
)
def test_a_hash_is_outdated_where_the_cost_was_raised(cost: Cost, outdated: bool) -> None:
    assert Hasher(cost).outdated(KEPT) is outdated


def test_a_hash_of_higher_cost_is_kept() -> None:
    assert not QUICK.outdated(Hasher(Cost(20_000, 3, 1)).hashed(GOOD))


@pytest.mark.parametrize("typed", [GOOD, "", "a\0b", "x" * 4096, "\ud800"])
@pytest.mark.parametrize("kept", [KEPT, None], ids=["known", "unknown"])
def test_every_answer_is_one_hash_of_work(
    monkeypatch: pytest.MonkeyPatch, kept: str | None, typed: str
) -> None:
    done: list[str] = []
    real = argon2.PasswordHasher.verify

    def counted(self: argon2.PasswordHasher, text: str, secret: bytes) -> bool:
        done.append(text)
        return real(self, text, secret)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", counted)
    QUICK.matches(kept, typed)
    [verified] = done
    found = argon2.extract_parameters(verified)
    assert (found.memory_cost, found.time_cost, found.parallelism) == (19_456, 2, 1)


@pytest.mark.parametrize(
    "kept",
    ["", "nonsense", "$argon2id$v=19$m=8", KEPT[:-3], KEPT + "AAAA"],
    ids=["empty", "nonsense", "begun", "cut", "longer"],
)
def test_a_damaged_hash_lets_nobody_in(kept: str) -> None:
    assert not QUICK.matches(kept, GOOD)


def test_one_time_passwords_are_long_random_and_taken() -> None:
    made = {one_time() for _ in range(200)}
    assert len(made) == 200
    for password in made:
        assert re.fullmatch(r"([a-hjkmnp-z2-9]{5}-){3}[a-hjkmnp-z2-9]{5}", password)
        check(password, "admin")


def test_nothing_shows_a_password() -> None:
    assert GOOD not in repr(QUICK)
    for text in ("x" * 4096 + GOOD, GOOD + "\0"):
        with pytest.raises(InputError) as told:
            encoded(text)
        assert GOOD not in f"{told.value!r} {told.value} {told.value.args}"


def test_blocked_parts_are_in_the_form_they_are_compared_in() -> None:
    for part in passwords.BLOCKED:
        assert part == part.casefold()
        assert len(part) > 3
