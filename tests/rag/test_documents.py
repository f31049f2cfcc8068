"""Documents are kept whole, replaced by their next version, and removed without a trace."""

import shutil
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from medmm.database import Database
from medmm.errors import InputError, NotFoundError, StorageError
from rag import documents, integrity
from rag.shelf import current_revision, read_shelf
from rag.tables import DocumentRow, PassageRow, VectorRow
from tests.rag.conftest import HashedWords
from tests.rag.made_documents import NODULE, PLEURA, incoming
from tests.records.conftest import Opened


def rows(database: Database, table: type) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def revision(database: Database) -> int:
    with database.read() as session:
        return current_revision(session)


def test_a_document_is_kept_with_its_passages_and_their_vectors(
    opened: Opened, hashed: HashedWords
) -> None:
    added = documents.add_document(opened.database, hashed, incoming(PLEURA), added_by="ada")
    assert (added.outcome, added.version, added.passages) == ("added", "1", 2)
    (listed,) = documents.list_documents(opened.database)
    assert (listed.title, listed.passages, listed.added_by) == ("Effusion", 2, "ada")
    assert rows(opened.database, VectorRow) == 2
    assert integrity.problems(opened.database) == []


def test_a_passage_is_exactly_what_its_document_says(opened: Opened, hashed: HashedWords) -> None:
    added = documents.add_document(opened.database, hashed, incoming(NODULE, "Nodule"))
    whole = ""
    for place in range(1, added.passages + 1):
        shown = documents.passage_document(opened.database, f"{added.document}.{place}")
        start, end = shown["characters"]
        assert NODULE[start:end] == shown["text"]
        assert shown["headings"] == ["Follow-up"]
        whole += shown["text"]
    assert "| over 8 mm | CT at 3 months | CT at 3 months |" in whole


def test_the_same_bytes_again_change_nothing(opened: Opened, hashed: HashedWords) -> None:
    documents.add_document(opened.database, hashed, incoming(PLEURA))
    before, asked = revision(opened.database), hashed.asked
    again = documents.add_document(opened.database, hashed, incoming(PLEURA))
    assert again.outcome == "unchanged"
    assert (revision(opened.database), hashed.asked) == (before, asked)


def test_other_bytes_replace_the_version_that_was_current(
    opened: Opened, hashed: HashedWords
) -> None:
    first = documents.add_document(opened.database, hashed, incoming(PLEURA))
    longer = PLEURA + "\nA small one is watched.\n"
    second = documents.add_document(opened.database, hashed, incoming(longer, source="Effusion"))
    assert (second.outcome, second.version) == ("replaced", "2")
    (listed,) = documents.list_documents(opened.database)
    assert listed.document == second.document
    earlier, later = documents.list_documents(opened.database, superseded=True)
    assert earlier.document == first.document
    assert earlier.superseded is not None
    assert later.superseded is None
    # What a report quoted can still be read.
    shown = documents.passage_document(opened.database, f"{first.document}.1")
    assert shown["superseded"] is not None
    shelf = read_shelf(opened.database, hashed)
    with opened.database.read() as session:
        current = select(PassageRow.document_id).where(PassageRow.id.in_(shelf.passages.tolist()))
        assert set(session.scalars(current)) == {second.document}


def test_removing_takes_every_version_passage_and_vector(
    opened: Opened, hashed: HashedWords
) -> None:
    documents.add_document(opened.database, hashed, incoming(PLEURA))
    replaced = documents.add_document(
        opened.database, hashed, incoming(PLEURA + "\nMore.\n", source="Effusion")
    )
    kept = documents.add_document(opened.database, hashed, incoming(NODULE, "Nodule", "chest-ct"))
    documents.remove_document(opened.database, replaced.document)
    assert [one.document for one in documents.list_documents(opened.database, superseded=True)] == [
        kept.document
    ]
    assert rows(opened.database, PassageRow) == kept.passages
    assert rows(opened.database, VectorRow) == kept.passages
    with pytest.raises(NotFoundError, match="no document"):
        documents.remove_document(opened.database, replaced.document)


def test_a_text_that_two_documents_share_keeps_its_vector_until_the_last_goes(
    opened: Opened, hashed: HashedWords
) -> None:
    film = documents.add_document(opened.database, hashed, incoming(PLEURA))
    documents.add_document(opened.database, hashed, incoming(PLEURA, domain="ultrasound"))
    assert rows(opened.database, VectorRow) == film.passages
    documents.remove_document(opened.database, film.document)
    assert rows(opened.database, VectorRow) == film.passages
    assert len(read_shelf(opened.database, hashed)) == film.passages


def test_removed_text_is_nowhere_in_the_file(sqlite_home: Opened, hashed: HashedWords) -> None:
    """SQLite leaves deleted bytes in its pages unless told to overwrite them."""
    secret = "kumquat marmalade forty-two"
    added = documents.add_document(sqlite_home.database, hashed, incoming(f"A {secret}.\n"))
    documents.remove_document(sqlite_home.database, added.document)
    sqlite_home.database.close()
    for file in sqlite_home.home.path.glob("medmm.db*"):
        assert secret.encode() not in file.read_bytes(), file.name


def test_an_empty_document_and_a_wrong_domain_are_refused(
    opened: Opened, hashed: HashedWords
) -> None:
    with pytest.raises(InputError, match="nothing to quote"):
        documents.add_document(opened.database, hashed, incoming("# Title only\n"))
    with pytest.raises(InputError, match="cannot be a domain"):
        documents.add_document(opened.database, hashed, incoming(PLEURA, domain="Chest CT"))
    assert rows(opened.database, DocumentRow) == 0


def test_an_embedder_that_gives_no_unit_vectors_is_refused(opened: Opened) -> None:
    class Long(HashedWords):
        def embed(self, texts: list[str]) -> object:  # type: ignore[override]
            return 2 * super().embed(texts)

    with pytest.raises(InputError, match="unit length"):
        documents.add_document(opened.database, Long(), incoming(PLEURA))
    assert rows(opened.database, DocumentRow) == 0


def test_another_embedder_gets_vectors_of_its_own(opened: Opened, hashed: HashedWords) -> None:
    documents.add_document(opened.database, hashed, incoming(PLEURA))
    other = HashedWords("other", 32)
    shelf = read_shelf(opened.database, other)
    assert shelf.vectors.shape == (2, 32)
    assert read_shelf(opened.database, hashed).vectors.shape == (2, 64)
    assert rows(opened.database, VectorRow) == 4


def test_what_is_wrong_with_a_passage_is_told(opened: Opened, hashed: HashedWords) -> None:
    documents.add_document(opened.database, hashed, incoming(PLEURA))
    with opened.database.write() as session:
        session.execute(text("UPDATE knowledge_passages SET text = 'Other.' WHERE place = 1"))
        of_second = "(SELECT embedded FROM knowledge_passages WHERE place = 2)"
        session.execute(
            text(f"UPDATE knowledge_vectors SET embedded = 'x' WHERE embedded = {of_second}")
        )
    told = " ".join(integrity.problems(opened.database))
    assert "Passage 1.1 is not what its document says" in told
    assert "1 vectors belong to no passage" in told


def test_a_full_disk_in_mid_add_leaves_nothing_of_the_document(
    sqlite_home: Opened, hashed: HashedWords, tmp_path: Path
) -> None:
    documents.add_document(sqlite_home.database, hashed, incoming(PLEURA))
    before = revision(sqlite_home.database)
    with sqlite_home.database.read() as session:
        pages = session.execute(text("PRAGMA page_count")).scalar_one()
    # SQLite's own limit is the same error (SQLITE_FULL) that a full disk gives.
    sqlite_home.database.close()
    full = Database(sqlite_home.home.database_url)

    def limit(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages + 2}").close()

    from sqlalchemy import event

    event.listen(full.engine, "connect", limit)
    many = "\n\n".join(f"## Part {number}\n\nSentence {number} of it." for number in range(3000))
    with pytest.raises(StorageError, match="no space left"):
        documents.add_document(full, hashed, incoming(many, "Long"))
    full.close()
    again = Database(sqlite_home.home.database_url)
    assert [one.title for one in documents.list_documents(again)] == ["Effusion"]
    assert revision(again) == before
    assert integrity.problems(again) == []
    again.close()
    assert shutil.disk_usage(tmp_path).free > 0
