"""Phrases found in a text as whole words, the longest first."""

from collections.abc import Iterable, Iterator, Mapping

from rag.words import plain_words

Words = tuple[str, ...]


class PhraseBook:
    """Phrases, each standing for a name; folded as `rag.words` folds them."""

    def __init__(self, phrases: Mapping[str, str] | Iterable[tuple[str, str]]) -> None:
        pairs = phrases.items() if isinstance(phrases, Mapping) else phrases
        self._names: dict[Words, str] = {}
        for phrase, name in pairs:
            words = tuple(plain_words(phrase))
            if words:
                self._names.setdefault(words, name)
        self._longest = max((len(words) for words in self._names), default=0)

    def found(self, text: str) -> Iterator[tuple[str, Words]]:
        """Name and words of each phrase in a text, from left to right, none overlapping."""
        words = plain_words(text)
        place = 0
        while place < len(words):
            match = self._at(words, place)
            if match is None:
                place += 1
                continue
            yield self._names[match], match
            place += len(match)

    def _at(self, words: list[str], place: int) -> Words | None:
        for length in range(min(self._longest, len(words) - place), 0, -1):
            match = tuple(words[place : place + length])
            if match in self._names:
                return match
        return None
