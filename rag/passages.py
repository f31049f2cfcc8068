"""Passages of a document: pieces that can be quoted, and the text that is embedded for each."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rag.incoming import Incoming
from rag.splitting import Piece, split

LONGEST_TOKENS = 184
"""A passage's own text; MiniLM sees 256 tokens, of which the rest is left to the context."""
CONTEXT_LETTERS = 300


@dataclass(frozen=True, slots=True)
class NewPassage:
    """A piece with its place in the document and what is embedded for it."""

    piece: Piece
    place: int
    embedded_text: str

    @property
    def embedded(self) -> str:
        """The hash that its vector is kept under."""
        return content_hash(self.embedded_text)


def content_hash(text: str) -> str:
    """Sha256 of a text's UTF-8 in hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def passages_of(incoming: Incoming, count: Callable[[str], int]) -> list[NewPassage]:
    """The passages of a document, in order; ``count`` gives a text's tokens.

    A passage alone often does not name what it is about ("CT at 3 months is considered"): title,
    words and headings are embedded with it, and only its own text is ever quoted.
    """
    pieces = split(incoming.document, count, LONGEST_TOKENS)
    title, words = incoming.document.title, incoming.words
    return [
        NewPassage(
            piece,
            place,
            embedded_text(title, words, piece.headings, piece.table_header, piece.text),
        )
        for place, piece in enumerate(pieces, 1)
    ]


def embedded_text(
    title: str, words: Iterable[str], headings: Iterable[str], table_header: str, text: str
) -> str:
    """Context, as far as it fits, then the passage."""
    context = ""
    for part in (title, ", ".join(words), *headings, table_header):
        more = f"{context}{part}. " if part else context
        if len(more) > CONTEXT_LETTERS:
            break
        context = more
    return context + text
