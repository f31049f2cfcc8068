"""What a user typed and saw is kept as their own, on both databases, and goes with the patient."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest

from medmm.errors import AccessError, ConflictError, NotFoundError
from medmm.nouns import Patient
from medmm.records import edits, integrity, reading, reports, studies
from medmm.records.reading import Typed, accept, keep_text, merged, note_signature, spend, texts_of
from tests.records.builders import draft, series, study
from tests.records.conftest import Opened
from tests.records.erasing_homes import erase
from tests.records.signing_homes import add_draft, prepare

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def prepared(opened: Opened) -> Opened:
    """People and one draft, report 1."""
    return prepare(opened)


def at(**amount: float) -> Callable[[], datetime]:
    return lambda: NOON + timedelta(**amount)


def typed(words: str, *, page: str = "window01", serial: int = 1, revision: int = 0) -> Typed:
    text = json.dumps({"statements": [{"id": "s1", "text": words}]})
    return Typed(page, serial, revision, text)


def words(opened: Opened, user: str = "ann") -> list[str]:
    return [
        json.loads(one.text)["statements"][0]["text"] for one in texts_of(opened.database, 1, user)
    ]


def keep(opened: Opened, what: Typed, user: str = "ann", based_on: int = 1) -> reading.Unfinished:
    return keep_text(opened.database, 1, user, based_on, what)


def beat(opened: Opened, user: str = "ann", *, after: float, **given: int) -> None:
    spent = {"open_ms": 15_000, "active_ms": 15_000} | given
    spend(opened.database, 1, user, looked={}, clock=at(seconds=after), **spent)


def test_a_text_is_its_users_own(prepared: Opened) -> None:
    keep(prepared, typed("mine \x00 \N{SNOWMAN} \u202e"))
    keep(prepared, typed("another's"), "bob")
    assert words(prepared) == ["mine \x00 \N{SNOWMAN} \u202e"]
    assert words(prepared, "bob") == ["another's"]
    assert texts_of(prepared.database, 1, "rex") == ()


def test_a_later_text_takes_the_place_of_the_one_before(prepared: Opened) -> None:
    first = keep(prepared, typed("one"))
    second = keep(prepared, typed("two", serial=2, revision=first.revision))
    assert (first.revision, second.revision) == (1, 2)
    assert words(prepared) == ["two"]


def test_one_that_was_sent_twice_or_comes_late_changes_nothing(prepared: Opened) -> None:
    keep(prepared, typed("one"))
    kept = keep(prepared, typed("two", serial=2))
    for serial in (1, 2):
        assert keep(prepared, typed("late", serial=serial)) == kept
    assert words(prepared) == ["two"]


def test_an_answer_that_was_lost_does_not_stop_a_window(prepared: Opened) -> None:
    keep(prepared, typed("one"))
    # The window never heard of revision 1.
    assert keep(prepared, typed("two", serial=2, revision=0)).revision == 2


def test_a_second_window_does_not_write_over_what_it_has_not_seen(prepared: Opened) -> None:
    keep(prepared, typed("one"))
    with pytest.raises(ConflictError) as told:
        keep(prepared, typed("other", page="window02", revision=0))
    assert (told.value.based_on, told.value.last) == (0, 1)
    assert words(prepared) == ["one"]
    keep(prepared, typed("other", page="window02", revision=1))
    assert words(prepared) == ["other"]


def test_two_windows_at_once_lose_neither_text_unseen(prepared: Opened) -> None:
    start, refused = Barrier(2), []

    def write(page: str) -> None:
        start.wait()
        try:
            keep(prepared, typed(page, page=page))
        except ConflictError:
            refused.append(page)

    workers = [Thread(target=write, args=(f"window{number:02}",)) for number in (1, 2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    (won,) = {"window01", "window02"} - set(refused)
    assert words(prepared) == [won]
    assert len(refused) == 1


def test_a_text_over_an_older_version_stays_beside_the_later(prepared: Opened) -> None:
    keep(prepared, typed("over one"))
    edits.edit_report(prepared.database, prepared.home, 1, "[s1] By bob.\n", author="bob")
    keep(prepared, typed("over two"), based_on=2)
    assert words(prepared) == ["over one", "over two"]
    assert [one.based_on for one in texts_of(prepared.database, 1, "ann")] == [1, 2]


@pytest.mark.parametrize(("report", "version"), [(1, 2), (1, 0), (9, 1)])
def test_a_text_over_nothing_is_refused(prepared: Opened, report: int, version: int) -> None:
    with pytest.raises(NotFoundError):
        keep_text(prepared.database, report, "ann", version, typed("x"))


def test_who_is_no_user_keeps_nothing(prepared: Opened) -> None:
    with pytest.raises(AccessError, match="no user"):
        keep(prepared, typed("x"), "medmm")
    with pytest.raises(AccessError, match="no user"):
        beat(prepared, "console:root", after=0)


def test_a_text_is_dropped_up_to_what_was_seen_of_it(prepared: Opened) -> None:
    keep(prepared, typed("one"))
    keep(prepared, typed("two", serial=2))
    reading.drop_text(prepared.database, 1, "ann", 1, up_to=1)
    assert words(prepared) == ["two"]
    reading.drop_text(prepared.database, 1, "bob", 1)
    assert words(prepared) == ["two"]
    reading.drop_text(prepared.database, 1, "ann", 1)
    assert words(prepared) == []


def test_time_adds_up_and_never_beyond_the_clock(prepared: Opened) -> None:
    beat(prepared, after=0)
    beat(prepared, after=15, active_ms=4_000)
    # Another window of the same user, and a number that cannot be.
    beat(prepared, after=20)
    beat(prepared, after=25, open_ms=86_400_000, active_ms=86_400_000)
    told = reading.reading_of(prepared.database, 1, "ann")
    assert told is not None
    assert told.open_seconds == 15 + 15 + 5 + 5
    assert told.active_seconds == 15 + 4 + 5 + 5
    assert told.begun == at(seconds=-15)().isoformat()
    assert reading.reading_of(prepared.database, 1, "bob") is None


def test_active_time_of_several_messages_may_come_with_the_last(prepared: Opened) -> None:
    for after, active in ((0, 0), (15, 0), (30, 40_000)):
        beat(prepared, after=after, active_ms=active)
    told = reading.reading_of(prepared.database, 1, "ann")
    assert told is not None
    assert (told.open_seconds, told.active_seconds) == (45, 40)


def test_active_time_is_never_more_than_open_time(prepared: Opened) -> None:
    beat(prepared, after=0, open_ms=1_000, active_ms=50_000)
    told = reading.reading_of(prepared.database, 1, "ann")
    assert told is not None
    assert (told.open_seconds, told.active_seconds) == (1, 1)


def test_a_clock_set_back_takes_no_time_away(prepared: Opened) -> None:
    beat(prepared, after=100)
    beat(prepared, after=0)
    beat(prepared, after=100)
    told = reading.reading_of(prepared.database, 1, "ann")
    assert told is not None
    assert told.open_seconds == 15


def test_slices_seen_are_joined(prepared: Opened) -> None:
    for looked in ({"3": [(4, 6)]}, {"3": [(0, 1), (7, 9)], "5": [(2, 2)]}, {}):
        spend(prepared.database, 1, "ann", open_ms=0, active_ms=0, looked=looked)
    told = reading.reading_of(prepared.database, 1, "ann")
    assert told is not None
    assert dict(told.looked) == {"3": [[0, 1], [4, 9]], "5": [[2, 2]]}


def test_ranges_that_touch_or_overlap_are_one() -> None:
    assert merged({"1": [(5, 9)]}, {"1": [(0, 2), (3, 4), (8, 12)]}) == {"1": [[0, 12]]}


def test_accepted_statements_can_be_taken_back(prepared: Opened) -> None:
    accept(prepared.database, 1, "ann", {"s1": 1, "s2": 1})
    accept(prepared.database, 1, "ann", {"s1": None, "s3": 2})
    told = reading.reading_of(prepared.database, 1, "ann")
    assert told is not None
    assert told.accepted == {"s2": 1, "s3": 2}


def test_times_at_the_signature_stay_as_they_were(prepared: Opened) -> None:
    beat(prepared, after=0)
    note_signature(prepared.database, 1, "ann", at(seconds=1))
    beat(prepared, after=15)
    told = reading.reading_of(prepared.database, 1, "ann")
    assert told is not None
    assert (told.signed_open_seconds, told.open_seconds) == (15, 30)
    assert told.signed == at(seconds=1)().isoformat()


def test_erasing_a_patient_takes_texts_and_times_with_it(prepared: Opened) -> None:
    other = study(series("1.5.1"), patient=Patient("P2", "OTHER^ONE"), uid="1.5")
    number = studies.save_study(prepared.database, prepared.home, other).study_id
    second = reports.save_draft(prepared.database, prepared.home, number, draft("1.5")).report_id
    assert second is not None
    keep(prepared, typed("quintessence"))
    beat(prepared, after=0)
    keep_text(prepared.database, second, "ann", 1, typed("stays"))
    erase(prepared, 1)
    assert texts_of(prepared.database, 1, "ann") == ()
    assert reading.readings_of(prepared.database, 1) == ()
    assert [json.loads(one.text) for one in texts_of(prepared.database, second, "ann")] == [
        json.loads(typed("stays").text)
    ]
    assert integrity.check(prepared.database, prepared.home, hashes=True) == []


def test_nothing_typed_is_a_version_or_found_by_a_search(prepared: Opened) -> None:
    add_draft(prepared)
    keep(prepared, typed("zyzzyva"))
    assert len(reports.load_report(prepared.database, 1).versions) == 1
    assert reports.search(prepared.database, "zyzzyva") == []
