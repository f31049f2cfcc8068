"""One score from both indexes: the cosine, and the share of the query's words that a passage has.

Reciprocal rank fusion throws away how good the best is; a sum of scores keeps it. Both parts are
bounded and mean the same for every query, so that a cut can be made on the sum: the cosine lies in
[-1, 1], and BM25 is divided by what a passage with all of the query's words would get at most.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from rag.embedding.identity import Vectors
from rag.indexes.index import Hit

WORDS_WEIGHT = 0.35
"""Of the words beside the cosine's 1. Chosen on tuning questions of MedQuAD and of our own: more
helps ours and costs MedQuAD's."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A row with its cosine, its share of words (0 to 1), and the score made of both."""

    row: int
    cosine: float
    words: float

    @property
    def score(self) -> float:
        """The weighted mean, in [-1, 1]."""
        return (self.cosine + WORDS_WEIGHT * self.words) / (1.0 + WORDS_WEIGHT)


def fuse(rows: Iterable[int], cosines: Iterable[float], words: Mapping[int, float]) -> list[Scored]:
    """Rows with both parts, best first, equal ones in the order of rows."""
    scored = [
        Scored(row, float(cosine), min(max(words.get(row, 0.0), 0.0), 1.0))
        for row, cosine in zip(rows, cosines, strict=True)
    ]
    return sorted(scored, key=lambda one: (-one.score, one.row))


def cosines(query: Vectors, vectors: Vectors) -> list[float]:
    """The products of a unit vector with unit vectors ``[n, d]``."""
    if not len(vectors):
        return []
    products: list[float] = np.clip(vectors @ query, -1.0, 1.0).tolist()
    return products


def candidates(*found: Iterable[Hit]) -> list[int]:
    """Every row that some index found, once, in order of rows."""
    return sorted({hit.row for hits in found for hit in hits})
