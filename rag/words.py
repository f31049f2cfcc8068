"""Words for searching: folded, without stop words, stemmed."""

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from Stemmer import Stemmer

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
LONGEST = 64


def folded(text: str) -> str:
    """Lower case, compatibility forms made plain, accents off."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def plain_words(text: str) -> list[str]:
    """All words of a text, folded, in order."""
    return [word.replace("'", "")[:LONGEST] for word in _WORD.findall(folded(text))]


def stems(text: str) -> list[str]:
    """What a text is found by: its words without stop words, stemmed (Snowball, English)."""
    stop, stem = _stop_words(), _stemmer().stemWord
    return [stem(word) for word in plain_words(text) if word not in stop]


@cache
def _stemmer() -> "Stemmer":
    from Stemmer import Stemmer

    return Stemmer("english")


@cache
def _stop_words() -> frozenset[str]:
    from bm25s.stopwords import STOPWORDS_EN_PLUS

    return frozenset(word.replace("'", "") for word in STOPWORDS_EN_PLUS)
