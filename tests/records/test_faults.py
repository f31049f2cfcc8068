"""An event and its data are committed together: whatever fails, there are both or neither."""

import errno
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from medmm import home as home_module
from medmm.assembly import knowledge, reading, report_life, users
from medmm.assembly.homes import OpenHome
from medmm.database import Database
from medmm.errors import HomeError, StorageError
from medmm.records import audit, integrity, migrations
from tests.records import ledger
from tests.records.builders import numbered_study
from tests.records.conftest import Opened
from tests.records.deeds import DEEDS, PASSWORD, PERSON, Doer, prepared
from tests.records.faults import Ended, Fault, commit_fault

LIMITER = "sign_in_misses"


def state(opened: Opened) -> ledger.Rows:
    """All rows but those of the limiter: a try to sign counts from its beginning, by design."""
    found = ledger.dump(opened.database)
    del found[LIMITER]
    return found


def forget_misses(opened: Opened) -> None:
    """Each try here fails by no fault of the password's."""
    with opened.database.write() as session:
        session.execute(text(f"DELETE FROM {LIMITER}"))


def both_or_neither(opened: Opened) -> None:
    assert ledger.told(opened.database) == []
    assert audit.verify(opened.database, opened.home) == []


def service_goes_on(opened: Opened) -> None:
    """Another write is done, sealed and found whole."""
    Doer(opened.home, opened.database, 99).ingest()
    assert integrity.check(opened.database, opened.home, hashes=True) == []
    both_or_neither(opened)


def attempt(doer: Doer, deed: str) -> OSError | None:
    """Do it; the error, if it failed. What fails after the commit (the seal) is made good later."""
    try:
        DEEDS[deed](doer)
    except OSError as error:
        return error
    return None


def is_clear(error: OSError) -> bool:
    """A sentence with its mend, and the exit code of a home that cannot be used now."""
    return isinstance(error, StorageError) and error.exit_code == 5 and bool(error.mend)


# Fewer statements than these would mean that a deed was not looked at.
LEAST = 4
# Signing begins with the password: the try is counted, then found right, each with a commit.
COMMITS = {"sign": 3, "addend": 3}


@pytest.mark.parametrize("deed", DEEDS)
def test_a_fault_after_any_statement_leaves_neither_data_nor_event(
    opened: Opened, deed: str
) -> None:
    doer = prepared(opened.home, opened.database, deed)
    before = state(opened)
    for number in count(1):
        forget_misses(opened)
        with Fault(opened.database, at=number):
            error = attempt(doer, deed)
        if error is None:
            break
        assert is_clear(error)
        assert state(opened) == before
        both_or_neither(opened)
    sys.stdout.write(f"{number - 1} faults\n")
    assert number > LEAST
    assert state(opened) != before
    service_goes_on(opened)


@pytest.mark.parametrize("deed", DEEDS)
def test_an_error_of_the_system_after_any_statement_leaves_neither(
    sqlite_home: Opened, deed: str
) -> None:
    doer = prepared(sqlite_home.home, sqlite_home.database, deed)
    before = state(sqlite_home)
    for number in count(1):
        forget_misses(sqlite_home)
        with Fault(sqlite_home.database, at=number, error=lambda _: OSError(errno.EIO, "I/O")):
            error = attempt(doer, deed)
        if error is None:
            break
        assert state(sqlite_home) == before
    assert number > LEAST
    service_goes_on(sqlite_home)


@pytest.mark.parametrize("deed", DEEDS)
def test_a_commit_that_fails_leaves_neither_data_nor_event(opened: Opened, deed: str) -> None:
    doer = prepared(opened.home, opened.database, deed)
    before = state(opened)
    for number in range(1, COMMITS.get(deed, 1) + 1):
        forget_misses(opened)
        with commit_fault(opened.database, at=number):
            error = attempt(doer, deed)
        assert error is not None
        assert is_clear(error)
        assert state(opened) == before
    service_goes_on(opened)
    forget_misses(opened)
    assert attempt(doer, deed) is None
    both_or_neither(opened)


@pytest.mark.parametrize("deed", DEEDS)
def test_a_commit_whose_answer_is_lost_leaves_both(opened: Opened, deed: str) -> None:
    doer = prepared(opened.home, opened.database, deed)
    before = state(opened)
    with commit_fault(opened.database, at=COMMITS.get(deed, 1), done=True):
        error = attempt(doer, deed)
    assert error is not None
    assert is_clear(error)
    assert {"audit_events"} < changed(opened, before)
    both_or_neither(opened)
    service_goes_on(opened)


@pytest.fixture
def served(schema_url: str, tmp_path: Path) -> Iterator[Opened]:
    """A home on PostgreSQL."""
    database = Database(schema_url)
    home = home_module.prepare(tmp_path / "home")
    migrations.ensure(database, home)
    yield Opened(home, database)
    database.close()


@pytest.mark.parametrize("deed", ["edit", "sign"])
def test_a_server_that_ends_the_connection_after_any_statement_leaves_neither(
    served: Opened, postgres_admin: psycopg.Connection, deed: str
) -> None:
    doer = prepared(served.home, served.database, deed)
    before = state(served)
    for number in count(1):
        forget_misses(served)
        with Ended(served.database, postgres_admin, number):
            try:
                DEEDS[deed](doer)
                break
            except HomeError as error:
                told = error
        assert "cannot be reached" in told.message
        assert (told.exit_code, told.mend) == (5, "Start the server, or mend MEDMM_DATABASE_URL.")
        assert state(served) == before
    assert number > LEAST
    service_goes_on(served)


def changed(opened: Opened, before: ledger.Rows) -> set[str]:
    """The tables that are no longer as they were."""
    return {name for name, rows in state(opened).items() if rows != before[name]}


Act = Callable[[Opened, OpenHome], object]


def add_paths(opened: Opened, home: OpenHome) -> object:
    path = opened.home.path / "card.md"
    path.write_text("# Nodule\n\nA solid nodule of 6 to 8 mm calls for CT at 6 to 12 months.\n")
    added = knowledge.add_paths(home, [path], knowledge.AddRequest("chest-ct"))
    assert added["added"]
    return added


ACTS: dict[str, tuple[str, Act]] = {
    "keep": ("", lambda _, home: reading.keep(home, numbered_study(7))),
    "edit": (
        "edit",
        lambda _, home: report_life.edit(home, 1, b"[s1] Other.", author=PERSON),
    ),
    "hand_on": ("hand_on", lambda _, home: report_life.hand_on(home, 1, author=PERSON)),
    "cancel": (
        "cancel",
        lambda _, home: report_life.cancel(home, 1, author=PERSON, reason="Not needed."),
    ),
    "add": ("", lambda _, home: users.add(home, "new", "reader", PASSWORD)),
    "set_password": (
        "set_password",
        lambda _, home: users.set_password(home, "person1", "another quiet lung"),
    ),
    "disable": ("disable_user", lambda _, home: users.disable(home, "person1")),
    "add_paths": ("", add_paths),
    "remove": ("remove_document", lambda _, home: knowledge.remove(home, 1)),
}


@pytest.mark.parametrize("act", ACTS)
def test_what_the_commands_call_puts_event_and_data_in_one_transaction(
    opened: Opened, act: str
) -> None:
    deed, do = ACTS[act]
    prepared(opened.home, opened.database, deed or "ingest")
    home = OpenHome(opened.home, opened.database)
    before = state(opened)
    with (
        Fault(opened.database, begins="INSERT INTO audit_events") as fault,
        pytest.raises(StorageError),
    ):
        do(opened, home)
    assert fault.struck
    assert state(opened) == before
    with commit_fault(opened.database), pytest.raises(StorageError):
        do(opened, home)
    assert state(opened) == before
    do(opened, home)
    assert {"audit_events"} < changed(opened, before)
    assert integrity.check(opened.database, opened.home, hashes=True) == []
