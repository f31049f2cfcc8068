"""Exact search: every vector of the database is compared; what the other indexes are measured by.

Up to `rag.indexes.choose.EXACT_UP_TO` passages it is no slower than an approximate index.
"""

from collections.abc import Iterable

import numpy as np

from medmm.errors import InputError
from rag.embedding.identity import Embedded, Vectors, same_embedder
from rag.indexes.index import Hit, best
from rag.shelf import Shelf


class ExactIndex:
    """A `rag.indexes.index.VectorIndex` that keeps nothing of its own."""

    name = "exact"

    def __init__(self) -> None:
        self._shelf: Shelf | None = None
        self._last: tuple[Embedded, Vectors] | None = None

    def refresh(self, shelf: Shelf) -> list[str]:
        """Search this shelf from now on."""
        self._shelf = shelf
        self._last = None
        return []

    def search(self, query: Embedded, domains: Iterable[str], limit: int) -> list[Hit]:
        """The nearest rows; cosine is the product, because all vectors have unit length.

        Raises:
            InputError: the query was made by another embedder, or has a value that is no number.
        """
        shelf = self._shelf
        if shelf is None or not len(shelf):
            return []
        same_embedder(query.embedder, shelf.embedder, "The knowledge")
        if not np.isfinite(query.values).all():
            raise InputError("The query's vector has a value that is no number.")
        if query.values.shape != shelf.vectors.shape[1:]:
            raise InputError(f"The query's vector has {len(query.values)} values.")
        if self._last is None or self._last[0] is not query:
            # One question is asked of several domains in turn.
            self._last = (query, shelf.vectors @ query.values)
        return best(self._last[1], shelf.within(domains), limit)

    def problems(self) -> list[str]:
        """What the database lacks or holds wrongly."""
        shelf = self._shelf
        if shelf is None or not len(shelf):
            return []
        lengths = np.linalg.norm(shelf.vectors, axis=1)
        wrong = int((~np.isclose(lengths, 1.0, atol=1e-3)).sum())
        return [f"{wrong} vectors in the database have no unit length."] if wrong else []

    def repair(self, shelf: Shelf) -> None:
        """Read the vectors again; those in the database are mended by `rag.repair`."""
        self.refresh(shelf)

    def close(self) -> None:
        """Nothing is held."""
