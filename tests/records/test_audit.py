"""Events are recorded with their data or not at all, never changed, and harmless to read."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import text

from medmm import __version__
from medmm.errors import MedmmError, UsageError
from medmm.records import audit, audit_head
from medmm.records.audit import DETAIL_KEYS, Event, audited, record, verify
from medmm.records.audit_tables import AuditRow
from tests.records.audit_cases import FIELDS, own_hash
from tests.records.audit_homes import SIGNED, counts, patient, put, rows
from tests.records.conftest import Opened

# CR, LF, ESC, bidi, NUL, a lone surrogate, in every text field.
HOSTILE = ("\r", "\n", "\x1b[2J", "\u202e", "\0", "\ud800")
TEXT_FIELDS = ("actor", "role", "action", "thing", "origin", "detail")


def test_an_event_is_kept_whole(opened: Opened) -> None:
    before = datetime.now(UTC)
    assert [put(opened), put(opened)] == [1, 2]
    first, second = rows(opened)
    assert {name: first[name] for name in FIELDS[2:]} == {
        "version": __version__, "actor": "ada", "role": "signer", "action": "sign",
        "thing": "report:3", "outcome": "ok", "detail": '{"version":2}', "origin": "::1",
    }  # fmt: skip
    assert before <= datetime.fromisoformat(first["time"]) <= datetime.now(UTC)
    assert (first["previous"], second["previous"]) == ("0" * 64, first["hash"])
    assert [own_hash(row) for row in (first, second)] == [first["hash"], second["hash"]]
    head = audit_head.read_head(opened.home)
    assert head is not None
    assert (head.sequence, head.hash) == (2, second["hash"])
    assert verify(opened.database, opened.home) == []


def test_a_home_without_events_is_fine_and_stays_as_it_was(opened: Opened) -> None:
    before = sorted(opened.home.path.iterdir())
    assert verify(opened.database, opened.home) == []
    assert sorted(opened.home.path.iterdir()) == before


def test_a_clock_that_is_set_back_is_kept_as_it_is(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(opened)

    class SetBack(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz) - timedelta(days=400)

    with monkeypatch.context() as patched:
        patched.setattr(audit, "datetime", SetBack)
        put(opened)
    first, second = rows(opened)
    assert first["time"] > second["time"]
    assert verify(opened.database, opened.home) == []


class FaultError(Exception):
    """What is injected."""


def test_event_and_data_commit_together_or_not_at_all(opened: Opened) -> None:
    put(opened)
    engine = opened.database.engine
    faults = 0
    for place in range(100):
        seen = 0

        def break_there(*_: object, place: int = place) -> None:
            nonlocal seen
            seen += 1
            if seen > place:
                raise FaultError

        sqlalchemy_event.listen(engine, "after_cursor_execute", break_there)
        try:
            with opened.database.write() as session:
                session.add(patient())
                record(session, SIGNED)
                session.add(patient("DOE^JOHN"))
        except FaultError:
            faults += 1
            sqlalchemy_event.remove(engine, "after_cursor_execute", break_there)
            assert counts(opened) == (0, 1)
            continue
        sqlalchemy_event.remove(engine, "after_cursor_execute", break_there)
        break
    # Begin (SQLite), patient, lock (PostgreSQL), last link, event, patient.
    assert faults == 5
    assert counts(opened) == (2, 2)
    assert verify(opened.database, opened.home) == []


def broken(*_: object) -> None:
    raise FaultError


def work(opened: Opened, then: Callable[[], None]) -> None:
    with audited(opened.database, opened.home) as session:
        session.add(patient())
        record(session, SIGNED)
        then()


def test_a_fault_at_commit_or_in_the_work_leaves_neither(opened: Opened) -> None:
    put(opened)
    sqlalchemy_event.listen(opened.database.engine, "commit", broken)
    with pytest.raises(FaultError):
        work(opened, then=lambda: None)
    sqlalchemy_event.remove(opened.database.engine, "commit", broken)
    with pytest.raises(FaultError):
        work(opened, then=broken)
    assert counts(opened) == (0, 1)
    assert put(opened) == 2
    assert verify(opened.database, opened.home) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_events SET actor = 'mallory'",
        "UPDATE audit_events SET hash = hash WHERE sequence = 1",
        "DELETE FROM audit_events",
        "DELETE FROM audit_events WHERE sequence = 1",
        "TRUNCATE audit_events",
        "INSERT OR REPLACE INTO audit_events SELECT * FROM audit_events",
    ],
)
def test_the_database_forbids_change(opened: Opened, statement: str) -> None:
    put(opened)
    before = rows(opened)
    with pytest.raises(MedmmError), opened.database.write() as session:
        session.execute(text(statement))
    assert rows(opened) == before


def test_the_models_cannot_change_a_row_either(opened: Opened) -> None:
    put(opened)
    with pytest.raises(MedmmError), opened.database.write() as session:
        session.get_one(AuditRow, 1).actor = "mallory"
    with pytest.raises(MedmmError), opened.database.write() as session:
        session.delete(session.get_one(AuditRow, 1))
    assert verify(opened.database, opened.home) == []


def test_a_session_that_only_reads_records_nothing(opened: Opened) -> None:
    with opened.database.read() as session, pytest.raises(UsageError, match="writes"):
        record(session, SIGNED)


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
@pytest.mark.parametrize("name", TEXT_FIELDS)
def test_hostile_text_comes_out_harmless(sqlite_home: Opened, name: str, hostile: str) -> None:
    told = f"ada{hostile}2026-01-01 root signed"
    value = {"user": told} if name == "detail" else told
    put(sqlite_home, Event(**{**EMPTY, name: value}))
    [row] = rows(sqlite_home)
    kept = row[name]
    assert f"<U+{ord(hostile[0]):04X}>" in kept
    assert kept.isprintable()
    assert kept.encode("utf-8")
    assert verify(sqlite_home.database, sqlite_home.home) == []


EMPTY: dict[str, Any] = {"actor": "", "role": "", "action": "", "thing": ""}


def test_hostile_text_is_the_same_on_postgres(opened: Opened) -> None:
    told = "".join(HOSTILE)
    put(opened, Event(told, told, told, told, "failed", {"user": told}, told))
    shown = "<U+000D><U+000A><U+001B>[2J<U+202E><U+0000><U+D800>"
    [row] = rows(opened)
    assert [row[name] for name in TEXT_FIELDS[:-1]] == [shown] * 5
    assert row["detail"] == f'{{"user":"{shown}"}}'
    assert verify(opened.database, opened.home) == []


@pytest.mark.parametrize("told", ["a" * 10_000, "\n" * 10_000, "a" * 199 + "\n"])
def test_long_text_is_cut_where_it_can_be_seen(sqlite_home: Opened, told: str) -> None:
    put(sqlite_home, Event(**{**EMPTY, "actor": told, "detail": {"user": told}}))
    [row] = rows(sqlite_home)
    assert len(row["actor"]) == 200
    assert row["actor"].endswith("…")
    assert row["detail"] == f'{{"user":"{row["actor"]}"}}'


@pytest.mark.parametrize(
    "wrong",
    [
        {"outcome": "perhaps"}, {"detail": {"name": "DOE^JANE"}}, {"detail": {"count": 1.5}},
        {"detail": {"count": 2**63}}, {"detail": {"user": None}}, {"detail": {"user": ["a"]}},
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused_at_once(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Event(**{**EMPTY, **wrong})


values = st.text() | st.booleans() | st.integers(-(2**63), 2**63 - 1)
events = st.builds(
    Event, *[st.text()] * 4, st.sampled_from(["ok", "denied", "failed"]),
    st.dictionaries(st.sampled_from(sorted(DETAIL_KEYS)), values, max_size=4), st.text(),
)  # fmt: skip


@given(st.lists(st.lists(events, max_size=3), max_size=4))
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_sequence_of_events_verifies(sqlite_home: Opened, told: list[list[Event]]) -> None:
    for together in told:
        with audited(sqlite_home.database, sqlite_home.home) as session:
            for event in together:
                record(session, event)
    assert verify(sqlite_home.database, sqlite_home.home) == []
