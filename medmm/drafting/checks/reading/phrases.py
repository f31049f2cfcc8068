"""Tables of phrases, and where they occur in tokens: the leftmost and longest ones."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from medmm.drafting.checks.reading.tokens import Token, spelled, tokenise

_GROUP = re.compile(r"\(([^()]*)\)")
_NAMED = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Match:
    """A phrase found: what it stands for, and its tokens ``[start, end)``."""

    keys: frozenset[str]
    start: int
    end: int


@dataclass(slots=True)
class _Node:
    keys: set[str] = field(default_factory=set)
    words: dict[str, "_Node"] = field(default_factory=dict)
    prefixes: dict[str, "_Node"] = field(default_factory=dict)


class PhraseTable:
    """Phrases by key.

    A phrase is words with ``(a|b c|)`` for a choice, ``{name}`` for a group of choices and a
    closing ``*`` for any ending. Words match in their one spelling, in singular or as written.
    """

    def __init__(
        self,
        phrases: Mapping[str, Iterable[str]],
        groups: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._root = _Node()
        for key, patterns in phrases.items():
            for pattern in patterns:
                for phrase in expand(pattern, groups or {}):
                    self._add(key, phrase)

    def find(self, tokens: Sequence[Token]) -> list[Match]:
        """Matches from left to right that do not overlap, the longest at each place."""
        found: list[Match] = []
        place = 0
        while place < len(tokens):
            match = self.at(tokens, place)
            if match:
                found.append(match)
            place = match.end if match else place + 1
        return found

    def at(self, tokens: Sequence[Token], place: int) -> Match | None:
        """The longest phrase that starts at ``place``."""
        best: Match | None = None
        nodes = _steps(self._root, tokens[place]) if place < len(tokens) else []
        index = place + 1
        while nodes:
            keys = frozenset(key for node in nodes for key in node.keys)
            if keys:
                best = Match(keys, place, index)
            if index == len(tokens):
                break
            nodes = [after for node in nodes for after in _steps(node, tokens[index])]
            index += 1
        return best

    def _add(self, key: str, phrase: str) -> None:
        node = self._root
        for word in phrase.split():
            if word.endswith("*"):
                node = node.prefixes.setdefault(spelled(word[:-1]), _Node())
                continue
            for token in tokenise(word):
                node = node.words.setdefault(token.low, _Node())
        node.keys.add(key)


def expand(pattern: str, groups: Mapping[str, Sequence[str]]) -> list[str]:
    """All phrases that a pattern stands for."""
    named = _NAMED.search(pattern)
    if named:
        choice = "(" + "|".join(groups[named.group(1)]) + ")"
        return expand(pattern[: named.start()] + choice + pattern[named.end() :], groups)
    found = _GROUP.search(pattern)
    if not found:
        return [pattern]
    return [
        phrase
        for option in found.group(1).split("|")
        for phrase in expand(pattern[: found.start()] + option + pattern[found.end() :], groups)
    ]


def _steps(node: _Node, token: Token) -> list[_Node]:
    steps: list[_Node] = []
    exact = node.words.get(token.low)
    if exact is not None:
        steps.append(exact)
    if token.stem != token.low:
        singular = node.words.get(token.stem)
        if singular is not None:
            steps.append(singular)
    if node.prefixes:
        steps.extend(after for stem, after in node.prefixes.items() if token.low.startswith(stem))
    return steps
