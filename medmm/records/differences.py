"""What became of each statement between two versions of a report, word by word.

Statements are matched by id, which no report uses twice; what is left of both sides is matched by
likeness, so that a sentence that was deleted and typed anew shows its few other words. Words are
compared by difflib's SequenceMatcher (Ratcliff and Obershelp, Dr. Dobb's Journal, July 1988).
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from typing import Any, Literal, TypeAlias

from medmm.nouns.evidence import SECTIONS
from medmm.records.edit_files import one_line

RunKind: TypeAlias = Literal["kept", "deleted", "inserted"]
ChangeKind: TypeAlias = Literal["kept", "changed", "moved", "new", "deleted"]

ALIKE = 0.6
"""From this share of common words on, a deleted and a new statement are one that was rewritten."""
# Matching words takes time with the product of both lengths; beyond these bounds the whole text is
# shown as deleted and inserted, and what is left of two versions is not paired.
MOST_TOKENS = 1000
MOST_PAIRS = 40_000

_TOKEN = re.compile(r"\s+|\d+(?:[.,]\d+)+|[^\W_]+|[\W_]")
_MARKS = {"kept": " ", "changed": "~", "moved": ">", "new": "+", "deleted": "-"}


@dataclass(frozen=True, slots=True)
class Run:
    """Words that both texts have, or only the earlier or the later one."""

    kind: RunKind
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One statement over two versions; ``before`` and ``after`` are its ids, None where it is not.

    ``section`` is where it stands (or stood, if it is gone), ``moved_from`` the other section
    where it stood before, if it was moved. A changed statement may be moved, too.
    """

    kind: ChangeKind
    section: str
    before: str | None
    after: str | None
    runs: tuple[Run, ...]
    moved_from: str | None = None

    @property
    def document(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self) | {"runs": [asdict(run) for run in self.runs]}


@dataclass(frozen=True, slots=True)
class _Place:
    section: str
    id: str
    text: str


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """What became of each statement, in the order of the later version.

    A deleted statement stands after the one that it stood after.
    """
    old, new = _places(before), _places(after)
    partner = _partners(old, new)
    lost = _lost(list(old.values()), set(partner.values()))
    told: list[Difference] = []
    for section in SECTIONS:
        told += [_deleted(one) for one in lost.get((section, None), ())]
        for place in (one for one in new.values() if one.section == section):
            source = old[partner[place.id]] if place.id in partner else None
            told.append(_compared(source, place))
            if source is not None:
                # Where the survivor went, what stood after it is shown in its own section.
                told += [_deleted(one) for one in lost.get((source.section, source.id), ())]
    return sorted(told, key=lambda one: SECTIONS.index(one.section))


def word_runs(before: str, after: str) -> tuple[Run, ...]:
    """The runs of words that lead from one text to the other; their texts joined give both."""
    if before == after:
        return (Run("kept", after),) if after else ()
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    if len(old) > MOST_TOKENS or len(new) > MOST_TOKENS:
        return tuple(run for run in (Run("deleted", before), Run("inserted", after)) if run.text)
    return tuple(_runs(old, new))


def difference_text(told: list[Difference]) -> str:
    """For a terminal: a mark and a line per statement, ``[-deleted-]`` and ``{+inserted+}``."""
    lines: list[str] = []
    section = ""
    for one in told:
        if one.section != section:
            section = one.section
            lines.append(f"# {section}")
        origin = f"(from {one.moved_from}) " if one.moved_from else ""
        name = one.after or one.before
        if one.before and one.after and one.before != one.after:
            name = f"{one.before} > {one.after}"
        words = "".join(_marked(run) for run in one.runs)
        lines.append(f"{_MARKS[one.kind]} [{name}] {origin}{words}")
    return "\n".join(lines)


def _marked(run: Run) -> str:
    text = one_line(f".{run.text}.")[1:-1]
    if run.kind == "kept":
        return text
    return f"[-{text}-]" if run.kind == "deleted" else f"{{+{text}+}}"


def _places(document: Mapping[str, Any]) -> dict[str, _Place]:
    return {
        one["id"]: _Place(section["name"], one["id"], one["text"])
        for section in document["sections"]
        for one in section["statements"]
    }


def _partners(old: Mapping[str, _Place], new: Mapping[str, _Place]) -> dict[str, str]:
    """Id in the later version to id in the earlier one."""
    partner = {name: name for name in new if name in old}
    gone = [one for name, one in old.items() if name not in new]
    come = [one for name, one in new.items() if name not in old]
    if len(gone) * len(come) > MOST_PAIRS:
        return partner
    words = {place: _words(place.text) for place in (*gone, *come)}
    alike = sorted(
        (-likeness, number, place.id, other.id)
        for number, place in enumerate(come)
        for other in gone
        if (likeness := _likeness(words[other], words[place])) >= ALIKE
    )
    for _, _, name, other_name in alike:
        if name not in partner and other_name not in partner.values():
            partner[name] = other_name
    return partner


def _words(text: str) -> Counter[str]:
    return Counter(token for token in _TOKEN.findall(text.casefold()) if not token.isspace())


def _likeness(words: Counter[str], others: Counter[str]) -> float:
    """The share of common words (Dice, Ecology 26, 1945), in [0, 1]; their order does not count."""
    return 2 * (words & others).total() / ((words.total() + others.total()) or 1)


def _lost(old: list[_Place], survivors: set[str]) -> dict[tuple[str, str | None], list[_Place]]:
    """Deleted statements by section and the survivor before them (None: the section's begin)."""
    lost: dict[tuple[str, str | None], list[_Place]] = {}
    anchor: dict[str, str | None] = {}
    for one in old:
        if one.id in survivors:
            anchor[one.section] = one.id
        else:
            lost.setdefault((one.section, anchor.get(one.section)), []).append(one)
    return lost


def _compared(before: _Place | None, after: _Place) -> Difference:
    if before is None:
        return Difference("new", after.section, None, after.id, word_runs("", after.text))
    moved = before.section if before.section != after.section else None
    runs = word_runs(before.text, after.text)
    kind: ChangeKind = "moved" if moved else "kept"
    if before.text != after.text or before.id != after.id:
        kind = "changed"
    return Difference(kind, after.section, before.id, after.id, runs, moved)


def _deleted(place: _Place) -> Difference:
    return Difference("deleted", place.section, place.id, None, word_runs(place.text, ""))


def _runs(old: list[str], new: list[str]) -> Iterator[Run]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, first, last, start, end in matcher.get_opcodes():
        if tag == "equal":
            yield Run("kept", "".join(new[start:end]))
            continue
        if first < last:
            yield Run("deleted", "".join(old[first:last]))
        if start < end:
            yield Run("inserted", "".join(new[start:end]))
