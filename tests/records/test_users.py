"""Users are added once, changed whole, and the last admin stays."""

import subprocess
import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import select, text

from medmm.errors import InputError, NotFoundError
from medmm.records import users
from medmm.records.passwords import FLOOR, Hasher
from medmm.records.user_names import checked, key, skeleton
from medmm.records.user_tables import UserRow
from medmm.records.users import NewUser, User
from tests.records.conftest import Opened

REPOSITORY = Path(__file__).resolve().parents[2]


@cache
def hashed_once(password: str) -> str:
    return Hasher(FLOOR).hashed(password)


class OnceHasher(Hasher):
    """Hashes as it should, each password once in this process."""

    def hashed(self, password: str) -> str:
        return hashed_once(password)


QUICK = OnceHasher(FLOOR)
GOOD = "a quiet lung is good"
OTHER = "another quiet lung"
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def add(opened: Opened, name: str, role: str = "reader") -> User:
    return users.add_user(
        opened.database, NewUser(name, role, GOOD), hasher=QUICK, clock=lambda: NOON
    )


def kept_hash(opened: Opened, name: str) -> str:
    with opened.database.read() as session:
        found = session.scalar(select(UserRow.password_hash).where(UserRow.key == key(name)))
    assert found is not None
    return found


def test_users_are_listed_by_name_as_they_were_added(opened: Opened) -> None:
    assert not users.has_users(opened.database)
    assert users.list_users(opened.database) == []
    for name, role in (("Zoe", "signer"), ("adam", "admin"), ("Ma\u0308rz", "reporter")):
        add(opened, name, role)
    assert users.list_users(opened.database) == [
        User("adam", "admin", NOON, None, False),
        User("M\u00e4rz", "reporter", NOON, None, False),
        User("Zoe", "signer", NOON, None, False),
    ]
    assert users.find_user(opened.database, "ZOE").name == "Zoe"
    assert users.has_users(opened.database)


ALIKE = [
    ("cope", "\u0441\u043e\u0440\u0435"),
    ("\u0391\u039d\u039d\u0391", "ANNA"),
    ("\u03b1\u03bd\u03b1", "ava"),
    ("user1", "userl"),
    ("bill", "biIl"),
    ("joe", "j0e"),
]
SAME = [
    ("jane", "jane"),
    ("Zoe", "zOE"),
    ("M\u00e4rz", "ma\u0308rz"),
    ("stra\u00dfe", "STRASSE"),
    ("\u0391\u03a5\u0391", "\u03b1\u03c5\u03b1"),
]


@pytest.mark.parametrize(
    ("pairs", "reason"), [(SAME, "There is a user"), (ALIKE, "looks like that of")]
)
def test_names_that_are_or_look_the_same_are_refused(
    opened: Opened, pairs: list[tuple[str, str]], reason: str
) -> None:
    for first, second in pairs:
        add(opened, first)
        with pytest.raises(InputError, match=f"{reason} {first}") as told:
            add(opened, second)
        assert told.value.code == "taken"
    assert len(users.list_users(opened.database)) == len(pairs)


@pytest.mark.parametrize(
    "name",
    [
        "", "j", "x" * 65, "jane roe", "jane@clinic", "jane\n", "jane\0", "\u202ejane", "..",
        "-jane", "2026", "j\u0430ne", "\uff4aane", "\U0001d41dave", "jane\u200d", "jane:1",
        "\u0661\u0662ab", "ja\u0336ne", "<b>jane", "jane/..", "\ud800ab",
    ],
)  # fmt: skip
def test_names_that_cannot_be_trusted_are_refused(name: str) -> None:
    with pytest.raises(InputError) as told:
        checked(name)
    assert told.value.code == "user-name"


@pytest.mark.parametrize(
    "name",
    [
        "jo", "jane.roe", "j_roe-2", "M\u00e4rz", "\u0418\u0432\u0430\u043d", "x" * 64,
        "2nd.reader", "\u5c71\u7530\u306f\u306a", "\uae40\ubbfc", "\u039d\u03af\u03ba\u03bf\u03c2",
    ],
)  # fmt: skip
def test_names_of_one_script_are_taken(name: str) -> None:
    assert checked(name) == name


def test_different_names_look_different() -> None:
    names = ["jane", "jan", "joan", "m\u00e4rz", "marz", "user2", "user3", "j.roe", "j-roe"]
    assert len({skeleton(name) for name in names}) == len(names)


def test_there_are_four_roles(opened: Opened) -> None:
    add(opened, "joe")
    for role in ("", "Reader", "root", "machine", "console"):
        with pytest.raises(InputError, match="no such role"):
            add(opened, "jane", role)
        with pytest.raises(InputError, match="no such role"):
            users.change_role(opened.database, "joe", role)
    assert [user.role for user in users.list_users(opened.database)] == ["reader"]


def test_a_first_admin_comes_once(opened: Opened) -> None:
    first = NewUser("admin", "admin", OTHER, must_change=True)
    for name in ("jane", "joe"):
        new = NewUser(name, "reader", GOOD)
        users.add_user(opened.database, new, hasher=QUICK, with_first_admin=first)
    listed = users.list_users(opened.database)
    assert [user.name for user in listed] == ["admin", "jane", "joe"]
    assert [user.role for user in listed] == ["admin", "reader", "reader"]
    assert [user.must_change for user in listed] == [True, False, False]


def test_a_refused_user_brings_no_first_admin(opened: Opened) -> None:
    first = NewUser("admin", "admin", OTHER, must_change=True)
    for new in (NewUser("x y", "reader", GOOD), NewUser("Admin", "reader", GOOD)):
        with pytest.raises(InputError):
            users.add_user(opened.database, new, hasher=QUICK, with_first_admin=first)
    assert not users.has_users(opened.database)


def test_a_new_password_replaces_the_old(opened: Opened) -> None:
    add(opened, "jane")
    users.set_password(opened.database, "Jane", OTHER, hasher=QUICK)
    assert QUICK.matches(kept_hash(opened, "jane"), OTHER)
    assert not QUICK.matches(kept_hash(opened, "jane"), GOOD)
    assert users.set_password(
        opened.database, "jane", GOOD, must_change=True, hasher=QUICK
    ).must_change
    before = kept_hash(opened, "jane")
    for refused in (GOOD, "short", "jane-jane-jane"):
        with pytest.raises(InputError):
            users.set_password(opened.database, "jane", refused, hasher=QUICK)
    assert kept_hash(opened, "jane") == before


def test_a_disabled_user_stays_and_can_be_enabled(opened: Opened) -> None:
    add(opened, "jane")
    for _ in range(2):
        assert users.disable_user(opened.database, "jane", clock=lambda: NOON).disabled == NOON
    with pytest.raises(InputError, match="There is a user"):
        add(opened, "jane")
    assert users.enable_user(opened.database, "jane").disabled is None


def test_the_last_enabled_admin_stays(opened: Opened) -> None:
    for name, role in (("ann", "admin"), ("bob", "admin"), ("eve", "signer")):
        add(opened, name, role)
    assert users.change_role(opened.database, "ann", "signer").role == "signer"
    for take in (
        lambda: users.disable_user(opened.database, "bob"),
        lambda: users.change_role(opened.database, "bob", "reader"),
    ):
        with pytest.raises(InputError, match="bob is the last admin") as told:
            take()
        assert told.value.exit_code == 3
    users.change_role(opened.database, "bob", "admin")
    users.change_role(opened.database, "ann", "admin")
    users.disable_user(opened.database, "bob")
    # A disabled admin is none, so ann is the last.
    with pytest.raises(InputError, match="ann is the last admin"):
        users.disable_user(opened.database, "ann")
    users.change_role(opened.database, "bob", "reader")


def test_an_unknown_user_is_told(opened: Opened) -> None:
    for change in (
        lambda: users.find_user(opened.database, "nobody"),
        lambda: users.set_password(opened.database, "nobody", GOOD, hasher=QUICK),
        lambda: users.disable_user(opened.database, "nobody"),
        lambda: users.enable_user(opened.database, "nobody"),
        lambda: users.change_role(opened.database, "nobody", "admin"),
    ):
        with pytest.raises(NotFoundError, match="no such user"):
            change()


def test_no_password_is_kept_or_shown(opened: Opened) -> None:
    add(opened, "jane")
    with opened.database.read() as session:
        rows = str(session.execute(text("SELECT * FROM users")).all())
    assert GOOD not in rows
    assert GOOD not in repr(NewUser("jane", "reader", GOOD))
    assert "$argon2id" not in repr(users.list_users(opened.database))


@pytest.mark.parametrize("names", [("jane", "JANE"), ("bill", "biIl"), ("jane", "joe")])
def test_of_two_processes_that_add_a_name_one_wins(
    opened: Opened, database_url: str, names: tuple[str, str]
) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.records.adding_process", database_url, name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, cwd=REPOSITORY,
        )
        for name in names
    ]  # fmt: skip
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate() for process in processes]
    assert [errors for _, errors in said] == ["", ""]
    different = names == ("jane", "joe")
    expected = ["added", "added"] if different else ["added", "taken"]
    assert sorted(output.strip() for output, _ in said) == expected
    roles = [user.role for user in users.list_users(opened.database)]
    assert roles == ["admin", "reader", "reader"][: 2 + different]
