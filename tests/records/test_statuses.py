"""Statuses move by legal steps only, each a row that nobody rewrites; a machine makes none."""

from datetime import datetime

import pytest
from sqlalchemy import text

from medmm.errors import InputError, MedmmError, NotFoundError, UsageError
from medmm.records import integrity, migrations, reports, studies
from medmm.records.status_changes import cancel_report, hand_on, status_changes
from medmm.records.statuses import STATUSES, move, person, reason_given
from tests.records.builders import draft, study
from tests.records.conftest import Opened

LEGAL = {
    ("draft", "preliminary"),
    ("draft", "final"),
    ("draft", "cancelled"),
    ("preliminary", "final"),
    ("preliminary", "cancelled"),
    ("final", "amended"),
    ("amended", "amended"),
}
PAIRS = [(before, after) for before in STATUSES for after in STATUSES]


@pytest.fixture
def drafted(opened: Opened) -> Opened:
    """A home with one draft, report 1."""
    studies.save_study(opened.database, opened.home, study())
    reports.save_draft(opened.database, opened.home, 1, draft())
    return opened


def status_of(opened: Opened) -> str:
    return reports.load_report(opened.database, 1).status


def test_there_are_25_pairs() -> None:
    assert len(set(PAIRS)) == 25
    assert set(PAIRS) >= LEGAL


@pytest.mark.parametrize(("before", "after"), PAIRS, ids=" to ".join)
def test_every_step_is_legal_or_refused_readably(before: str, after: str) -> None:
    if (before, after) in LEGAL:
        assert move(before, after) == after
        return
    with pytest.raises(InputError) as told:
        move(before, after)
    assert f"A report that is {before} cannot become {after}." in str(told.value)
    assert told.value.exit_code == 3
    onward = [late for early, late in LEGAL if early == before]
    assert all(one in told.value.mend for one in onward)
    assert told.value.mend


@pytest.mark.parametrize("pair", [("signed", "final"), ("draft", "Final"), ("", "draft")])
def test_what_is_no_status_is_told(pair: tuple[str, str]) -> None:
    with pytest.raises(UsageError, match="is no status"):
        move(*pair)


@pytest.mark.parametrize(
    "author",
    ["", "  ", "medmm", " MedMM ", "ｍｅｄｍｍ", "a" * 201, "Dr\u202eeeL", "a\nb", "a\u2028b"],
)
def test_an_author_is_a_person_with_a_name_that_can_be_seen(author: str) -> None:
    with pytest.raises(UsageError):
        person(author)


def test_names_and_reasons_are_kept_without_spaces_around() -> None:
    assert person(" Dr. Ngô Thị Lê ") == "Dr. Ngô Thị Lê"
    assert reason_given(" after the round ") == "after the round"
    for wrong in ("two\nlines", "a" * 2001):
        with pytest.raises(UsageError, match="reason"):
            reason_given(wrong)


def test_a_draft_is_handed_on_and_then_cancelled(drafted: Opened) -> None:
    assert status_changes(drafted.database, 1) == []
    assert hand_on(drafted.database, 1, author="Dr. Lee") == "preliminary"
    assert status_of(drafted) == "preliminary"
    assert cancel_report(drafted.database, 1, author="Dr. Ray", reason="Wrong study") == "cancelled"
    assert status_of(drafted) == "cancelled"
    changes = status_changes(drafted.database, 1)
    assert [(one.number, one.status, one.author, one.reason) for one in changes] == [
        (1, "preliminary", "Dr. Lee", ""),
        (2, "cancelled", "Dr. Ray", "Wrong study"),
    ]
    assert all(datetime.fromisoformat(one.time).utcoffset() is not None for one in changes)
    assert reports.list_reports(drafted.database)[0].status == "cancelled"
    assert reports.load_report(drafted.database, 1).last.number == 1
    assert integrity.check(drafted.database, drafted.home) == []


def test_a_refused_change_leaves_no_row(drafted: Opened) -> None:
    for author in ("medmm", ""):
        with pytest.raises(UsageError):
            hand_on(drafted.database, 1, author=author)
        with pytest.raises(UsageError):
            cancel_report(drafted.database, 1, author=author, reason="why")
    with pytest.raises(UsageError, match="no reason"):
        cancel_report(drafted.database, 1, author="Dr. Lee", reason=" ")
    with pytest.raises(NotFoundError, match="report 2"):
        hand_on(drafted.database, 2, author="Dr. Lee")
    assert (status_of(drafted), status_changes(drafted.database, 1)) == ("draft", [])
    hand_on(drafted.database, 1, author="Dr. Lee")
    with pytest.raises(InputError, match="preliminary cannot become preliminary"):
        hand_on(drafted.database, 1, author="Dr. Lee")
    assert len(status_changes(drafted.database, 1)) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE report_statuses SET author = 'somebody else'",
        "DELETE FROM report_statuses",
        "INSERT OR REPLACE INTO report_statuses SELECT * FROM report_statuses",
        "TRUNCATE report_statuses",
    ],
)
def test_a_change_cannot_be_rewritten_or_removed(drafted: Opened, statement: str) -> None:
    hand_on(drafted.database, 1, author="Dr. Lee")
    before = status_changes(drafted.database, 1)
    with pytest.raises(MedmmError), drafted.database.write() as session:
        session.execute(text(statement))
    assert status_changes(drafted.database, 1) == before


def test_the_table_goes_down_and_up_with_rows(drafted: Opened) -> None:
    hand_on(drafted.database, 1, author="Dr. Lee")
    for revision in ("0004", "base"):
        migrations.downgrade(drafted.database, drafted.home, revision)
        migrations.upgrade(drafted.database, drafted.home)
        assert migrations.differences(drafted.database) == []
        if revision == "0004":
            assert (status_of(drafted), status_changes(drafted.database, 1)) == ("preliminary", [])
            cancel_report(drafted.database, 1, author="Dr. Lee", reason="Wrong study")
            assert [one.number for one in status_changes(drafted.database, 1)] == [1]
