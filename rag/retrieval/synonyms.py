"""A query in other words: what means the same, from our own list and from coded concepts.

The list is ``rag/synonyms.toml``. A coded finding brings its own words: those of the list's concept
with that code, and the meaning that DICOM's content mapping (PS3.16, as pydicom carries it) gives.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from medmm.nouns import Code
from rag.phrases import PhraseBook
from rag.words import plain_words


@dataclass(frozen=True, slots=True)
class Expanded:
    """A query's text, the preferred words of what it names, and all other words for it."""

    text: str
    preferred: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """What is embedded: the text, with the preferred words where it uses others."""
        return f"{self.text} ({', '.join(self.preferred)})" if self.preferred else self.text


def expand(text: str, codes: Iterable[Code] = ()) -> Expanded:
    """The query with the synonyms of the phrases and codes in it."""
    book, concepts, coded = _synonyms()
    named: dict[int, set[str]] = {}
    for name, words in book.found(text):
        named.setdefault(int(name), set()).add(" ".join(words))
    preferred: list[str] = []
    others: list[str] = []
    for code in codes:
        number = coded.get((code.scheme, code.code))
        if number is not None:
            named.setdefault(number, set())
        meaning = _meaning(code)
        if meaning and meaning.casefold() not in text.casefold():
            others.append(meaning)
    for number, said in named.items():
        words = concepts[number]
        if not said & {" ".join(plain_words(words[0]))}:
            preferred.append(words[0])
        others += [one for one in words if " ".join(plain_words(one)) not in said]
    return Expanded(text, tuple(dict.fromkeys(preferred)), _once(others))


def _once(words: Iterable[str]) -> tuple[str, ...]:
    """Each word or phrase once, however it is written."""
    kept: dict[tuple[str, ...], str] = {}
    for word in words:
        kept.setdefault(tuple(plain_words(word)), word)
    return tuple(kept.values())


Concepts = tuple[tuple[str, ...], ...]


@cache
def _synonyms() -> tuple[PhraseBook, Concepts, dict[tuple[str, str], int]]:
    """Phrases to a concept's number, each concept's words, and its number by code."""
    table = tomllib.loads((files("rag") / "synonyms.toml").read_text(encoding="utf-8"))
    entries = table["concept"]
    book = PhraseBook(
        (phrase, str(number)) for number, one in enumerate(entries) for phrase in one["words"]
    )
    coded = {
        (scheme, value): number
        for number, one in enumerate(entries)
        for scheme, value in one.get("codes", ())
    }
    return book, tuple(tuple(one["words"]) for one in entries), coded


def _meaning(code: Code) -> str:
    """The words that DICOM gives a code, "" where it has none."""
    return _meanings().get((code.scheme, code.code), "")


@cache
def _meanings() -> dict[tuple[str, str], str]:
    """All coded concepts of PS3.16 by scheme and value."""
    from pydicom.sr import _concepts_dict

    concepts: dict[str, Any] = _concepts_dict.concepts
    return {
        (scheme, value): meaning
        for scheme, by_keyword in concepts.items()
        for by_value in by_keyword.values()
        for value, (meaning, *_) in by_value.items()
    }
