"""Jobs on both databases: claimed once, done once, found after a crash; flags of reports."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select, update
from sqlalchemy.orm import Session

from medmm.database import Database
from medmm.errors import CancelledError, InputError, NotFoundError
from medmm.records import edits, jobs, report_flags, reports, studies, worklist_rows
from medmm.records.erasing import erase_patient
from medmm.records.erasing.rows import belongings
from medmm.records.job_tables import JobRow
from medmm.records.jobs import MOST_ATTEMPTS, MOST_WAITING, Asked, Claim
from medmm.records.report_flags import Flags
from medmm.records.tables import ReportRow
from medmm.records.worklist_rows import Wanted
from tests.records.builders import draft, numbered_study
from tests.records.conftest import Opened
from tests.records.erasing_homes import rows, well

WORDS = {"writer": "composer", "experts": None, "indication": "cough", "prior": "none"}


@pytest.fixture
def filled(opened: Opened) -> Opened:
    for number in (1, 2):
        studies.save_study(opened.database, opened.home, numbered_study(number))
    return opened


def ask(opened: Opened, study: int | None = 1, owner: str = "sam", **more: Any) -> int:
    kind: Any = "draft" if study else "upload"
    words = WORDS if study else {"folder": "f" * 32, "files": 3}
    asked = Asked(kind, owner, "192.0.2.1", words, study, **more)
    return jobs.enqueue(opened.database, asked).id


def claimed(opened: Opened, worker: str = "w1") -> Claim:
    found = jobs.claim(opened.database, worker)
    assert found is not None
    return found


def recorded(opened: Opened, one: Claim) -> None:
    """As drafting does it: the report, and that the job is done, in one transaction."""

    def done(session: Session, report: int) -> None:
        jobs.finish(session, one, report_id=report)

    made = draft(f"1.2.9.{one.job.study_id}")
    study = one.job.study_id or 0
    reports.save_draft(opened.database, opened.home, study, made, also=done)


def count_reports(opened: Opened) -> int:
    with opened.database.read() as session:
        return session.scalar(select(func.count(ReportRow.id))) or 0


def test_a_job_is_done_and_its_report_named_in_one_transaction(filled: Opened) -> None:
    number = ask(filled)
    one = claimed(filled)
    jobs.tell(filled.database, one, "measuring\nlungs")
    assert jobs.find(filled.database, number).progress == "measuring lungs"
    recorded(filled, one)
    job = jobs.find(filled.database, number)
    assert (job.status, job.report_id, job.attempts) == ("done", 1, 1)
    assert job.ended is not None
    assert jobs.claim(filled.database, "w1") is None


def test_jobs_are_claimed_in_the_order_in_which_they_were_asked_for(filled: Opened) -> None:
    wanted = [ask(filled, 2), ask(filled, None), ask(filled, 1)]
    assert [claimed(filled).job.id for _ in wanted] == wanted


def test_workers_that_claim_at_once_never_get_the_same_job(filled: Opened) -> None:
    wanted = {ask(filled, None) for _ in range(12)}
    url = filled.database.url.render_as_string(hide_password=False)
    start, got = threading.Barrier(4), []

    def work(name: str) -> None:
        database = Database(url)
        start.wait()
        while (one := jobs.claim(database, name)) is not None:
            got.append(one.job.id)
        database.close()

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == sorted(wanted)


def test_a_claim_that_was_taken_over_records_nothing(filled: Opened) -> None:
    number = ask(filled)
    first = claimed(filled)
    assert jobs.recover(filled.database, lambda _: False) == [number]
    second = claimed(filled, "w2")
    with pytest.raises(CancelledError):
        recorded(filled, first)
    assert count_reports(filled) == 0
    with pytest.raises(CancelledError):
        jobs.tell(filled.database, first, "still here")
    assert not jobs.fail(filled.database, first, "late")
    recorded(filled, second)
    with pytest.raises(CancelledError):
        recorded(filled, second)
    assert count_reports(filled) == 1


def test_a_cancelled_job_records_nothing(filled: Opened) -> None:
    number = ask(filled)
    one = claimed(filled)
    assert jobs.held(filled.database, one)
    jobs.cancel(filled.database, number)
    assert not jobs.held(filled.database, one)
    with pytest.raises(CancelledError):
        recorded(filled, one)
    assert count_reports(filled) == 0
    with pytest.raises(InputError, match="cancelled"):
        jobs.cancel(filled.database, number)
    with pytest.raises(NotFoundError):
        jobs.cancel(filled.database, 99)


def test_only_jobs_of_dead_workers_are_found_again(filled: Opened) -> None:
    alive, dead, unknown = ask(filled, 1), ask(filled, 2), ask(filled, None)
    for name in ("alive", "dead", "unknown"):
        claimed(filled, name)
    states = {"alive": True, "dead": False, "unknown": None}
    assert jobs.recover(filled.database, states.__getitem__) == [dead]
    long_ago = datetime.now(UTC) - jobs.LEASE - timedelta(seconds=1)
    with filled.database.write() as session:
        session.execute(update(JobRow).values(seen=long_ago))
    # Without a sign of life for so long, who cannot be looked at counts as dead, too.
    assert jobs.recover(filled.database, states.__getitem__) == [unknown]
    assert jobs.find(filled.database, alive).status == "running"


def test_a_job_that_ends_its_server_is_not_begun_for_ever(filled: Opened) -> None:
    number = ask(filled)
    for _ in range(MOST_ATTEMPTS):
        claimed(filled)
        jobs.recover(filled.database, lambda _: False)
    job = jobs.find(filled.database, number)
    assert (job.status, job.attempts) == ("failed", MOST_ATTEMPTS)
    assert "\n" not in job.error
    assert job.error


def test_a_released_job_waits_as_if_it_had_not_begun(filled: Opened) -> None:
    number = ask(filled)
    for _ in range(MOST_ATTEMPTS + 2):
        jobs.release(filled.database, claimed(filled))
    assert jobs.find(filled.database, number).status == "waiting"
    assert jobs.find(filled.database, number).attempts == 0


def test_a_study_is_not_drafted_twice_at_once(filled: Opened) -> None:
    number = ask(filled)
    with pytest.raises(InputError, match="for sam"):
        ask(filled, owner="rita")
    ask(filled, 2)
    jobs.cancel(filled.database, number)
    ask(filled, owner="rita")
    with pytest.raises(NotFoundError):
        ask(filled, 77)


def test_one_person_cannot_fill_the_queue(filled: Opened) -> None:
    for _ in range(MOST_WAITING):
        ask(filled, None)
    with pytest.raises(InputError, match="Too much"):
        ask(filled, None)
    ask(filled, None, owner="rita")


def test_what_an_upload_was_given_is_forgotten_when_it_ends(filled: Opened) -> None:
    number = ask(filled, None)
    assert jobs.live_uploads(filled.database) == {"f" * 32}
    one = claimed(filled)
    with filled.database.write() as session:
        jobs.finish(session, one, results={1: {"series": []}})
    assert jobs.find(filled.database, number).asked == {}
    assert jobs.live_uploads(filled.database) == set()
    assert jobs.results(filled.database, number) == {1: {"series": []}}


def test_jobs_and_flags_of_an_erased_patient_are_erased(filled: Opened) -> None:
    for study in (1, 2):
        ask(filled, study)
        recorded(filled, claimed(filled))
    ask(filled, None)
    results, taken = {1: {"told": "CASE^1"}, 2: {"told": "CASE^2"}}, claimed(filled)
    with filled.database.write() as session:
        jobs.finish(session, taken, results=results)
    counted = Flags(1, 2, {"pneumothorax": "There is a pneumothorax."})
    left = report_flags.unflagged(filled.database, "r1", 10)
    report_flags.keep(filled.database, "r1", {number: counted for number, _ in left})
    note(filled, 1)
    names = ("jobs", "job_results", "report_flags", "report_criticals", "acknowledgements")
    others = rows(filled, 2)
    with filled.database.read() as session:
        own = belongings(session, 1)
        assert {name for name in names if any(True for _ in own.conditions(name))} == set(names)
    waiting = ask(filled, 1)
    one = claimed(filled)
    erase_patient(filled.database, filled.home, 1, reason="GDPR-17", also=lambda *_: None)
    assert not any(rows(filled, 1).values())
    assert rows(filled, 2) == others
    # Who drafts it at that moment finds nothing to record it to.
    with pytest.raises((NotFoundError, CancelledError)):
        recorded(filled, one)
    assert not jobs.fail(filled.database, one, "gone")
    with pytest.raises(NotFoundError):
        jobs.find(filled.database, waiting)
    assert [job.study_id for job in jobs.listed(filled.database)] == [None, 2]
    well(filled)


def note(opened: Opened, report: int, rule: str = "pneumothorax", **more: str) -> Any:
    return report_flags.acknowledge(
        opened.database, report, rule, author="sam", also=lambda _: None, **more
    )


def flag(opened: Opened, flags: Flags, rules: str = "r1") -> int:
    left = report_flags.unflagged(opened.database, rules, 100)
    report_flags.keep(opened.database, rules, {number: flags for number, _ in left})
    return len(left)


def test_each_version_is_counted_once_for_each_table_of_rules(filled: Opened) -> None:
    reports.save_draft(filled.database, filled.home, 1, draft("1.2.9.1"))
    reports.save_draft(filled.database, filled.home, 2, draft("1.2.9.2"))
    flags = Flags(0, 0, {"pneumothorax": "A pneumothorax."})
    assert [flag(filled, flags), flag(filled, flags)] == [2, 0]
    edits.edit_report(filled.database, filled.home, 1, "[s1] Changed.\n", author="sam", reason="")
    assert [flag(filled, flags), flag(filled, flags)] == [1, 0]
    assert [flag(filled, flags, "r2"), flag(filled, flags, "r2")] == [2, 0]
    [found] = report_flags.criticals(filled.database, 1)
    assert (found.rule, found.version, found.acknowledged) == ("pneumothorax", 2, None)


def test_a_critical_finding_is_acknowledged_once_by_a_person(filled: Opened) -> None:
    reports.save_draft(filled.database, filled.home, 1, draft("1.2.9.1"))
    flag(filled, Flags(0, 0, {"pneumothorax": "A pneumothorax."}))
    with pytest.raises(NotFoundError):
        note(filled, 1, "volvulus")
    with pytest.raises(NotFoundError):
        note(filled, 9)
    with pytest.raises(InputError):
        note(filled, 1, method="by pigeon")
    given = note(filled, 1, told="Dr  Who", method="by phone")
    assert (given.author, given.told, given.method) == ("sam", "Dr Who", "by phone")
    with pytest.raises(InputError, match="sam acknowledged"):
        note(filled, 1)
    [found] = report_flags.criticals(filled.database, 1)
    assert found.acknowledged == given


def test_the_list_is_filtered_by_what_calls_for_attention(filled: Opened) -> None:
    reports.save_draft(filled.database, filled.home, 1, draft("1.2.9.1"))
    reports.save_draft(filled.database, filled.home, 2, draft("1.2.9.2"))
    left = dict(report_flags.unflagged(filled.database, "r1", 9))
    first, second = sorted(left)
    critical = Flags(0, 0, {"pneumothorax": "A pneumothorax."})
    report_flags.keep(filled.database, "r1", {first: critical, second: Flags(0, 0, {})})
    assert found(filled, Wanted(flagged=True)) == [1]
    note(filled, 1)
    assert found(filled, Wanted(flagged=True)) == []
    report_flags.keep(filled.database, "r1", {second: Flags(1, 0, {})})
    assert found(filled, Wanted(flagged=True)) == [2]


def test_the_list_is_filtered_by_status_modality_person_and_age(filled: Opened) -> None:
    reports.save_draft(filled.database, filled.home, 1, draft("1.2.9.1"))
    ask(filled, 2, owner="rita")
    assert found(filled, Wanted(status="draft")) == [1]
    assert found(filled, Wanted(status="none")) == [2]
    assert found(filled, Wanted(status="drafting")) == [2]
    assert found(filled, Wanted(status="final")) == []
    assert found(filled, Wanted(modality="CT")) == [2, 1]
    assert found(filled, Wanted(modality="MR")) == []
    assert found(filled, Wanted(person="rita")) == [2]
    edits.edit_report(filled.database, filled.home, 1, "[s1] Changed.\n", author="rita", reason="")
    assert found(filled, Wanted(person="rita")) == [2, 1]
    assert found(filled, Wanted(words="P000002 case")) == [2]
    # Both are of 2024-05-06T07:08:09.
    assert found(filled, Wanted(since="2024-05-06T07:08:10")) == []
    assert found(filled, Wanted(since="2024-05-06T07:08:09")) == [2, 1]
    assert found(filled, Wanted(until="2024-05-06T07:08:09")) == []
    assert found(filled, Wanted(until="2024-05-06T07:08:10")) == [2, 1]


def found(opened: Opened, wanted: Wanted) -> list[int]:
    with opened.database.read() as session:
        lines = worklist_rows.page(session, wanted, None, 10)
        assert worklist_rows.count(session, wanted) == len(lines)
        return [line.id for line in lines]


def test_a_page_takes_as_many_queries_for_forty_studies_as_for_one(opened: Opened) -> None:
    def queries(limit: int) -> int:
        asked: list[str] = []

        def note_query(_: Any, __: Any, statement: str, *___: Any) -> None:
            asked.append(statement)

        event.listen(opened.database.engine, "before_cursor_execute", note_query)
        with opened.database.read() as session:
            assert len(worklist_rows.page(session, Wanted(), None, limit)) == limit
        event.remove(opened.database.engine, "before_cursor_execute", note_query)
        return len([one for one in asked if one.lstrip().upper().startswith("SELECT")])

    for number in range(1, 41):
        studies.save_study(opened.database, opened.home, numbered_study(number, slices=1))
        reports.save_draft(opened.database, opened.home, number, draft(f"1.2.9.{number}"))
        edits.edit_report(
            opened.database, opened.home, number, "[s1] So.\n", author="sam", reason=""
        )
    flag(opened, Flags(0, 0, {"pneumothorax": "A pneumothorax."}))
    jobs.cancel(opened.database, ask(opened, 3))
    assert queries(40) == queries(1) <= 16


def test_pages_go_on_where_the_last_one_ended_whatever_comes_in(opened: Opened) -> None:
    for number in range(1, 6):
        studies.save_study(opened.database, opened.home, numbered_study(number, slices=1))
    with opened.database.read() as session:
        first = [line.id for line in worklist_rows.page(session, Wanted(), None, 2)]
    studies.save_study(opened.database, opened.home, numbered_study(6, slices=1))
    with opened.database.read() as session:
        second = [line.id for line in worklist_rows.page(session, Wanted(), first[-1], 2)]
    assert (first, second) == ([5, 4], [3, 2])
