"""Guessing is slowed down before it costs a hash, across restarts and whatever the clock does."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select, text

from medmm.database import Database
from medmm.errors import AccessError, InputError
from medmm.records import limiter, users
from medmm.records.access import Actor
from medmm.records.passwords import FLOOR, Cost, Hasher
from medmm.records.sign_in import authenticate, change_own_password
from medmm.records.user_tables import MissRow, UserRow
from medmm.records.users import NewUser
from tests.records.conftest import Opened
from tests.records.test_users import QUICK

GOOD = "a quiet lung is good"
OTHER = "another quiet lung"
HERE, THERE = "192.0.2.1", "198.51.100.7"


@dataclass(frozen=True)
class CountingHasher(Hasher):
    """Counts the hashes that are computed, which is what sign-ins cost."""

    cost: Cost = FLOOR
    done: list[str] = field(default_factory=list, compare=False)

    def matches(self, kept: str | None, password: str) -> bool:
        self.done.append("verify")
        return super().matches(kept, password)

    def hashed(self, password: str) -> str:
        self.done.append("hash")
        return super().hashed(password)


@dataclass
class Door:
    """A database with users, a clock that the test sets, and tries at the door."""

    database: Database
    now: datetime = datetime(2026, 11, 25, 12, tzinfo=UTC)
    hasher: CountingHasher = field(default_factory=CountingHasher)

    def open(self, name: str = "jane", password: str = GOOD, origin: str = HERE) -> Actor:
        return authenticate(
            self.database, name, password, origin, lambda: self.now, hasher=self.hasher
        )

    def code(self, name: str = "jane", password: str = GOOD, origin: str = HERE) -> str:
        """What became of a try: "in", or the reason's code, with the seconds to wait."""
        try:
            self.open(name, password, origin)
        except AccessError as error:
            return f"{error.code} {error.wait_seconds}".removesuffix(" 0")
        return "in"

    def miss(
        self, times: int, name: str = "jane", origin: str = HERE, *, wait: bool = True
    ) -> None:
        """Be wrong so many times, each as soon as it is allowed."""
        for _ in range(times):
            found = self.code(name, "wrong password", origin)
            if wait and found.startswith("too-many"):
                self.pass_seconds(int(found.split()[1]))
                found = self.code(name, "wrong password", origin)
            assert found == "sign-in"

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def door(opened: Opened) -> Iterator[Door]:
    for name, role in (("jane", "signer"), ("joe", "reader"), ("gone", "reader")):
        users.add_user(opened.database, NewUser(name, role, GOOD), hasher=QUICK)
    users.disable_user(opened.database, "gone")
    return Door(opened.database)


def test_the_right_password_gives_the_actor(door: Door) -> None:
    assert door.open("JANE") == Actor("jane", "signer", "person")
    assert door.open("joe") == Actor("joe", "reader", "person")


STRANGERS = [
    ("jane", OTHER), ("nobody", GOOD), ("gone", GOOD), ("gone", OTHER), ("", ""), ("jane", ""),
    ("jane\0", GOOD), ("\ud800", GOOD), ("x" * 5000, "y" * 5000), ("jane' OR 1=1 --", GOOD),
]  # fmt: skip


def test_unknown_disabled_and_mistaken_are_one_answer_and_one_hash(door: Door) -> None:
    for number, (name, password) in enumerate(STRANGERS):
        door.hasher.done.clear()
        with pytest.raises(AccessError) as told:
            door.open(name, password, origin=f"192.0.2.{number}")
        assert str(told.value) == "The name or the password is wrong. Try again."
        assert (told.value.exit_code, told.value.code) == (3, "sign-in")
        assert door.hasher.done == ["verify"]


def test_1_four_misses_cost_no_delay(door: Door) -> None:
    door.miss(4, wait=False)
    assert door.code() == "in"


def test_2_the_fifth_miss_costs_a_second_without_a_hash(door: Door) -> None:
    door.miss(5, wait=False)
    door.hasher.done.clear()
    assert door.code() == "too-many 1"
    assert door.hasher.done == []
    door.pass_seconds(1)
    assert door.code() == "in"


def test_3_the_delay_doubles_up_to_a_quarter_of_an_hour(door: Door) -> None:
    door.miss(5, wait=False)
    waits = []
    for _ in range(13):
        found = door.code(password="wrong password")
        waits.append(int(found.removeprefix("too-many ")))
        door.pass_seconds(waits[-1])
        door.miss(1, wait=False)
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]
    assert limiter.delay(10**9) == timedelta(minutes=15)


def test_4_waiting_tries_do_not_lengthen_the_wait(door: Door) -> None:
    door.miss(7)
    assert [door.code() for _ in range(50)] == ["too-many 4"] * 50
    door.pass_seconds(4)
    assert door.code() == "in"


def test_5_a_success_resets_the_account_and_gives_back_its_misses(door: Door) -> None:
    for _ in range(3):
        door.miss(4, wait=False)
        assert door.code() == "in"


def test_6_an_account_is_slowed_from_any_origin(door: Door) -> None:
    for number in range(5):
        door.miss(1, origin=f"192.0.2.{number + 10}", wait=False)
    assert door.code(origin="192.0.2.99") == "too-many 1"
    assert door.code("joe", origin="192.0.2.99") == "in"


def test_7_an_origin_is_slowed_for_any_account(door: Door) -> None:
    for number in range(5):
        door.miss(1, name=f"guess{number}", wait=False)
    assert door.code() == "too-many 1"
    assert door.code(origin=THERE) == "in"


def test_8_an_account_of_ones_own_does_not_clear_the_origin(door: Door) -> None:
    for number in range(4):
        door.miss(1, name=f"guess{number}", wait=False)
        assert door.code("joe") == "in"
    door.miss(1, name="guess4", wait=False)
    assert door.code("joe") == "too-many 1"


def test_9_unknown_accounts_are_slowed_like_known_ones(door: Door) -> None:
    answers = {}
    for name, origin in (("jane", HERE), ("nobody", THERE), ("gone", "203.0.113.1")):
        answers[name] = [door.code(name, OTHER, origin) for _ in range(7)]
    assert answers["jane"] == answers["nobody"] == answers["gone"]
    assert answers["jane"] == ["sign-in"] * 5 + ["too-many 1"] * 2


def test_10_a_restart_forgets_nothing(door: Door, database_url: str) -> None:
    door.miss(9)
    door.database.close()
    again = Door(Database(database_url), door.now)
    assert again.code() == "too-many 16"
    again.pass_seconds(15.5)
    assert again.code() == "too-many 1"
    again.pass_seconds(0.5)
    assert again.code() == "in"
    again.database.close()


def test_11_a_clock_set_back_does_not_unlock_nor_lock_for_long(door: Door) -> None:
    door.miss(9)
    door.pass_seconds(10)
    door.now -= timedelta(hours=1)
    assert door.code() == "too-many 16"
    door.pass_seconds(15)
    assert door.code() == "too-many 1"
    door.now -= timedelta(days=400)
    assert door.code() == "too-many 16"
    door.pass_seconds(16)
    assert door.code() == "in"


def test_12_a_clock_that_was_far_ahead_keeps_the_count(door: Door) -> None:
    door.now += timedelta(days=4000)
    door.miss(8)
    door.now -= timedelta(days=4000)
    assert door.code() == "too-many 8"
    door.pass_seconds(8)
    door.miss(1, wait=False)
    assert door.code() == "too-many 16"


def test_13_a_day_without_a_miss_forgets(door: Door) -> None:
    door.miss(9)
    door.pass_seconds(24 * 3600 + 1)
    door.miss(4, wait=False)
    assert door.code() == "in"
    with door.database.read() as session:
        assert session.scalar(select(func.count()).select_from(MissRow)) <= 2


def test_14_a_hundred_tries_at_once_are_still_a_hundred(door: Door) -> None:
    together, found = Barrier(12), []

    def guess(number: int) -> None:
        together.wait()
        found.append(door.code(password="wrong password", origin=f"192.0.2.{number}"))

    threads = [Thread(target=guess, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["sign-in"] * 5 + ["too-many 1"] * 7
    assert door.hasher.done == ["verify"] * 5


def test_15_a_killed_try_counts(door: Door) -> None:
    class Killed(BaseException):
        pass

    class DyingHasher(CountingHasher):
        def matches(self, kept: str | None, password: str) -> bool:
            raise Killed

    for _ in range(5):
        with pytest.raises(Killed):
            authenticate(door.database, "jane", GOOD, HERE, lambda: door.now, hasher=DyingHasher())
    assert door.code() == "too-many 1"


def test_many_people_behind_one_proxy_sign_in_at_once(door: Door) -> None:
    assert [door.code(name) for name in ("jane", "joe") * 6] == ["in"] * 12


def test_a_new_password_ends_the_wait(door: Door) -> None:
    door.miss(9)
    users.set_password(door.database, "jane", OTHER, hasher=door.hasher)
    assert door.code(password=OTHER, origin=THERE) == "in"


def test_a_hash_of_lower_cost_is_made_anew(door: Door) -> None:
    def kept() -> str:
        with door.database.read() as session:
            return session.scalars(select(UserRow.password_hash).where(UserRow.key == "jane")).one()

    before = kept()
    raised = CountingHasher(cost=Cost(20_000, 2, 1))
    for expected in (["verify", "hash"], ["verify"]):
        raised.done.clear()
        authenticate(door.database, "jane", GOOD, HERE, lambda: door.now, hasher=raised)
        assert raised.done == expected
    assert "m=19456," in before
    assert "m=20000," in kept()
    assert door.code() == "in"
    assert "m=20000," in kept()


def disable_jane(database: Database) -> None:
    users.disable_user(database, "jane")


def change_jane(database: Database) -> None:
    users.set_password(database, "jane", OTHER, hasher=Hasher(FLOOR))


@pytest.mark.parametrize("meanwhile", [disable_jane, change_jane])
def test_who_is_disabled_or_changed_during_the_hash_stays_out(
    door: Door, meanwhile: Callable[[Database], None]
) -> None:
    class SlowHasher(CountingHasher):
        def matches(self, kept: str | None, password: str) -> bool:
            meanwhile(door.database)
            return super().matches(kept, password)

    with pytest.raises(AccessError, match="wrong"):
        authenticate(door.database, "jane", GOOD, HERE, lambda: door.now, hasher=SlowHasher())


def test_a_one_time_password_is_only_good_for_another(door: Door) -> None:
    one_time = NewUser("admin", "admin", OTHER, must_change=True)
    users.add_user(door.database, one_time, hasher=door.hasher)
    assert door.code("admin", OTHER) == "must-change"
    assert door.code("admin", GOOD) == "sign-in"

    def change(old: str, new: str) -> Actor:
        return change_own_password(
            door.database, "admin", old, new, HERE, lambda: door.now, hasher=door.hasher
        )

    with pytest.raises(InputError, match="old one"):
        change(OTHER, OTHER)
    with pytest.raises(AccessError):
        change(GOOD, "yet another quiet lung")
    assert change(OTHER, GOOD) == Actor("admin", "admin", "person")
    assert door.code("admin", GOOD) == "in"
    assert door.code("admin", OTHER) == "sign-in"


def test_what_was_typed_is_not_kept(door: Door) -> None:
    door.code(name="my secret password", password="typed in the wrong field")
    with door.database.read() as session:
        rows = str(session.execute(text("SELECT * FROM sign_in_misses")).all())
    assert "secret" not in rows
    assert HERE not in rows
