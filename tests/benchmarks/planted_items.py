"""Items of the planted-error table: a case, a sentence in its draft, and whether an error is in it."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from medmm.drafting.checks import run_checks
from medmm.nouns import Case, Statement

ROWS = (
    "number", "laterality", "presence", "existence", "comparison", "consistency", "identity",
    "text",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Item:
    """One sentence to be checked within its draft.

    ``row`` is the check that should catch the error, ``kind`` the kind of error; a clean sentence
    carries the row and kind of the error that it is the counterpart of.
    """

    id: str
    half: str
    row: str
    kind: str
    error: bool
    case: Case
    statement: Statement
    beside: tuple[Statement, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What the checks made of an item: the checks that failed, with the first reason."""

    item: Item
    failed: tuple[str, ...]
    reason: str


def judged(item: Item) -> Outcome:
    """Run all checks over an item's draft and keep what they say of its sentence."""
    draft = [*item.beside, replace(item.statement, id="planted")]
    checks = [one for one in run_checks(draft, item.case).checks if one.statement == "planted"]
    failed = [one for one in checks if one.result == "fail"]
    return Outcome(
        item, tuple(one.check for one in failed), failed[0].reason if failed else ""
    )


def held_back(items: Iterable[Item]) -> frozenset[tuple[str, str, str]]:
    """The third of the error kinds of each half and row that nobody tunes on: (half, row, kind).

    Chosen by the hash of the kind's name before any check was run.
    """
    kinds: dict[tuple[str, str], set[str]] = {}
    for item in items:
        if item.row in ROWS:
            kinds.setdefault((item.half, item.row), set()).add(item.kind)
    chosen: set[tuple[str, str, str]] = set()
    for (half, row), names in kinds.items():
        ordered = sorted(names, key=lambda name: hashlib.sha256(name.encode()).hexdigest())
        chosen.update((half, row, name) for name in ordered[: round(len(names) / 3)])
    return frozenset(chosen)
