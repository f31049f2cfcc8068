"""Sessions end when they should, whoever ends them, and a token is kept nowhere."""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from medmm.database import Database
from medmm.errors import AccessError
from medmm.records import sessions, users
from medmm.records.access import Actor
from medmm.records.session_tables import BindingRow, SessionRow
from medmm.records.sessions import SignedIn
from medmm.records.users import NewUser
from tests.records.conftest import Opened
from tests.records.test_users import QUICK

GOOD, OTHER = "a quiet lung is good", "another quiet lung"
HERE = "192.0.2.1"


@dataclass
class Desk:
    """A database with two users and a clock."""

    database: Database
    now: datetime = datetime(2026, 11, 25, 12, tzinfo=UTC)

    def start(self, name: str = "rita", replacing: str = "") -> str:
        return sessions.start(self.database, name, HERE, lambda: self.now, replacing=replacing)

    def find(self, token: str, *, used: bool = True) -> SignedIn | None:
        return sessions.find(self.database, token, lambda: self.now, used=used)

    def wait(self, **amount: float) -> None:
        self.now += timedelta(**amount)


@pytest.fixture
def desk(opened: Opened) -> Desk:
    for name, role in (("rita", "reader"), ("ada", "admin"), ("eve", "admin")):
        users.add_user(opened.database, NewUser(name, role, GOOD), hasher=QUICK)
    return Desk(opened.database)


def test_a_token_stands_for_its_user(desk: Desk) -> None:
    found = desk.find(desk.start())
    assert found is not None
    assert found.actor == Actor("rita", "reader", "person")
    assert not found.must_change


def test_tokens_are_long_random_and_kept_only_as_a_hash(desk: Desk) -> None:
    tokens = {desk.start() for _ in range(20)}
    assert len(tokens) == 20
    assert all(len(token) == 43 for token in tokens)  # 32 bytes in base64
    with desk.database.read() as session:
        for table in ("sessions", "session_bindings", "users", "audit_events"):
            rows = str(session.execute(text(f"SELECT * FROM {table}")).all())
            assert not any(token in rows for token in tokens)


def test_what_stands_for_nobody_is_nobody(desk: Desk) -> None:
    desk.start()
    with desk.database.read() as session:
        kept = session.scalars(select(SessionRow.token_sha256)).one()
    for token in ("", "x", kept, "\udc80", "a" * 100_000):
        assert desk.find(token) is None


def test_a_session_idles_out_after_a_quarter_of_an_hour(desk: Desk) -> None:
    token = desk.start()
    desk.wait(minutes=14, seconds=59)
    assert desk.find(token)
    desk.wait(minutes=14, seconds=59)
    assert desk.find(token)
    desk.wait(minutes=15)
    assert desk.find(token) is None
    desk.wait(minutes=-15)
    assert desk.find(token) is None


def test_what_nobody_did_does_not_keep_it(desk: Desk) -> None:
    token = desk.start()
    for _ in range(14):
        desk.wait(minutes=1)
        assert desk.find(token, used=False)
    desk.wait(minutes=1)
    assert desk.find(token, used=False) is None


def test_a_session_ends_after_twelve_hours_of_use(desk: Desk) -> None:
    token = desk.start()
    for _ in range(71):
        desk.wait(minutes=10)
        assert desk.find(token)
    desk.wait(minutes=9, seconds=59)
    assert desk.find(token)
    desk.wait(seconds=1)
    assert desk.find(token) is None


def test_a_clock_set_back_does_not_stretch_the_idle_time(desk: Desk) -> None:
    token = desk.start()
    desk.wait(hours=-2)
    assert desk.find(token)
    desk.wait(minutes=15)
    assert desk.find(token) is None


def test_signing_in_again_ends_the_session_before(desk: Desk) -> None:
    before = desk.start()
    after = desk.start(replacing=before)
    assert desk.find(before) is None
    assert desk.find(after)


def test_signing_out_ends_one_session_and_everywhere_all(desk: Desk) -> None:
    tokens = [desk.start() for _ in range(3)]
    other = desk.start("ada")
    sessions.end(desk.database, tokens[0], lambda: desk.now)
    assert [bool(desk.find(token)) for token in tokens] == [False, True, True]
    assert sessions.end_everywhere(desk.database, "RITA", lambda: desk.now) == 2
    assert not any(desk.find(token) for token in tokens)
    assert desk.find(other)


def test_a_disabled_users_sessions_end_at_once_and_for_good(desk: Desk) -> None:
    token = desk.start()
    users.disable_user(desk.database, "rita")
    assert desk.find(token) is None
    users.enable_user(desk.database, "rita")
    assert desk.find(token) is None


def test_another_role_ends_them(desk: Desk) -> None:
    token = desk.start("eve")
    users.change_role(desk.database, "eve", "reader")
    assert desk.find(token) is None
    found = desk.find(desk.start("eve"))
    assert found is not None
    assert found.actor.role == "reader"


def test_another_password_ends_them(desk: Desk) -> None:
    token, other = desk.start(), desk.start("ada")
    users.set_password(desk.database, "rita", OTHER, hasher=QUICK)
    assert desk.find(token) is None
    assert desk.find(other)


def test_the_role_is_the_users_and_not_the_sessions(desk: Desk) -> None:
    token = desk.start()
    found = desk.find(token)
    assert found is not None
    columns = set(SessionRow.__table__.columns.keys())
    assert not {"role", "name", "rights"} & columns
    assert sessions.find_by_number(desk.database, found.session, lambda: desk.now) == found


def test_a_user_who_was_disabled_between_two_requests_is_signed_out(desk: Desk) -> None:
    token = desk.start("rita")
    users.disable_user(desk.database, "rita")
    users.enable_user(desk.database, "rita")
    assert desk.find(token) is None


def test_a_user_who_was_disabled_meanwhile_gets_no_session(desk: Desk) -> None:
    users.disable_user(desk.database, "rita")
    with pytest.raises(AccessError) as told:
        desk.start()
    assert told.value.code == "sign-in"


def test_a_name_is_the_session_s_that_used_it_first(desk: Desk) -> None:
    mine, theirs = (desk.find(desk.start(name)) for name in ("rita", "ada"))
    assert mine is not None
    assert theirs is not None
    for _ in range(2):
        assert sessions.bind(desk.database, mine.session, "abc")
        assert not sessions.bind(desk.database, theirs.session, "abc")
    assert sessions.bind(desk.database, theirs.session, "abd")


def test_of_many_who_bind_one_name_at_once_one_has_it(desk: Desk) -> None:
    numbers = [found.session for found in (desk.find(desk.start()) for _ in range(8)) if found]
    got: list[int] = []
    gate = threading.Barrier(len(numbers))

    def try_it(number: int) -> None:
        gate.wait()
        if sessions.bind(desk.database, number, "abc"):
            got.append(number)

    threads = [threading.Thread(target=try_it, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1


def test_a_name_stays_its_sessions_after_the_end_and_goes_a_day_later(desk: Desk) -> None:
    token = desk.start()
    mine = desk.find(token)
    assert mine is not None
    sessions.bind(desk.database, mine.session, "abc")
    sessions.end(desk.database, token, lambda: desk.now)
    theirs = desk.find(desk.start("ada"))
    assert theirs is not None
    assert not sessions.bind(desk.database, theirs.session, "abc")
    desk.wait(hours=36, seconds=1)
    desk.start("ada")
    with desk.database.read() as session:
        assert session.scalars(select(BindingRow)).all() == []
        assert len(session.scalars(select(SessionRow)).all()) == 1
