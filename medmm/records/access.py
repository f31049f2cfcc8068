"""Who may do what: one table in data, one function that reads it, and everything else is refused.

Four roles. A reader sees studies and reports. A reporter also drafts, edits what is not signed,
hands on, acknowledges critical findings, exports, and cancels what is the reporter's own. A signer
may do what a reporter may, and signs, corrects, adds addenda and cancels. An admin reads everything
and keeps users, settings, knowledge, audit and backups, but neither edits nor signs: who makes
accounts and sets passwords must not also be able to make signed text, or a signature would show no
more than that somebody had the keys. A person who does both has two accounts.

A machine (the platform itself: pipelines, the DICOM listener) reads and drafts, whatever role its
actor claims; so no statement of a model gets past a draft without a person. A console is who runs a
command on this machine without signing in: the operating system lets that user read and write the
home's files, so refusing anything here would only look safe; but a signature says who signed, which
a console cannot know.

All users of a home see all of its studies: a study's own list of readers is not kept yet, and its
place is the scope of "read" here.
"""

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias, get_args

from medmm.errors import AccessError

Role: TypeAlias = Literal["reader", "reporter", "signer", "admin"]
ActorKind: TypeAlias = Literal["person", "machine", "console"]
Kind: TypeAlias = Literal["patient", "study", "report", "document", "user"]
Action: TypeAlias = Literal[
    "list", "read", "search", "ask", "ingest", "draft", "edit", "hand_on", "sign", "addend",
    "cancel", "acknowledge", "export", "erase", "add_user", "change_user", "set_password",
    "list_users", "set_setting", "add_knowledge", "remove_knowledge", "read_audit", "backup",
    "restore", "upgrade",
]  # fmt: skip
Scope: TypeAlias = Literal["any", "own", "unsigned", "own unsigned"]

ROLES: tuple[Role, ...] = get_args(Role)
ACTIONS: tuple[Action, ...] = get_args(Action)
UNSIGNED = frozenset({"draft", "preliminary"})


@dataclass(frozen=True)
class Actor:
    """Who acts: a user's name and role as signed in, the platform, or a user of this machine."""

    name: str
    role: str
    kind: ActorKind


@dataclass(frozen=True)
class By:
    """An actor and from where: an address of the page, or "command"."""

    actor: Actor
    origin: str


@dataclass(frozen=True)
class Thing:
    """What is acted on: its number or name, whose it is, and a report's status."""

    kind: Kind
    id: int | str
    owner: str = ""
    status: str = ""


_NO_THING = frozenset({""})
# What each action is done to; "" is to no single thing. A caller that forgets to name the thing, or
# names one of another kind, is refused, so no check of ownership is skipped by mistake.
ABOUT: Mapping[Action, frozenset[str]] = MappingProxyType(
    dict.fromkeys(ACTIONS, _NO_THING)
    | {
        "read": frozenset({"study", "report", "document"}),
        "ask": frozenset({"study"}),
        "draft": frozenset({"study"}),
        "edit": frozenset({"report"}),
        "hand_on": frozenset({"report"}),
        "sign": frozenset({"report"}),
        "addend": frozenset({"report"}),
        "cancel": frozenset({"report"}),
        "acknowledge": frozenset({"report"}),
        "export": frozenset({"study", "report"}),
        "erase": frozenset({"patient", "study", "report"}),
        "change_user": frozenset({"user"}),
        "set_password": frozenset({"user"}),
        "remove_knowledge": frozenset({"", "document"}),
    }
)

Grants: TypeAlias = Mapping[Action, Scope]
_READER: dict[Action, Scope] = {
    "list": "any",
    "read": "any",
    "search": "any",
    "ask": "any",
    "set_password": "own",
}
_REPORTER: dict[Action, Scope] = _READER | {
    "ingest": "any",
    "draft": "any",
    "edit": "unsigned",
    "hand_on": "unsigned",
    "export": "any",
    "cancel": "own unsigned",
    "acknowledge": "any",
}
# Which step a report's status allows is the report's own table; rights say only who may take it.
_SIGNER: dict[Action, Scope] = _REPORTER | {
    "edit": "any",
    "sign": "any",
    "addend": "any",
    "cancel": "any",
}
_ADMIN: dict[Action, Scope] = _READER | {
    "ingest": "any",
    "erase": "any",
    "add_user": "any",
    "change_user": "any",
    "set_password": "any",
    "list_users": "any",
    "set_setting": "any",
    "add_knowledge": "any",
    "remove_knowledge": "any",
    "read_audit": "any",
    "backup": "any",
    "restore": "any",
    "upgrade": "any",
}
BY_ROLE: Mapping[str, Grants] = MappingProxyType(
    {"reader": _READER, "reporter": _REPORTER, "signer": _SIGNER, "admin": _ADMIN}
)
_MACHINE: Grants = MappingProxyType(
    dict.fromkeys(("list", "read", "search", "ask", "ingest", "draft"), "any")
)
_CONSOLE: Grants = MappingProxyType({action: "any" for action in ACTIONS if action != "sign"})
# For these the role counts for nothing, so that none can be claimed.
BY_KIND: Mapping[str, Grants] = MappingProxyType({"machine": _MACHINE, "console": _CONSOLE})


def can(actor: Actor, action: Action, thing: Thing | None = None) -> bool:
    """Whether the actor may do this to the thing; what no table grants is refused."""
    if (thing.kind if thing else "") not in ABOUT.get(action, frozenset()):
        return False
    match _grants(actor).get(action):
        case "any":
            return True
        case "own":
            return _owns(actor, thing)
        case "unsigned":
            return _unsigned(thing)
        case "own unsigned":
            return _owns(actor, thing) and _unsigned(thing)
    return False


def require(actor: Actor, action: Action, thing: Thing | None = None) -> None:
    """Go on only if the actor may.

    Raises:
        AccessError: the actor may not; it names the action and the kind of thing, nothing of it.
    """
    if can(actor, action, thing):
        return
    who = f"A {actor.role}" if actor.kind == "person" else f"The {actor.kind}"
    what = f"{action.replace('_', ' ')}{f' this {thing.kind}' if thing else ''}"
    raise AccessError(
        f"{who} may not {what}.", "Sign in as somebody who may, or ask an admin for the right."
    )


def machine(name: str = "medmm") -> Actor:
    """The platform itself."""
    return Actor(name, "", "machine")


def console() -> Actor:
    """Who runs this process, by the operating system's account (variables can be set to a lie)."""
    number = os.getuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:
        # Containers run under numbers that no file names.
        name = str(number)
    return Actor(f"console:{name}", "", "console")


def by_command() -> By:
    """Who runs this process, by command."""
    return By(console(), "command")


def _grants(actor: Actor) -> Grants:
    if actor.kind == "person":
        return BY_ROLE.get(actor.role, {})
    return BY_KIND.get(actor.kind, {})


def _owns(actor: Actor, thing: Thing | None) -> bool:
    """Whether the thing is the actor's; what has no owner is nobody's."""
    return thing is not None and thing.owner != "" and thing.owner == actor.name


def _unsigned(thing: Thing | None) -> bool:
    return thing is not None and thing.status in UNSIGNED
