"""Whoever acts in a home is asked for the right to it, and leaves an event either way."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from medmm.assembly import (
    drafting,
    exporting,
    homes,
    knowledge,
    library,
    reading,
    report_life,
    report_signing,
    users,
)
from medmm.assembly.homes import OpenHome
from medmm.errors import AccessError
from medmm.nouns import Query
from medmm.records import reports
from medmm.records.access import Actor, By, machine
from medmm.records.audit_tables import AuditRow
from tests.records.builders import draft, study

WHERE = "192.0.2.7"
EVERYBODY = ("reader", "reporter", "signer", "admin", "machine")
WRITERS = ("reporter", "signer")
Act = Callable[[OpenHome], object]


def export(opened: OpenHome) -> None:
    exporting.export_report(opened, 1, "text", opened.path / "out.txt")


def edit(opened: OpenHome) -> None:
    text = report_life.edit_text(reports.load_report(opened.database, 1).last.document)
    report_life.edit(opened, 1, f"{text}\nThe heart is not large.\n".encode())


# Who may, what it is recorded as, to what, and what is done.
ACTS: list[tuple[str, tuple[str, ...], str, str, Act]] = [
    ("list studies", EVERYBODY, "list", "", lambda home: library.list_studies(home, "", 9)),
    ("search studies", EVERYBODY, "search", "", lambda home: library.list_studies(home, "x", 9)),
    ("read a study", EVERYBODY, "read", "study:1", lambda home: library.study_document(home, "1")),
    ("list reports", EVERYBODY, "list", "", lambda home: library.list_reports(home, 9)),
    ("read a report", EVERYBODY, "read", "report:1", lambda home: library.report_document(home, 1)),
    ("search reports", EVERYBODY, "search", "", lambda home: library.search_reports(home, "x", 9)),
    ("compare", EVERYBODY, "read", "report:1", lambda home: report_life.compare(home, 1, 1, 1)),
    ("history", EVERYBODY, "read", "report:1", lambda home: report_life.history(home, 1)),
    ("list knowledge", EVERYBODY, "list", "", knowledge.list_documents),
    (
        "search knowledge", EVERYBODY, "search", "",
        lambda home: knowledge.search(home, Query("nodule")),
    ),
    (
        "ingest", (*WRITERS, "admin", "machine"), "ingest", "study:2",
        lambda home: reading.keep(home, study(uid="1.2.99")),
    ),
    ("export", WRITERS, "export", "report:1", export),
    ("edit", WRITERS, "edit", "report:1", edit),
    ("hand on", WRITERS, "hand_on", "report:1", lambda home: report_life.hand_on(home, 1)),
    # What nobody wrote in is nobody's own, so a reporter may not give it up.
    (
        "cancel", ("signer",), "cancel", "report:1",
        lambda home: report_life.cancel(home, 1, reason="made twice"),
    ),
    ("list users", ("admin",), "list_users", "", users.list_all),
    (
        "change a role", ("admin",), "change_user", "user:joe",
        lambda home: users.change_role(home, "joe", "reporter"),
    ),
    (
        "disable", ("admin",), "change_user", "user:joe",
        lambda home: users.disable(home, "joe"),
    ),
    (
        "another's password", ("admin",), "set_password", "user:joe",
        lambda home: users.set_password(home, "joe", "eleven grey herons"),
    ),
]  # fmt: skip
CASES = [(*act[1:], role, act[0]) for act in ACTS for role in EVERYBODY]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a study, a draft and a user, to be copied."""
    opened = homes.open_home(tmp_path_factory.mktemp("kept") / "home")
    reading.keep(opened, study())
    reports.save_draft(opened.database, opened.home, 1, draft())
    users.add(opened, "joe", "reader", "seven blue horses")
    opened.database.close()
    return opened.path


@pytest.fixture
def opened(kept: Path, tmp_path: Path) -> OpenHome:
    """The home, whole and not yet in anybody's hands."""
    import shutil

    shutil.copytree(kept, tmp_path / "home")
    return homes.open_home(tmp_path / "home")


def acting(opened: OpenHome, role: str) -> OpenHome:
    actor = machine() if role == "machine" else Actor("jane", role, "person")
    return opened.acting(By(actor, WHERE))


def events(opened: OpenHome) -> list[AuditRow]:
    with opened.database.read() as session:
        return list(session.scalars(select(AuditRow).order_by(AuditRow.sequence)))


@pytest.mark.parametrize(
    ("may", "action", "thing", "act", "role", "name"),
    CASES,
    ids=[f"{case[5]}-{case[4]}" for case in CASES],
)
def test_who_acts_may_or_may_not_and_both_are_recorded(
    opened: OpenHome, may: tuple[str, ...], action: str, thing: str, act: Act, role: str, name: str
) -> None:
    before = events(opened)
    if role in may:
        act(acting(opened, role))
    else:
        with pytest.raises(AccessError):
            act(acting(opened, role))
    (event,) = events(opened)[len(before) :]
    assert (event.actor, event.role) == ("medmm" if role == "machine" else "jane", role)
    assert (event.action, event.outcome) == (action, "ok" if role in may else "denied")
    assert event.origin == WHERE
    if event.outcome == "ok":
        assert event.thing == thing
    else:
        assert len(reports.load_report(opened.database, 1).versions) == 1
        assert reports.load_report(opened.database, 1).status == "draft"
    assert homes.check_database(opened.path) == []


def test_a_reporter_may_give_up_what_was_the_reporters_own(opened: OpenHome) -> None:
    hands = acting(opened, "reporter")
    edit(hands)
    assert reports.load_report(opened.database, 1).last.author == "jane"
    assert report_life.cancel(hands, 1, reason="made twice")["status"] == "cancelled"


def test_a_user_writes_as_the_user_whatever_name_is_given(opened: OpenHome) -> None:
    hands = acting(opened, "reporter")
    report_life.hand_on(hands, 1, author="Dr. Somebody Else")
    assert report_life.history(hands, 1)["statuses"][0]["author"] == "jane"


def test_a_draft_is_for_who_may_draft(opened: OpenHome, small_study: Path) -> None:
    given = reading.read(small_study)
    request = drafting.DraftRequest(experts=("ct_lungs",), knowledge=False)
    for role in ("reader", "admin"):
        with pytest.raises(AccessError):
            drafting.draft(given, home=acting(opened, role), request=request)
    assert len(reports.list_reports(opened.database)) == 1
    drafting.draft(given, home=acting(opened, "reporter"), request=request)
    last = events(opened)[-1]
    assert (last.action, last.actor, last.thing) == ("draft", "jane", "report:2")


def test_a_signature_comes_from_the_pages_address(opened: OpenHome) -> None:
    users.add(opened, "ann", "signer", "nine quiet foxes run")
    hands = opened.acting(By(Actor("ann", "signer", "person"), WHERE))
    seen = report_signing.to_sign(hands, 1)
    sign: dict[str, Any] = {"user": "ann", "based_on": seen["version"], "confirmed": {}}
    with pytest.raises(AccessError):
        report_signing.sign(hands, 1, password="a wrong guess", **sign)
    report_signing.sign(hands, 1, password="nine quiet foxes run", **sign)
    told = [(one.action, one.outcome, one.origin) for one in events(opened)[-3:]]
    assert told == [
        ("sign_in", "denied", WHERE), ("sign", "denied", WHERE), ("sign", "ok", WHERE)
    ]  # fmt: skip
