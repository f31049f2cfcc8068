"""The one seam of the indexes: brought in line with a shelf, searched within domains, examined."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.embedding.identity import Embedded
from rag.shelf import Shelf


@dataclass(frozen=True, slots=True)
class Hit:
    """A row of the shelf and how well it answers: cosine for vectors, BM25 for words."""

    row: int
    score: float


class VectorIndex(Protocol):
    """Nearest passages by cosine. `rag.indexes.choose` makes one by its name."""

    @property
    def name(self) -> str:
        """As the setting names it."""
        ...

    def refresh(self, shelf: Shelf) -> list[str]:
        """Hold what the shelf holds, no more and no less.

        Returns:
            What was found damaged and was made anew, a sentence each.

        Raises:
            HomeError: it cannot be kept now.
        """
        ...

    def search(self, query: Embedded, domains: Iterable[str], limit: int) -> list[Hit]:
        """At most ``limit`` rows of these domains (none named: of all), best first.

        Equal ones stand in the order of the shelf.

        Raises:
            InputError: the query was made by another embedder.
        """
        ...

    def problems(self) -> list[str]:
        """What is wrong with it, a sentence each; empty when it holds just the shelf."""
        ...

    def repair(self, shelf: Shelf) -> None:
        """Make it anew from the shelf."""
        ...

    def close(self) -> None:
        """Give back files and locks."""
        ...


def best(scores: NDArray[np.float32], allowed: NDArray[np.bool_], limit: int) -> list[Hit]:
    """The highest scores among the rows that are allowed; equal ones in order of the rows."""
    rows = np.flatnonzero(allowed & np.isfinite(scores))
    if limit < 1 or not len(rows):
        return []
    held = scores[rows]
    if len(rows) > limit:
        # Everything that equals the last one in stays in, so that ties are cut by row.
        border = np.partition(held, len(rows) - limit)[len(rows) - limit]
        rows, held = rows[held >= border], held[held >= border]
    order = np.lexsort((rows, -held))[:limit]
    return [Hit(int(rows[place]), float(held[place])) for place in order]
