"""The starter cards brought into a database, once for each set that ships."""

import hashlib
from collections.abc import Callable

from sqlalchemy import select, update

from medmm.database import Database
from medmm.seams import Embedder
from rag.cards import starter_cards
from rag.documents import add_document
from rag.incoming import from_card
from rag.tables import RevisionRow

BY = "medmm"


def bring_starter_cards(
    database: Database, embedder: Embedder, progress: Callable[[str], None]
) -> int:
    """Add the cards that ship, or their newer versions; how many were added or replaced.

    A set is brought in once: a card that was removed comes back only with a later set.

    Raises:
        HomeError: the database cannot be written now.
        MissingError: the embedder is not there.
    """
    cards = [from_card(card) for card in starter_cards()]
    digest = hashlib.sha256("\n".join(one.sha256 for one in cards).encode()).hexdigest()
    with database.read() as session:
        if session.scalar(select(RevisionRow.starter)) == digest:
            return 0
    changed = 0
    for number, incoming in enumerate(cards, 1):
        progress(f"reading the starter cards, {number} of {len(cards)}")
        added = add_document(database, embedder, incoming, added_by=BY)
        changed += added.outcome != "unchanged"
    with database.write() as session:
        session.execute(update(RevisionRow).values(starter=digest))
    return changed
