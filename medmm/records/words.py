"""Words for searching: the same letters whatever the database, so both find the same reports."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 64
_WORD = re.compile(r"[^\W_]+")
# Scripts without spaces (kana, CJK ideographs) are searched letter by letter, as phrases.
_UNSPACED = r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_PIECE = re.compile(rf"{_UNSPACED}|(?:(?!{_UNSPACED})[^\W_])+")
_TERM = re.compile(r'"([^"]*)"(\*?)|(\S+)')


@dataclass(frozen=True)
class Term:
    """Words that stand one after the other; with ``prefix`` the last one may go on."""

    tokens: tuple[str, ...]
    prefix: bool = False


def fold(text: str) -> str:
    """Lower case without accents, compatibility forms made plain."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def words(text: str) -> Iterator[re.Match[str]]:
    """Each word of a text in Unicode's composed form (NFC), as a match."""
    return _WORD.finditer(text)


def tokens(text: str) -> list[str]:
    """What a text is found by, in order."""
    composed = unicodedata.normalize("NFC", text)
    return [token for match in words(composed) for token in word_tokens(match.group())]


def word_tokens(word: str) -> list[str]:
    """One word's tokens: several for a script without spaces."""
    return [_singular(piece)[:LONGEST] for piece in _PIECE.findall(fold(word))]


def terms(query: str) -> list[Term]:
    """A user's query as terms that must all be found: words, "phrases" and begin*.

    Any text is a query; signs without a meaning here are left out.
    """
    found = []
    for match in _TERM.finditer(query):
        quoted, star, bare = match.groups()
        text = quoted if quoted is not None else bare
        parts = tokens(text)
        if parts:
            found.append(Term(tuple(parts), prefix=bool(star) or text.rstrip('"').endswith("*")))
    return found


def fits(term: Term, place: int, token: str) -> bool:
    """Whether a token may stand where the term has its ``place``-th one."""
    last = place == len(term.tokens) - 1
    wanted = term.tokens[place]
    return token == wanted or (term.prefix and last and token.startswith(wanted))


def starts(term: Term, sequence: list[str]) -> Iterator[int]:
    """Where in a sequence of tokens the term is found."""
    size = len(term.tokens)
    for start in range(len(sequence) - size + 1):
        if all(fits(term, place, sequence[start + place]) for place in range(size)):
            yield start


def _singular(token: str) -> str:
    """Without a plural's s ("nodules"), but "axis", "thrombus" and "mass" stay whole.

    Only the last letter goes, so a word's beginning stays the beginning of its token.
    """
    if len(token) > 3 and token.endswith("s") and not token.endswith(("ss", "is", "us")):
        return token[:-1]
    return token
