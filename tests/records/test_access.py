"""Every role, action and ownership against a table written by hand; the rest is refused."""

import os
import pwd
from itertools import product
from typing import Any

import pytest

from medmm.errors import AccessError
from medmm.records.access import ACTIONS, ROLES, Actor, Thing, can, console, machine, require

# Each cell: what is the actor's own, what is another's, no thing named; the report is a draft.
EXPECTED = """
action            on        reader  reporter  signer  admin  machine  console
list              study     ..y     ..y       ..y     ..y    ..y      ..y
read              report    yy.     yy.       yy.     yy.    yy.      yy.
search            report    ..y     ..y       ..y     ..y    ..y      ..y
ask               study     yy.     yy.       yy.     yy.    yy.      yy.
ingest            study     ...     ..y       ..y     ..y    ..y      ..y
draft             study     ...     yy.       yy.     ...    yy.      yy.
edit              report    ...     yy.       yy.     ...    ...      yy.
hand_on           report    ...     yy.       yy.     ...    ...      yy.
sign              report    ...     ...       yy.     ...    ...      ...
addend            report    ...     ...       yy.     ...    ...      yy.
cancel            report    ...     y..       yy.     ...    ...      yy.
acknowledge       report    ...     yy.       yy.     ...    ...      yy.
export            report    ...     yy.       yy.     ...    ...      yy.
erase             study     ...     ...       ...     yy.    ...      yy.
add_user          user      ...     ...       ...     ..y    ...      ..y
change_user       user      ...     ...       ...     yy.    ...      yy.
set_password      user      y..     y..       y..     yy.    ...      yy.
list_users        user      ...     ...       ...     ..y    ...      ..y
set_setting       study     ...     ...       ...     ..y    ...      ..y
add_knowledge     document  ...     ...       ...     ..y    ...      ..y
remove_knowledge  document  ...     ...       ...     yyy    ...      yyy
read_audit        study     ...     ...       ...     ..y    ...      ..y
backup            study     ...     ...       ...     ..y    ...      ..y
restore           study     ...     ...       ...     ..y    ...      ..y
upgrade           study     ...     ...       ...     ..y    ...      ..y
"""
HEAD, *ROWS = [line.split() for line in EXPECTED.strip().splitlines()]
WHO = HEAD[2:]
OWNERSHIP = ("own", "other", "none")


def actor(who: str, name: str = "jane") -> Actor:
    if who in ("machine", "console"):
        return Actor(name, "", who)  # type: ignore[arg-type]
    return Actor(name, who, "person")


def thing(kind: Any, ownership: str, status: str = "draft") -> Thing | None:
    if ownership == "none":
        return None
    return Thing(kind, 7, "jane" if ownership == "own" else "joe", status)


CASES = [
    (who, row[0], row[1], ownership, row[2 + column][place] == "y")
    for row in ROWS
    for column, who in enumerate(WHO)
    for place, ownership in enumerate(OWNERSHIP)
]


def test_the_table_is_whole() -> None:
    assert [row[0] for row in ROWS] == list(ACTIONS)
    assert [*ROLES, "machine", "console"] == WHO
    assert len(CASES) == len(ACTIONS) * len(WHO) * len(OWNERSHIP)


@pytest.mark.parametrize(("who", "action", "kind", "ownership", "expected"), CASES)
def test_who_may_do_what(who: str, action: Any, kind: str, ownership: str, expected: bool) -> None:
    subject = thing(kind, ownership)
    assert can(actor(who), action, subject) is expected
    if expected:
        require(actor(who), action, subject)
    else:
        with pytest.raises(AccessError) as told:
            require(actor(who), action, subject)
        assert (told.value.exit_code, told.value.code) == (3, "not-allowed")


@pytest.mark.parametrize("status", ["final", "amended", "cancelled", "", "unheard of"])
@pytest.mark.parametrize(
    ("who", "action", "expected"),
    [
        ("reporter", "edit", False),
        ("reporter", "hand_on", False),
        ("reporter", "cancel", False),
        ("signer", "edit", True),
        ("signer", "cancel", True),
    ],
)
def test_a_reporter_touches_nothing_signed(
    who: str, action: Any, expected: bool, status: str
) -> None:
    assert can(actor(who), action, thing("report", "own", status)) is expected


@pytest.mark.parametrize("role", [*ROLES, "", "machine", "root", "signer\n"])
@pytest.mark.parametrize("action", ["sign", "edit", "hand_on", "addend", "cancel"])
def test_a_machine_never_gets_past_a_draft(role: str, action: Any) -> None:
    for status, ownership in product(("draft", "preliminary", "final", "amended", ""), OWNERSHIP):
        for name in ("jane", "medmm", ""):
            claimed = Actor(name, role, "machine")
            assert not can(claimed, action, thing("report", ownership, status))
    assert not can(machine(), action, Thing("report", 1, machine().name, "draft"))


@pytest.mark.parametrize("role", [*ROLES, ""])
def test_a_console_never_signs(role: str) -> None:
    for status, ownership in product(("draft", "preliminary"), OWNERSHIP):
        assert not can(Actor("jane", role, "console"), "sign", thing("report", ownership, status))


@pytest.mark.parametrize("role", ["", "Signer", "signer ", "root", "none"])
def test_an_unknown_role_may_nothing(role: str) -> None:
    for action, kind in product(ACTIONS, ("study", "report", "document", "user")):
        for ownership in OWNERSHIP:
            assert not can(Actor("jane", role, "person"), action, thing(kind, ownership))


@pytest.mark.parametrize("who", WHO)
def test_an_unknown_action_or_kind_is_refused(who: str) -> None:
    assert not can(actor(who), "fly")  # type: ignore[arg-type]
    assert not can(actor(who), "fly", thing("report", "own"))  # type: ignore[arg-type]
    assert not can(actor(who), "read", thing("teapot", "own"))
    assert not can(actor(who), "sign", thing("user", "own"))
    assert not can(Actor("jane", "admin", "ghost"), "list")  # type: ignore[arg-type]


def test_what_has_no_owner_is_nobodys_own() -> None:
    nameless = Actor("", "reporter", "person")
    assert not can(nameless, "cancel", Thing("report", 1, "", "draft"))
    assert not can(nameless, "set_password", Thing("user", "x"))


def test_a_refusal_names_no_thing_and_no_person() -> None:
    with pytest.raises(AccessError) as told:
        require(Actor("jane", "reader", "person"), "sign", Thing("report", "secret", "joe"))
    assert "reader may not sign this report" in str(told.value)
    assert not {"secret", "joe", "jane"} & set(str(told.value).replace(".", "").split())


def test_the_console_is_the_operating_systems_user(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    here = pwd.getpwuid(os.getuid()).pw_name
    assert console() == Actor(f"console:{here}", "", "console")

    def unknown(_: int) -> None:
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert console().name == f"console:{os.getuid()}"
