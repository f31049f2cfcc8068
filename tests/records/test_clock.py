"""A clock that is set back or forward an hour: order is by numbers, and nothing rests on times."""

import sys
from datetime import UTC, datetime, timedelta, tzinfo

import pytest
from sqlalchemy import select

from medmm.records import audit, integrity, limiter, owners, reports, sessions, status_changes
from medmm.records.audit_tables import AuditRow
from medmm.records.signatures import addenda_of
from medmm.records.tables import VersionRow
from tests.records import ledger
from tests.records.conftest import Opened
from tests.records.deeds import HERE, PERSON, SIGNER, Doer

HOUR = timedelta(hours=1)
JUMPS = [-HOUR, HOUR]


def set_clock(monkeypatch: pytest.MonkeyPatch, jump: timedelta) -> None:
    """What all modules take for the present moment."""

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + jump

    for name, module in list(sys.modules.items()):
        if name.startswith(("medmm.records", "medmm.assembly", "rag.")) and (
            vars(module).get("datetime") is datetime
        ):
            monkeypatch.setattr(module, "datetime", Shifted)


@pytest.fixture
def doer(opened: Opened) -> Doer:
    """Somebody with a draft that was edited once, an hour ago or ahead as seen from later on."""
    doer = Doer(opened.home, opened.database, 1)
    doer.add_signer()
    for deed in (doer.ingest, doer.draft, doer.edit):
        deed()
    return doer


@pytest.mark.parametrize("jump", JUMPS)
def test_events_keep_their_order_and_the_time_that_the_machine_had(
    doer: Doer, monkeypatch: pytest.MonkeyPatch, jump: timedelta
) -> None:
    set_clock(monkeypatch, jump)
    for deed in (doer.edit, doer.hand_on, doer.sign, doer.addend):
        deed()
    monkeypatch.undo()
    doer.addend()
    with doer.database.read() as session:
        rows = session.scalars(select(AuditRow).order_by(AuditRow.sequence)).all()
    assert [row.sequence for row in rows] == list(range(1, len(rows) + 1))
    times = [datetime.fromisoformat(row.time) for row in rows]
    (first, last) = (
        next(at for at, row in enumerate(rows) if row.action == one) for one in ("edit", "addend")
    )
    assert abs(times[last] - times[first] - jump) < timedelta(minutes=30)
    assert audit.verify(doer.database, doer.home) == []
    assert audit.seal(doer.database, doer.home).sequence == len(rows)


@pytest.mark.parametrize("jump", JUMPS)
def test_versions_statuses_and_addenda_are_counted_and_not_timed(
    doer: Doer, monkeypatch: pytest.MonkeyPatch, jump: timedelta
) -> None:
    set_clock(monkeypatch, jump)
    for deed in (doer.edit, doer.hand_on):
        deed()
    set_clock(monkeypatch, -jump)
    for deed in (doer.edit, doer.sign, doer.addend):
        deed()
    monkeypatch.undo()
    doer.addend()
    report = reports.load_report(doer.database, doer.report_id)
    assert [version.number for version in report.versions] == [1, 2, 3, 4]
    assert "in version 4" in str(report.last.document)
    changes = status_changes.status_changes(doer.database, doer.report_id)
    assert [one.status for one in changes] == ["preliminary", "final", "amended", "amended"]
    assert [one.number for one in addenda_of(doer.database, doer.report_id)] == [1, 2]
    assert report.status == "amended"
    assert ledger.told(doer.database) == []
    assert integrity.check(doer.database, doer.home, hashes=True) == []


@pytest.mark.parametrize("jump", JUMPS)
def test_a_report_is_whose_hand_it_was_in_last(
    doer: Doer, monkeypatch: pytest.MonkeyPatch, jump: timedelta
) -> None:
    assert owners.of_report(doer.database, doer.report_id).owner == PERSON
    set_clock(monkeypatch, jump)
    status_changes.hand_on(doer.database, doer.report_id, author="Hanna")
    assert owners.of_report(doer.database, doer.report_id).owner == "Hanna"
    set_clock(monkeypatch, 2 * jump)
    doer.edit()
    assert owners.of_report(doer.database, doer.report_id).owner == PERSON
    set_clock(monkeypatch, 3 * jump)
    status_changes.cancel_report(doer.database, doer.report_id, author="Carl", reason="Double.")
    assert owners.of_report(doer.database, doer.report_id).owner == "Carl"


@pytest.mark.parametrize("jump", JUMPS)
def test_a_later_report_is_newer_whatever_the_clock_says(
    doer: Doer, monkeypatch: pytest.MonkeyPatch, jump: timedelta
) -> None:
    first = doer.report_id
    set_clock(monkeypatch, jump)
    doer.draft()
    listed = [one.id for one in reports.list_reports(doer.database)]
    assert listed == [doer.report_id, first]
    last = reports.last_report_of(doer.database, doer.study_id)
    assert last is not None
    assert last.id == doer.report_id
    with doer.database.read() as session:
        created = {row.report_id: row.created for row in session.scalars(select(VersionRow))}
    assert (created[doer.report_id] < created[first]) == (jump < timedelta(0))


def test_a_session_outlives_a_clock_set_back_and_ends_by_one_set_forward(doer: Doer) -> None:
    noon = datetime(2026, 11, 25, 12, tzinfo=UTC)
    token = sessions.start(doer.database, SIGNER, HERE, lambda: noon)
    back = sessions.find(doer.database, token, lambda: noon - HOUR)
    assert back is not None
    # Found by use: from here on it counts by the clock as it is.
    late = noon - HOUR + sessions.IDLE
    assert sessions.find(doer.database, token, lambda: late) is None
    other = sessions.start(doer.database, SIGNER, HERE, lambda: noon)
    assert sessions.find(doer.database, other, lambda: noon + HOUR) is None


def test_misses_wait_their_whole_delay_after_a_clock_set_back(doer: Doer) -> None:
    noon = datetime(2026, 11, 25, 12, tzinfo=UTC)
    for _ in range(limiter.FREE_MISSES + 3):
        with doer.database.write() as session:
            limiter.begin(session, "account", "origin", noon)
    with doer.database.write() as session:
        session.flush()
        waits = limiter.begin(session, "account", "origin", noon - HOUR)
    assert timedelta(0) < waits <= limiter.delay(limiter.FREE_MISSES + 3)
