"""Which vector index a setting means."""

from pathlib import Path

from medmm.errors import HomeError, MissingError
from rag.indexes.exact import ExactIndex
from rag.indexes.index import VectorIndex

EXACT_UP_TO = 200_000
"""Passages up to which all vectors are compared. Up to there that is no slower than asking Chroma
(`make bench`: a whole query over 100,000 takes about 14 ms), it finds the true nearest, and it
keeps no second copy. Beyond it the vectors' memory counts: 1.5 kB each, in every process, read from
the database at its start."""

NAMES = "Set MEDMM_INDEX to exact or chroma, or leave it empty."


def vector_index(name: str, folder: Path, passages: int) -> VectorIndex:
    """The index that a setting names; for "" the one that fits this many passages.

    ``folder`` is where one that keeps files keeps them.

    Raises:
        MissingError: this version does not have it.
        HomeError: there is no such index.
    """
    if name == "exact" or (not name and passages <= EXACT_UP_TO):
        return ExactIndex()
    if name in {"", "chroma"}:
        from rag.indexes.chroma import ChromaIndex

        return ChromaIndex(folder)
    if name == "pgvector":
        raise MissingError("This version has no pgvector index.", NAMES)
    raise HomeError(f"{name[:40]!r} is no vector index.", NAMES)
