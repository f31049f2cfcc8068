"""The starter cards brought into a database, once for each set that ships.

Their vectors by MiniLM ship with them (``rag/knowledge/vectors.safetensors``, by the hash of the
text), so that a new home's first draft does not wait for them. After cards have changed:
``python -m rag.starter``.
"""

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
from sqlalchemy import select, update

from medmm.database import Database
from medmm.errors import MedmmError
from medmm.home import write_whole
from medmm.seams import Embedder
from rag.cards import starter_cards
from rag.documents import add_documents
from rag.embedding.identity import counter, embed_texts, key
from rag.incoming import Incoming, from_card
from rag.passages import passages_of
from rag.tables import RevisionRow

BY = "medmm"
FILE = "vectors.safetensors"
HASHES = "hashes"
VECTORS = "vectors"


def bring_starter_cards(database: Database, embedder: Embedder) -> int:
    """Add the cards that ship, or their newer versions; how many were added or replaced.

    A set is brought in once: a card that was removed comes back only with a later set.

    Raises:
        HomeError: the database cannot be written now.
        MissingError: the embedder is not there.
    """
    cards = _incoming()
    digest = hashlib.sha256("\n".join(one.sha256 for one in cards).encode()).hexdigest()
    with database.read() as session:
        if session.scalar(select(RevisionRow.starter)) == digest:
            return 0
    added = add_documents(
        database, embedder, cards, added_by=BY, vectors=shipped_vectors(key(embedder))
    )
    with database.write() as session:
        session.execute(update(RevisionRow).values(starter=digest))
    return sum(one.outcome != "unchanged" for one in added)


def shipped_vectors(embedder: str) -> dict[str, bytes]:
    """The vectors that ship, by the hash of their text; none for another embedder.

    Raises:
        MedmmError: the file is damaged.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(str(files("rag") / "knowledge" / FILE))
    if not path.is_file():
        return {}
    try:
        with safe_open(path, "np") as file:
            if (file.metadata() or {}).get("embedder") != embedder:
                return {}
            hashes, vectors = file.get_tensor(HASHES), file.get_tensor(VECTORS)
    except SafetensorError as error:
        raise MedmmError(f"{path} is damaged: {error}.", "Install medmm again.") from error
    rows = np.ascontiguousarray(vectors, "<f4")
    return {bytes(name).hex(): row.tobytes() for name, row in zip(hashes, rows, strict=True)}


def write_vectors(path: Path, embedder: Embedder) -> int:
    """Make and write the vectors of all cards' passages; how many."""
    from safetensors.numpy import save

    count = counter(embedder)
    texts = {
        one.embedded: one.embedded_text
        for incoming in _incoming()
        for one in passages_of(incoming, count)
    }
    names = sorted(texts)
    content = save(
        {
            HASHES: np.array([list(bytes.fromhex(name)) for name in names], np.uint8),
            VECTORS: embed_texts(embedder, [texts[name] for name in names]),
        },
        {"embedder": key(embedder)},
    )
    write_whole(path, content)
    return len(names)


@cache
def _incoming() -> tuple[Incoming, ...]:
    return tuple(from_card(card) for card in starter_cards())


if __name__ == "__main__":
    from rag.embedding.minilm import MiniLM

    write_vectors(Path(str(files("rag") / "knowledge" / FILE)), MiniLM())
