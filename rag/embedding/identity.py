"""Which embedder made a vector: vectors of two embedders are never compared."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medmm.errors import InputError
from medmm.seams import Embedder

Vectors = NDArray[np.float32]

# A rough count for embedders that do not tell theirs: English has about four letters a token.
LETTERS_PER_TOKEN = 4
REPLACE = "Set MEDMM_EMBEDDER back, or let `medmm doctor` rebuild the index for this one."


@dataclass(frozen=True, eq=False, slots=True)
class Embedded:
    """A query's vector ``[d]`` and the ``name@version`` of the embedder that made it."""

    embedder: str
    values: Vectors


def key(embedder: Embedder) -> str:
    """``name@version``: what vectors are kept under."""
    return f"{embedder.card.name}@{embedder.card.version}"


def embed_query(embedder: Embedder, text: str) -> Embedded:
    """One query's vector."""
    return Embedded(key(embedder), embed_texts(embedder, [text])[0])


def embed_texts(embedder: Embedder, texts: list[str]) -> Vectors:
    """Float32 ``[n, d]``, proved to be finite and of unit length.

    Raises:
        InputError: the embedder gave something else.
    """
    vectors = np.asarray(embedder.embed(texts), np.float32)
    if vectors.ndim != 2 or len(vectors) != len(texts):
        raise InputError(f"The embedder {key(embedder)} gave {vectors.shape} for {len(texts)}.")
    lengths = np.linalg.norm(vectors, axis=1)
    if len(texts) and not np.allclose(lengths, 1.0, atol=1e-3):
        raise InputError(f"The embedder {key(embedder)} gave vectors that have no unit length.")
    return vectors


def same_embedder(found: str, expected: str, what: str) -> None:
    """Refuse vectors of another embedder.

    Raises:
        InputError: they are of another.
    """
    if found != expected:
        raise InputError(f"{what} holds vectors of {expected}, not of {found}.", REPLACE)


def counter(embedder: Embedder) -> Callable[[str], int]:
    """Tokens of a text as the embedder counts them, else by a rule of thumb."""
    count: Callable[[str], int] | None = getattr(embedder, "count", None)
    return count or (lambda text: -(-len(text) // LETTERS_PER_TOKEN))
