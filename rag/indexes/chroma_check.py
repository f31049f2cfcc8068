"""A store compared with a shelf: every id and every vector, and whether it finds what it holds."""

from collections.abc import Iterator

from rag.indexes.chroma_store import Store, StoreError
from rag.shelf import Shelf

TOLERANCE = 1e-6
"""Chroma keeps directions and lengths apart, so what is read back differs in the last digit."""
PROBED = 10
TOGETHER = 2000

Rows = dict[str, dict[str, list[int]]]


def rows_by_hash(shelf: Shelf) -> Rows:
    """By domain and hash the rows that carry it; in several documents of a domain they share it."""
    found: Rows = {name: {} for name in shelf.domains}
    for row, (number, name) in enumerate(zip(shelf.domain.tolist(), shelf.hashes, strict=True)):
        found[shelf.domains[number]].setdefault(name, []).append(row)
    return found


def wrong_ids(store: Store, wanted: Rows) -> list[str]:
    """Which domains lack ids or hold too many, a sentence each."""
    told = []
    for domain, hashes in wanted.items():
        there = store.ids(domain) if domain in store.domains else set()
        lacking, more = len(hashes.keys() - there), len(there - hashes.keys())
        if lacking:
            told.append(f"{lacking} of {len(hashes)} texts of {domain} are missing in the index.")
        if more:
            told.append(f"{more} texts in the index are not, or no longer, of {domain}.")
    if store.size > len(wanted):
        told.append(f"The index has {store.size - len(wanted)} domains too many.")
    return told


def wrong_vectors(store: Store, shelf: Shelf, wanted: Rows) -> Iterator[str]:
    """Which domains hold vectors that are unreadable or not the database's, a sentence each."""
    for domain, hashes in wanted.items():
        unreadable = unequal = 0
        names = list(hashes)
        for start in range(0, len(names), TOGETHER):
            some = names[start : start + TOGETHER]
            true = dict(
                zip(some, shelf.vectors_of([hashes[name][0] for name in some]), strict=True)
            )
            try:
                there = store.vectors(domain, some)
            except StoreError:
                unreadable += len(some)
                continue
            unequal += sum(
                not (kept.shape == true[name].shape and abs(kept - true[name]).max() <= TOLERANCE)
                for name, kept in there.items()
            )
        if unreadable:
            yield f"Vectors among {unreadable} texts of {domain} cannot be read from the index."
        if unequal:
            yield f"{unequal} vectors of {domain} in the index are not those of the database."


def blind(store: Store, shelf: Shelf, wanted: Rows) -> list[str]:
    """Which domains do not find a text by its own vector, a sentence each."""
    told = []
    for domain, hashes in wanted.items():
        names = list(hashes)
        vector = shelf.vectors_of([hashes[names[len(names) // 2]][0]])[0]
        limit = min(PROBED, len(names))
        found = [hashes[name][0] for name in store.nearest(domain, vector, limit) if name in hashes]
        # Another text may have the same vector, so the id alone proves nothing.
        near = (shelf.vectors_of(found) @ vector).max() if found else 0.0
        if len(found) < limit or near < float(vector @ vector) - TOLERANCE:
            told.append(f"The index does not find a text of {domain} by its own vector.")
    return told


def differences(store: Store, shelf: Shelf, wanted: Rows) -> list[str]:
    """All that sets a store apart from a shelf, a sentence each; every vector is read.

    Raises:
        StoreError: it cannot be asked at all.
    """
    return [
        *wrong_ids(store, wanted),
        *wrong_vectors(store, shelf, wanted),
        *blind(store, shelf, wanted),
    ]
