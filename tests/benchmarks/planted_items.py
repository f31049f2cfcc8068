"""Items of the planted-error table: a sentence of a draft, and whether an error is in it."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from medmm.drafting.checks import Checked, run_checks
from medmm.nouns import Case, Statement

ROWS = (
    "number", "laterality", "presence", "existence", "comparison", "consistency", "identity",
    "text",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Item:
    """One sentence to be judged within its draft.

    ``row`` is the check that should catch the error, ``kind`` the kind of error; a clean sentence
    carries the row and kind of the error that it is the counterpart of. ``target`` is the id of
    the sentence in ``draft``.
    """

    id: str
    half: str
    row: str
    kind: str
    error: bool
    case: Case
    draft: tuple[Statement, ...]
    target: str

    @property
    def text(self) -> str:
        """The sentence."""
        return next(one.text for one in self.draft if one.id == self.target)


@dataclass(frozen=True)
class Outcome:
    """What the checks made of an item: the checks that failed, with the first reason."""

    item: Item
    failed: tuple[str, ...]
    reason: str


def judged(items: Iterable[Item]) -> list[Outcome]:
    """Run all checks once per draft, and keep what they say of each item's sentence."""
    outcomes: list[Outcome] = []
    last: tuple[Statement, ...] = ()
    checked = Checked((), ())
    for item in items:
        if item.draft is not last:
            checked, last = run_checks(item.draft, item.case), item.draft
        failed = [
            one for one in checked.checks if one.statement == item.target and one.result == "fail"
        ]
        reason = failed[0].reason if failed else ""
        outcomes.append(Outcome(item, tuple(one.check for one in failed), reason))
    return outcomes


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
