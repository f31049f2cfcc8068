"""The audit log is read by pages and filters, as lines, and proved; each of them is an event."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import text

from medmm.assembly import auditing
from medmm.assembly.auditing import Wanted, moment
from medmm.assembly.homes import OpenHome
from medmm.errors import AccessError, InputError
from medmm.records.access import Actor, By
from medmm.records.audit import Event, audited, record
from tests.assembly.audit_tampering import tamper
from tests.records.audit_cases import own_hash
from tests.records.conftest import (  # noqa: F401  # fixtures, found by name
    Opened,
    database_url,
    empty,
    opened,
    postgres_admin,
    schema_url,
    sqlite_home,
)

ADA = By(Actor("ada", "admin", "person"), "192.0.2.7")
HOSTILE = "a\u202eb\x1b[2J<script>\x9b"
EVENTS = (
    Event("jane", "signer", "sign", "report:3", detail={"version": 2}, origin="192.0.2.1"),
    Event("jane", "signer", "read", "report:31"),
    Event("joe", "reader", "read", "study:3"),
    Event("joe", "reader", "sign", "report:3", "denied"),
    Event("reporting", "", "list", "", "failed", {"code": "reports"}),
)


@pytest.fixture
def log(opened: Opened) -> OpenHome:  # noqa: F811
    """A home with five times five events, in an admin's hands, on both databases."""
    with audited(opened.database, opened.home) as session:
        for _ in range(5):
            for one in EVENTS:
                record(session, one)
    return OpenHome(opened.home, opened.database, ADA)


def numbers(page: dict[str, Any]) -> list[int]:
    return [one["sequence"] for one in page["events"]]


def newest_event(log: OpenHome) -> dict[str, Any]:
    """Looked at behind the log's back, so that looking leaves nothing."""
    with log.database.read() as session:
        query = text("SELECT * FROM audit_events ORDER BY sequence DESC LIMIT 1")
        row = dict(session.execute(query).mappings().one())
    return row | {"detail": json.loads(row["detail"])}


@contextmanager
def statements(log: OpenHome) -> Iterator[list[str]]:
    """What the database is asked meanwhile."""
    asked: list[str] = []

    def see(*given: Any) -> None:
        asked.append(given[2])

    sqlalchemy_event.listen(log.database.engine, "before_cursor_execute", see)
    yield asked
    sqlalchemy_event.remove(log.database.engine, "before_cursor_execute", see)


def test_pages_go_from_the_newest_back_and_miss_and_double_nothing(log: OpenHome) -> None:
    page = auditing.read_page(log, Wanted(), most=10)
    seen = numbers(page)
    # Reading appends; what is older stays where it is.
    while page["older"] is not None:
        page = auditing.read_page(log, Wanted(), page["older"], most=10)
        seen += numbers(page)
    assert seen == list(range(25, 0, -1))
    exact = auditing.read_page(log, Wanted(), 11, most=10)
    assert (numbers(exact), exact["older"]) == (list(range(10, 0, -1)), None)


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (Wanted(actor="jane"), lambda one: one["actor"] == "jane"),
        (Wanted(actor=" jane "), lambda one: one["actor"] == "jane"),
        (Wanted(actor="jan_"), lambda _: False),
        (Wanted(action="sign"), lambda one: one["action"] == "sign"),
        (Wanted(thing="report:3"), lambda one: one["thing"] == "report:3"),
        (Wanted(thing="report"), lambda one: one["thing"].startswith("report:")),
        (Wanted(thing="%"), lambda _: False),
        (Wanted(thing="report:_"), lambda _: False),
        (Wanted(outcome="denied"), lambda one: one["outcome"] == "denied"),
        (Wanted("joe", "sign", "report:3", "denied"), lambda one: one["outcome"] == "denied"),
        (Wanted("joe", "sign", "report:3", "ok"), lambda _: False),
        (Wanted("' OR 1=1 --"), lambda _: False),
    ],
)
def test_every_filter_gives_what_fits_and_nothing_else(
    log: OpenHome, wanted: Wanted, fits: Callable[[dict[str, Any]], bool]
) -> None:
    everything = auditing.read_page(log, Wanted())["events"]
    expected = [one["sequence"] for one in everything if fits(one)]
    assert numbers(auditing.read_page(log, wanted, before=26)) == expected
    assert len(expected) in {0, 5, 10, 15}


def test_time_is_from_the_first_moment_to_before_the_last(log: OpenHome) -> None:
    times = [
        datetime.fromisoformat(one["time"])
        for one in auditing.read_page(log, Wanted())["events"][::-1]
    ]
    since = auditing.read_page(log, Wanted(since=times[10]), before=26)
    assert numbers(since) == [at for at in range(25, 0, -1) if times[at - 1] >= times[10]]
    until = auditing.read_page(log, Wanted(until=times[10]), before=26)
    assert numbers(until) == [at for at in range(25, 0, -1) if times[at - 1] < times[10]]
    east = times[10].astimezone(UTC).isoformat()
    assert moment(east) == times[10]


def test_a_filter_looks_at_so_many_at_a_time_and_says_where_it_stopped(
    log: OpenHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditing, "LOOKED_AT", 10)
    page = auditing.read_page(log, Wanted(actor="nobody"))
    assert (page["events"], page["older"], page["looked_to"]) == ([], 16, 16)
    page = auditing.read_page(log, Wanted(actor="jane"), 16)
    assert (numbers(page), page["older"]) == ([12, 11, 7, 6], 6)
    page = auditing.newest(log, Wanted(outcome="failed"), 3)
    assert (numbers(page), page["older"]) == ([25, 20, 15], 15)
    page = auditing.newest(log, Wanted(outcome="failed"), 100)
    assert (numbers(page), page["older"]) == ([25, 20, 15, 10, 5], None)


def test_the_database_is_asked_for_a_page_and_not_for_everything(log: OpenHome) -> None:
    with statements(log) as asked:
        auditing.read_page(log, Wanted(actor="jane"), 20, most=2)
    # The one that seals goes on from the last head, upwards.
    reads = [one for one in asked if "FROM audit_events" in one and "DESC" in one]
    assert reads
    for one in reads:
        # SQLite's dialect writes the offset 0 out.
        assert "LIMIT" in one
        assert "OFFSET" not in one.split("LIMIT")[0]
    assert any("sequence >=" in one and "sequence <" in one for one in reads)
    assert not any("count(" in one for one in asked)


def test_reading_is_itself_an_event(log: OpenHome) -> None:
    auditing.read_page(log, Wanted(actor="jane"), most=3)
    last = newest_event(log)
    assert [last[name] for name in ("sequence", "actor", "role", "action", "origin")] == [
        26, "ada", "admin", "read_audit", "192.0.2.7",
    ]  # fmt: skip
    assert last["detail"] == {"count": 3, "sequence": 25, "user": "jane"}


@pytest.mark.parametrize("role", ["reader", "reporter", "signer", "boss", ""])
def test_nobody_but_an_admin_reads_exports_or_verifies(log: OpenHome, role: str) -> None:
    hands = log.acting(By(Actor("rita", role, "person"), "192.0.2.9"))
    tries: list[Callable[[], object]] = [
        lambda: auditing.read_page(hands, Wanted()),
        lambda: auditing.newest(hands, Wanted(), 5),
        lambda: auditing.read_lines(hands, Wanted()),
        lambda: auditing.ask_to_verify(hands),
    ]
    for number, attempt in enumerate(tries, 26):
        with pytest.raises(AccessError):
            attempt()
        last = newest_event(log)
        assert (last["sequence"], last["actor"], last["outcome"]) == (number, "rita", "denied")


def test_lines_are_whole_can_be_proved_and_leave_an_event_first(log: OpenHome) -> None:
    with audited(log.database, log.home) as session:
        record(session, Event("zoë", "", "read", "study:1", detail={"code": "x"}))
    lines = auditing.read_lines(log, Wanted())
    told = newest_event(log)
    assert (told["sequence"], told["action"]) == (27, "read_audit")
    assert told["detail"] == {"code": "export", "format": "jsonl", "sequence": 26}
    kept = [json.loads(line) for line in lines]
    assert [one["sequence"] for one in kept] == list(range(1, 27))
    for one in kept:
        canonical = json.dumps(
            one["detail"], sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        assert own_hash(one | {"detail": canonical}) == one["hash"]
    assert [one["previous"] for one in kept[1:]] == [one["hash"] for one in kept[:-1]]


def test_lines_are_filtered_and_go_on_past_what_is_read_at_once(
    log: OpenHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditing, "AT_ONCE", 2)
    monkeypatch.setattr(auditing, "LOOKED_AT", 7)
    lines = auditing.read_lines(log, Wanted(thing="report"))
    found = [json.loads(line)["sequence"] for line in lines]
    assert found == [at for at in range(1, 26) if at % 5 in {1, 2, 4}]


def test_what_somebody_put_there_is_shown_as_what_it_is(log: OpenHome) -> None:
    tamper(log.database, 25, actor=HOSTILE, thing=HOSTILE, detail="no json")
    tamper(log.database, 24, detail='["a list"]', origin=HOSTILE)
    tamper(log.database, 23, detail=json.dumps({HOSTILE: HOSTILE}))
    last, second, third = auditing.read_page(log, Wanted(), most=3)["events"]
    shown = "a‹U+202E›b‹U+001B›[2J<script>‹U+009B›"
    assert (last["actor"], last["thing"], last["detail"]) == (
        shown, shown, {"unreadable": "no json"},
    )  # fmt: skip
    assert (second["origin"], second["detail"]) == (shown, {"unreadable": '["a list"]'})
    assert third["detail"] == {shown: shown}
    whole = "".join(auditing.read_lines(log, Wanted()))
    assert not set("\u202e\x1b\x9b") & set(whole)
    assert [json.loads(line)["actor"] for line in whole.splitlines()][24] == HOSTILE


def test_a_whole_log_is_said_to_be_whole(log: OpenHome) -> None:
    steps: list[str] = []
    auditing.ask_to_verify(log)
    found = auditing.verified(log, steps.append)
    assert (found["ok"], found["chain"], found["others"]) == (True, [], [])
    assert (found["events"], found["head"]["sequence"], found["head"]["problem"]) == (26, 27, "")
    assert len(steps) == 3
    last = newest_event(log)
    assert (last["actor"], last["role"], last["detail"]) == (
        "medmm", "machine", {"code": "verified", "count": 0, "sequence": 26},
    )  # fmt: skip


def test_a_changed_event_is_found_and_named(log: OpenHome) -> None:
    tamper(log.database, 13, actor="somebody else")
    found = auditing.verified(log)
    assert found["ok"] is False
    assert found["chain"][0].startswith("Audit event 13 was changed")
    assert all("13" not in one for one in found["others"])
    assert newest_event(log)["detail"]["count"] == len(found["chain"] + found["others"])


def test_what_is_no_filter_is_refused() -> None:
    for given in ("yesterday", "2026-13-01", "2026-11-25T25:00", "9999-12-31x", "\x00"):
        with pytest.raises(InputError):
            moment(given)
    noon = datetime(2026, 11, 25, 12, tzinfo=UTC)
    assert moment("2026-11-25 12:00") == moment("2026-11-25T13:00+01:00") == noon
    assert moment("2026-11-25") == noon - timedelta(hours=12)
    assert moment("2026-11-25", after=True) == noon + timedelta(hours=12)
    assert moment(" ") is None
    with pytest.raises(InputError):
        moment("9999-12-31", after=True)
    with pytest.raises(InputError):
        Wanted(outcome="maybe")
    with pytest.raises(InputError):
        Wanted(since=noon, until=noon)
