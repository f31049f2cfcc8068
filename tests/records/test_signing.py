"""A signature is a person's, given with the password, over exactly what was shown, for good."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text as sql

from medmm.errors import (
    AccessError,
    ConflictError,
    InputError,
    MedmmError,
    NotFoundError,
    UsageError,
)
from medmm.records import integrity, migrations, reports, status_changes, users
from medmm.records.access import Actor, Thing, can, console, machine
from medmm.records.addenda import addend_report
from medmm.records.edit_files import edit_text
from medmm.records.edits import edit_report
from medmm.records.signature_checks import verify_signatures_of
from medmm.records.signing import addenda_of, signatures_of, verify_signatures
from medmm.records.tables import ReportRow
from medmm.records.users import NewUser
from tests.records.conftest import Opened
from tests.records.signing_homes import (
    CONTRADICTED,
    GOOD,
    HERE,
    OTHER,
    add_draft,
    events,
    prepare,
    raw,
    sign,
)
from tests.records.test_users import QUICK

ONE_TIME = "only for one time, quiet"


@pytest.fixture
def ready(opened: Opened) -> Opened:
    return prepare(opened)


@pytest.fixture
def small(sqlite_home: Opened) -> Opened:
    return prepare(sqlite_home)


def edit(opened: Opened, number: int = 1, line: str = "[s1] A lung.", **more: Any) -> int:
    return edit_report(opened.database, opened.home, number, line, author="rex", **more)


def addend(opened: Opened, text: str | bytes = "Seen again: no nodule.", **more: Any) -> Any:
    given = {"user": "ann", "password": GOOD, "origin": HERE, "hasher": QUICK} | more
    return addend_report(opened.database, opened.home, 1, text, **given)


def status_of(opened: Opened, number: int = 1) -> str:
    return reports.load_report(opened.database, number).status


def untouched(opened: Opened, number: int = 1) -> None:
    assert status_of(opened, number) == "draft"
    assert signatures_of(opened.database, number) == ()


def test_a_signature_says_who_what_when_and_why(ready: Opened) -> None:
    edit(ready)
    made = sign(ready, user="ANN", meaning="Read and approved")
    report = reports.load_report(ready.database, 1)
    assert (report.status, report.signatures, report.addenda) == ("final", (made,), ())
    assert (report.signed_by, report.signed) == ("ann", made.time)
    assert (made.version, made.document_sha256) == (2, report.last.sha256)
    assert (made.signer, made.signer_name, made.role) == ("ann", "ann", "signer")
    assert (made.meaning, made.status, made.confirmed) == ("Read and approved", "final", {})
    assert made.time.endswith("+00:00")
    (change,) = status_changes.status_changes(ready.database, 1)
    assert (change.status, change.author) == ("final", "ann")
    assert integrity.check(ready.database, ready.home) == []
    assert events(ready) == [
        (
            "ann", "signer", "sign", "report:1", "ok",
            {
                "version": 2, "sha256": made.document_sha256, "hash": made.bound_sha256,
                "status": "final", "count": 0,
            },
        )
    ]  # fmt: skip


# -- what a signature binds -----------------------------------------------------------------------

S, V, A = "UPDATE signatures SET", "UPDATE report_versions SET", "UPDATE addenda SET"
LAST = "WHERE number = 2"
TAMPERINGS = [
    f"{V} document = replace(document, '2.31 L', '2.32 L') {LAST}",
    f"{V} document = replace(document, '\"m1\"', '\"m2\"') {LAST}",
    f"{V} document = replace(document, 'composer', 'Composer') {LAST}",
    f"{V} document = replace(document, 'ct_nodule', 'ct_nodulf') {LAST}",
    f"{V} document = replace(document, '\"measured\"', '\"recorded\"') {LAST}",
    f"{V} document = document || ' ' {LAST}",
    f"{V} document = (SELECT document FROM report_versions WHERE number = 1) {LAST}",
    f"{V} number = 3 {LAST}",
    f"{S} version = 1",
    f"{S} document_sha256 = (SELECT sha256 FROM report_versions WHERE number = 1)",
    f"{S} signer = 'bob'",
    f"{S} signer = 'Ann'",
    f"{S} signer_name = 'Ann Lee'",
    f"{S} role = 'admin'",
    f"{S} meaning = meaning || '.'",
    f"{S} meaning = ''",
    f"{S} time = replace(time, '+00:00', '+01:00')",
    f"{S} time = '2020-01-01T00:00:00.000000+00:00'",
    f"{S} confirmed = replace(confirmed, 'prior', 'Prior')",
    f"{S} confirmed = replace(confirmed, '{{', '{{ ')",
    f"{S} confirmed = '{{}}'",
    f"{S} status = 'amended'",
    f"{S} number = 2",
    f"{S} bound_sha256 = replace(bound_sha256, substr(bound_sha256, 1, 1), 'g')",
    "UPDATE reports SET status = 'preliminary'",
    "UPDATE reports SET status = 'cancelled'",
    "DELETE FROM signatures",
    f"{A} text = text || '.'",
    f"{A} former_sha256 = bound_sha256",
    "DELETE FROM addenda",
]


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_a_change_of_any_bound_part_is_told(small: Opened, tampering: str) -> None:
    text = edit_text(reports.load_report(small.database, 1).last.document)
    edit(small, line=text.replace("CT of the chest", "Chest"))
    raw(
        small,
        # A contradicted statement, as a check would have left it.
        "UPDATE report_versions SET document = replace(document, '\"written\"', '\"contradicted\"')"
        " WHERE number = 2",
    )
    _rehash(small)
    sign(small, confirmed={"s1": "Seen on the prior, too"})
    if "addenda" in tampering:
        addend(small)
    assert verify_signatures(small.database) == []
    raw(small, tampering)
    assert verify_signatures(small.database)
    assert set(verify_signatures(small.database)) <= set(
        integrity.check(small.database, small.home)
    )


def _rehash(opened: Opened) -> None:
    import hashlib

    with opened.database.write() as session:
        (found,) = session.scalars(sql("SELECT document FROM report_versions WHERE number = 2"))
        session.execute(
            sql("UPDATE report_versions SET sha256 = :hash WHERE number = 2"),
            {"hash": hashlib.sha256(found.encode()).hexdigest()},
        )


def test_a_signature_that_was_hashed_anew_is_not_in_the_audit_trail(small: Opened) -> None:
    from medmm.records.signatures import bound_hash
    from medmm.records.signing_tables import SignatureRow

    sign(small)
    raw(small)
    with small.database.write() as session:
        row = session.get_one(SignatureRow, 1)
        row.signer = row.signer_name = "bob"
        row.bound_sha256 = bound_hash(row)
    told = verify_signatures(small.database)
    assert any("audit trail does not have" in one for one in told)


def test_one_reports_signatures_are_verified_alone(ready: Opened) -> None:
    other = add_draft(ready)
    sign(ready)
    sign(ready, other)
    raw(ready, f"{S} meaning = 'Seen' WHERE report_id = 1")
    assert verify_signatures_of(ready.database, 1) == verify_signatures(ready.database) != []
    assert verify_signatures_of(ready.database, other) == []


def test_signatures_are_never_rewritten(ready: Opened) -> None:
    sign(ready)
    addend(ready)
    for statement in (f"{S} signer = 'bob'", "DELETE FROM signatures", f"{A} text = ''",
                      "DELETE FROM addenda"):  # fmt: skip
        with pytest.raises(MedmmError), ready.database.write() as session:
            session.execute(sql(statement))
    assert integrity.check(ready.database, ready.home) == []


# -- who signs ------------------------------------------------------------------------------------


def test_a_password_is_needed_and_the_failure_is_recorded(ready: Opened) -> None:
    users.add_user(ready.database, NewUser("gone", "signer", GOOD), hasher=QUICK)
    users.disable_user(ready.database, "gone")
    new = NewUser("new", "signer", ONE_TIME, must_change=True)
    users.add_user(ready.database, new, hasher=QUICK)
    cases = [
        ("ann", "a wrong password", "sign-in"), ("ann", "", "sign-in"), ("ann", OTHER, "sign-in"),
        ("gone", GOOD, "sign-in"), ("nobody", GOOD, "sign-in"), ("new", ONE_TIME, "must-change"),
    ]  # fmt: skip
    for number, (name, password, code) in enumerate(cases):
        with pytest.raises(AccessError) as told:
            sign(ready, user=name, password=password, origin=f"192.0.2.{number}")
        assert told.value.code == code
    untouched(ready)
    told_events = [(one[2], one[0], one[4], one[5]["code"]) for one in events(ready)]
    assert [one[1:] for one in told_events if one[0] == "sign"] == [
        (name, "denied", code) for name, _, code in cases
    ]
    # A name that nobody has may be a password typed too early.
    assert [one[1:] for one in told_events if one[0] == "sign_in"] == [
        (name, "denied", "sign-in") for name in ("ann", "ann", "ann", "gone", "unknown")
    ]
    assert integrity.check(ready.database, ready.home) == []


def test_guessing_by_signing_is_slowed_down(small: Opened) -> None:
    codes = []
    for _ in range(6):
        with pytest.raises(AccessError) as told:
            sign(small, password="a wrong password")
        codes.append(told.value.code)
    assert codes == ["sign-in"] * 5 + ["too-many"]
    with pytest.raises(AccessError, match="Too many"):
        sign(small)
    untouched(small)


def _claimed(opened: Opened, role: str) -> None:
    raw(opened, f"UPDATE users SET role = '{role}' WHERE name = 'ann'")
    sign(opened)


ROUTES: list[tuple[str, Callable[[Opened], Any]]] = [
    ("reader", lambda home: sign(home, user="rita")),
    ("reporter", lambda home: sign(home, user="rex")),
    ("admin", lambda home: sign(home, user="ada")),
    ("reporter adds", lambda home: addend(home, user="rex")),
    ("machine by name", lambda home: sign(home, user="medmm")),
    ("console by name", lambda home: sign(home, user=console().name, password="")),
    ("role machine", lambda home: _claimed(home, "machine")),
    ("role console", lambda home: _claimed(home, "console")),
    ("status by the machine", lambda home: _final_by(home, "medmm")),
    ("no name", lambda home: sign(home, user="", password="")),
]


def _final_by(opened: Opened, author: str) -> None:
    with opened.database.write() as session:
        status_changes.change_status(session, 1, "final", author=author)


@pytest.mark.parametrize(("route", "go"), ROUTES, ids=[name for name, _ in ROUTES])
def test_only_a_signer_signs(small: Opened, route: str, go: Callable[[Opened], Any]) -> None:
    with pytest.raises((AccessError, UsageError)):
        go(small)
    untouched(small)
    assert all(one[4] == "denied" for one in events(small))
    told = [one for one in events(small) if one[2] != "sign_in"]
    assert len(told) == (0 if route == "status by the machine" else 1)


def test_rights_give_no_signature_to_machine_or_console() -> None:
    thing = Thing("report", 1)
    assert not can(machine(), "sign", thing)
    assert not can(console(), "sign", thing)
    assert not can(Actor("medmm", "signer", "machine"), "sign", thing)
    assert can(Actor("ann", "signer", "person"), "sign", thing)


def test_who_loses_the_role_while_signing_does_not_sign(
    small: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    from medmm.records import signing

    found = signing.require

    def demoted(*given: Any) -> None:
        found(*given)
        users.change_role(small.database, "ann", "reader")

    monkeypatch.setattr(signing, "require", demoted)
    with pytest.raises(AccessError, match="any more"):
        sign(small)
    untouched(small)


# -- what is signed -------------------------------------------------------------------------------


def test_a_stale_version_is_refused(ready: Opened) -> None:
    for last in range(2, 5):
        edit(ready, line=f"[s1] Version {last}.")
        with pytest.raises(ConflictError) as told:
            sign(ready, based_on=last - 1)
        assert (told.value.based_on, told.value.last) == (last - 1, last)
        assert "medmm reports show 1" in told.value.mend
    for wrong in (0, -1, 9):
        with pytest.raises(NotFoundError, match="has no version"):
            sign(ready, based_on=wrong)
    with pytest.raises(NotFoundError):
        sign(ready, 77)
    untouched(ready)
    assert [one[4] for one in events(ready)] == ["failed"] * 7
    assert sign(ready, based_on=4).version == 4


def test_who_is_overtaken_while_the_password_is_looked_at_does_not_sign(
    small: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    from medmm.records import signing

    found = signing.require

    def overtake(*given: Any) -> None:
        found(*given)
        edit(small)

    monkeypatch.setattr(signing, "require", overtake)
    with pytest.raises(ConflictError, match="version 2 by rex"):
        sign(small)
    untouched(small)


def test_contradicted_statements_wait_for_an_edit_or_a_reason(ready: Opened) -> None:
    add_draft(ready, CONTRADICTED)
    add_draft(ready, CONTRADICTED)
    refused = [
        ({}, "s2, s3"), ({"s2": "Seen"}, "statements: s3"), ({"s2": "Seen", "s3": " "}, "reason"),
        ({"s2": "Seen", "s3": "Seen", "s1": "Seen"}, "'s1' is not contradicted"),
    ]  # fmt: skip
    for confirmed, reason in refused:
        with pytest.raises(InputError, match=reason):
            sign(ready, 2, confirmed=confirmed)
    with pytest.raises(UsageError, match="cannot be seen"):
        sign(ready, 2, confirmed={"s2": "Seen\u202e", "s3": "Seen"})
    untouched(ready, 2)
    made = sign(ready, 2, confirmed={"s3": "As before", "s2": "Left-handed film"})
    assert made.confirmed == {"s2": "Left-handed film", "s3": "As before"}
    assert signatures_of(ready.database, 2) == (made,)
    # One edited, one deleted: nothing is left to confirm.
    edit(ready, 3, "# Findings\n[s1] CT of the chest.\n[s2] The right lung measures 2 L.\n")
    assert sign(ready, 3).confirmed == {}
    assert [one[4] for one in events(ready)] == ["failed"] * 5 + ["ok", "ok"]
    assert integrity.check(ready.database, ready.home) == []


def test_a_meaning_is_one_line_that_can_be_seen(small: Opened) -> None:
    for meaning in ("", "  ", "x" * 3000, "two\nlines", "turned \u202e round"):
        with pytest.raises(UsageError):
            sign(small, meaning=meaning)
    untouched(small)


def test_a_damaged_document_is_not_signed(small: Opened) -> None:
    raw(small, f"{V} document = replace(document, '2.31', '2.13')")
    with pytest.raises(MedmmError, match="not what was recorded"):
        sign(small)
    untouched(small)


def test_a_signed_report_is_never_edited_cancelled_or_signed_again(ready: Opened) -> None:
    made = sign(ready)
    before = reports.load_report(ready.database, 1)
    with pytest.raises(InputError, match="is final and cannot be edited"):
        edit(ready)
    with pytest.raises(InputError, match="cannot become cancelled"):
        status_changes.cancel_report(ready.database, 1, author="ann", reason="No")
    with pytest.raises(ConflictError, match=f"signed by ann at {made.time[:10]}"):
        sign(ready, user="bob", password=OTHER)
    addend(ready)
    with pytest.raises(InputError, match="is amended and cannot be edited"):
        edit(ready)
    assert reports.load_report(ready.database, 1).versions == before.versions
    status_changes.cancel_report(ready.database, add_draft(ready), author="ann", reason="No")
    with pytest.raises(InputError, match="cancelled cannot become final"):
        sign(ready, 2)


# -- addenda --------------------------------------------------------------------------------------


def test_addenda_stand_beside_what_was_signed_in_a_chain(ready: Opened) -> None:
    signed = sign(ready)
    first = addend(ready, b"\xef\xbb\xbf\nSeen again.\r\n\n  No nodule.\n")
    second = addend(ready, "By another.", user="bob", password=OTHER)
    assert (first.text, first.author, first.version) == ("Seen again.\n\nNo nodule.", "ann", 1)
    assert first.former_sha256 == signed.bound_sha256
    assert (second.number, second.former_sha256) == (2, first.bound_sha256)
    assert addenda_of(ready.database, 1) == (first, second)
    report = reports.load_report(ready.database, 1)
    assert (report.status, report.addenda) == ("amended", (first, second))
    assert [(one[0], one[2], one[4]) for one in events(ready)] == [
        ("ann", "sign", "ok"), ("ann", "addend", "ok"),
        ("bob", "addend", "ok"),
    ]  # fmt: skip
    assert integrity.check(ready.database, ready.home) == []


def test_an_addendum_is_a_signers_with_password_in_text_that_can_be_seen(ready: Opened) -> None:
    with pytest.raises(InputError, match="not signed"):
        addend(ready)
    sign(ready)
    for text in ("", " \n\t\n", "a\u202eb", "a\0b", "a\x1b[2J", "x" * 2001, "\n" * 2001 + "x",
                 b"\xff\xfe", "a\ufffdb", "a\tb"):  # fmt: skip
        with pytest.raises(InputError):
            addend(ready, text)
    for more in ({"password": OTHER}, {"user": "rex"}, {"user": "ada"}, {"user": "medmm"}):
        with pytest.raises(AccessError):
            addend(ready, **more)
    assert status_of(ready) == "final"
    assert addenda_of(ready.database, 1) == ()


def test_down_loses_signatures_and_up_again_tells_each(ready: Opened) -> None:
    sign(ready)
    addend(ready)
    migrations.downgrade(ready.database, ready.home, "0005")
    migrations.upgrade(ready.database, ready.home)
    told = integrity.check(ready.database, ready.home)
    assert "Report 1 was signed, and the signature is missing." in told
    assert all(one.startswith("Report 1 ") for one in told)
    with ready.database.read() as session:
        assert session.get_one(ReportRow, 1).status == "amended"
    sign(ready, add_draft(ready))
    assert reports.load_report(ready.database, 2).status == "final"
