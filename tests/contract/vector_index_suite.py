"""What every vector index must do: subclass and give one on a folder.

class TestMyIndex(VectorIndexSuite):
    def make(self, folder: Path) -> VectorIndex: ...

The knowledge is real rows in a database; the vectors are made from the passages' texts.
"""

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import update
from sqlalchemy.dialects.sqlite import insert

from medmm import home as home_module
from medmm.database import Database
from medmm.errors import InputError
from medmm.records import migrations
from rag.documents import count_change, remove_document
from rag.embedding.identity import Embedded
from rag.indexes.index import Hit, VectorIndex
from rag.passages import content_hash
from rag.shelf import Shelf, read_shelf
from rag.tables import DocumentRow, PassageRow, VectorRow

WIDTH = 384
CHEST, HEAD, BELLY = "chest-film", "brain-mr", "abdomen-ct"


def vector_of(text: str) -> NDArray[np.float32]:
    """A unit vector: the same for "a|1" and "a|2", near to one another for "a~1" and "a~2"."""
    own = _random(text.partition("|")[0])
    topic, near, _ = text.partition("~")
    whole = _random(topic) * 1.5 + own if near else own
    return (whole / np.linalg.norm(whole)).astype(np.float32)


def _random(text: str) -> NDArray[np.float64]:
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
    values = np.random.default_rng(seed).normal(size=WIDTH)
    return values / np.linalg.norm(values)


@dataclass(frozen=True)
class MadeCard:
    """As much of a card as makes a key."""

    name: str = "made"
    version: str = "1"


class MadeEmbedder:
    """`vector_of` as an embedder."""

    def __init__(self, version: str = "1") -> None:
        self.card: Any = MadeCard(version=version)

    def embed(self, texts: list[str]) -> NDArray[np.float32]:
        if self.card.version != "1":
            texts = [f"{self.card.version} {text}" for text in texts]
        return np.stack([vector_of(text) for text in texts])


class Knowledge:
    """A home with passages, written as `rag.documents` writes them."""

    def __init__(self, folder: Path) -> None:
        home = home_module.prepare(folder)
        self.database = Database(home.database_url)
        migrations.ensure(self.database, home)

    def add(self, source: str, texts: Sequence[str], domain: str = CHEST) -> int:
        """A document, in place of the current one of this source; its number."""
        with self.database.write() as session:
            same = (DocumentRow.source == source) & (DocumentRow.domain == domain)
            current = update(DocumentRow).where(same, DocumentRow.superseded.is_(None))
            session.execute(current.values(superseded=datetime.now(UTC)))
            row = DocumentRow(
                source=source, version="1", title="", domain=domain, language="en", licence="",
                origin="added", media_type="text/plain", sha256=source, text="\n".join(texts),
                words=[], citations=[], added_by="", added=datetime.now(UTC),
            )  # fmt: skip
            session.add(row)
            session.flush()
            whole = {"start": 0, "end": 1, "page": None, "headings": [], "table_header": ""}
            session.execute(
                insert(PassageRow),
                [
                    {"document_id": row.id, "place": place, "text": text, **whole,
                     "embedded": content_hash(text)}
                    for place, text in enumerate(texts)
                ],
            )  # fmt: skip
            session.execute(
                insert(VectorRow).on_conflict_do_nothing(),
                [
                    {"embedded": content_hash(text), "embedder": "made@1",
                     "vector": vector_of(text).astype("<f4").tobytes()}
                    for text in texts
                ],
            )  # fmt: skip
            count_change(session)
            return row.id

    def remove(self, number: int) -> None:
        remove_document(self.database, number)

    def shelf(self, version: str = "1") -> Shelf:
        return read_shelf(self.database, MadeEmbedder(version))


def asked(text: str) -> Embedded:
    """A query with the vector of a text."""
    return Embedded("made@1", vector_of(text))


def numbered(start: int, count: int, what: str = "passage") -> list[str]:
    return [f"{what} {number}" for number in range(start, start + count)]


def assert_ranks(
    found: list[Hit], shelf: Shelf, query: Embedded, domains: Sequence[str], limit: int
) -> None:
    """As a sort of all cosines in float64; float32 may swap only what is equal to seven digits."""
    cosines = shelf.vectors.astype(np.float64) @ query.values.astype(np.float64)
    allowed = [not domains or shelf.domains[number] in domains for number in shelf.domain]
    rows = np.flatnonzero(allowed)
    true = rows[np.argsort(-cosines[rows], kind="stable")][:limit]
    rows_found = [hit.row for hit in found]
    assert len(set(rows_found)) == len(rows_found) == len(true)
    assert set(rows_found) <= set(rows.tolist())
    assert np.allclose([hit.score for hit in found], cosines[rows_found], rtol=0, atol=1e-6)
    assert np.allclose(cosines[rows_found], cosines[true], rtol=0, atol=2e-7)
    swapped = sum(row != other for row, other in zip(rows_found, true, strict=True))
    assert swapped <= len(true) // 50


class VectorIndexSuite:
    """The cases; a subclass gives ``make``."""

    def make(self, folder: Path) -> VectorIndex:
        raise NotImplementedError

    @pytest.fixture(scope="class")
    @classmethod
    def empty_home(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Migrated once, because that takes longer than most cases."""
        folder = tmp_path_factory.mktemp("empty") / "home"
        Knowledge(folder).database.close()
        return folder

    @pytest.fixture
    def knowledge(self, tmp_path: Path, empty_home: Path) -> Iterator[Knowledge]:
        shutil.copytree(empty_home, tmp_path / "home")
        made = Knowledge(tmp_path / "home")
        yield made
        made.database.close()

    @pytest.fixture
    def index(self, tmp_path: Path) -> Iterator[VectorIndex]:
        made = self.make(tmp_path / "index")
        yield made
        made.close()

    def assert_holds(self, index: VectorIndex, shelf: Shelf, queries: Sequence[str]) -> None:
        for text in queries:
            for domains in ([], [CHEST], [HEAD, BELLY]):
                found = index.search(asked(text), domains, 10)
                assert_ranks(found, shelf, asked(text), domains, 10)
        assert index.problems() == []

    def test_the_name_is_the_settings_value(self, index: VectorIndex) -> None:
        assert index.name in {"exact", "chroma", "pgvector"}

    @pytest.mark.parametrize("count", [1, 2, 11, 1000])
    def test_ranks_as_brute_force(
        self, knowledge: Knowledge, index: VectorIndex, count: int
    ) -> None:
        knowledge.add("a", numbered(0, count))
        shelf = knowledge.shelf()
        index.refresh(shelf)
        for number in range(20):
            query = asked(f"question {number}")
            for limit in (1, 10, 100, 2000):
                found = index.search(query, [], limit)
                assert len(found) == min(limit, count)
                assert_ranks(found, shelf, query, [], limit)
        assert index.problems() == []

    def test_finds_within_domains_only(self, knowledge: Knowledge, index: VectorIndex) -> None:
        for domain in (CHEST, HEAD, BELLY):
            knowledge.add("a", numbered(0, 60, domain), domain)
        shelf = knowledge.shelf()
        index.refresh(shelf)
        for domains in ([], [CHEST], [HEAD, BELLY], ["ecg"], ["ecg", HEAD]):
            found = index.search(asked(f"{CHEST} 3"), domains, 25)
            assert_ranks(found, shelf, asked(f"{CHEST} 3"), domains, 25)
        assert index.search(asked("a"), ["ecg"], 5) == []
        assert index.search(asked("a"), (name for name in [HEAD]), 5) != []

    def test_equal_ones_stand_in_the_shelfs_order(
        self, knowledge: Knowledge, index: VectorIndex
    ) -> None:
        knowledge.add("near", [*numbered(0, 40, "near|"), *numbered(0, 60)])
        knowledge.add("far", numbered(40, 60, "near|"), HEAD)
        shelf = knowledge.shelf()
        index.refresh(shelf)
        equal = [*range(40), *range(100, 160)]
        for limit in (1, 7, 39, 41, 99, 100):
            found = index.search(asked("near"), [], limit)
            assert [hit.row for hit in found] == equal[:limit]
        assert len(index.search(asked("near"), [], 101)) == 101

    def test_one_text_in_two_documents_is_two_rows(
        self, knowledge: Knowledge, index: VectorIndex
    ) -> None:
        knowledge.add("a", ["both", "one"])
        knowledge.add("b", ["two", "both"])
        knowledge.add("c", ["both"], HEAD)
        index.refresh(knowledge.shelf())
        assert [hit.row for hit in index.search(asked("both"), [], 3)] == [0, 3, 4]
        assert [hit.row for hit in index.search(asked("both"), [HEAD], 3)] == [4]
        assert [hit.row for hit in index.search(asked("both"), [CHEST], 2)] == [0, 3]

    @pytest.mark.parametrize("limit", [0, -1])
    def test_no_limit_no_hits(self, knowledge: Knowledge, index: VectorIndex, limit: int) -> None:
        knowledge.add("a", numbered(0, 5))
        index.refresh(knowledge.shelf())
        assert index.search(asked("a"), [], limit) == []

    def test_nothing_is_found_where_nothing_is(
        self, knowledge: Knowledge, index: VectorIndex
    ) -> None:
        assert index.search(asked("a"), [], 5) == []
        index.refresh(knowledge.shelf())
        assert index.search(asked("a"), [], 5) == []
        assert index.problems() == []

    def test_refuses_another_embedder(self, knowledge: Knowledge, index: VectorIndex) -> None:
        knowledge.add("a", numbered(0, 5))
        index.refresh(knowledge.shelf())
        with pytest.raises(InputError, match="made@1"):
            index.search(Embedded("made@2", vector_of("a")), [], 5)

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_refuses_what_is_no_number(
        self, knowledge: Knowledge, index: VectorIndex, value: float
    ) -> None:
        knowledge.add("a", numbered(0, 5))
        index.refresh(knowledge.shelf())
        query = asked("a")
        query.values[3] = value
        with pytest.raises(InputError, match="no number"):
            index.search(query, [], 5)

    @pytest.mark.parametrize("width", [0, 383, 385])
    def test_refuses_another_dimension(
        self, knowledge: Knowledge, index: VectorIndex, width: int
    ) -> None:
        knowledge.add("a", numbered(0, 5))
        index.refresh(knowledge.shelf())
        with pytest.raises(InputError, match=f"{width} values"):
            index.search(Embedded("made@1", np.ones(width, np.float32)), [], 5)

    def test_follows_what_is_added_replaced_and_removed(
        self, knowledge: Knowledge, index: VectorIndex
    ) -> None:
        queries = ["passage 3", "passage 45", "later 2", "head 1", "else"]
        knowledge.add("a", numbered(0, 40))
        index.refresh(knowledge.shelf())
        added = knowledge.add("b", numbered(30, 40))
        knowledge.add("c", numbered(0, 10, "head"), HEAD)
        for change in (
            lambda: None,
            lambda: knowledge.add("a", numbered(20, 20, "later")),
            lambda: knowledge.remove(added),
            lambda: knowledge.add("d", numbered(0, 10, "later"), BELLY),
        ):
            change()
            shelf = knowledge.shelf()
            index.refresh(shelf)
            self.assert_holds(index, shelf, queries)

    def test_forgets_a_domain_and_everything(
        self, knowledge: Knowledge, index: VectorIndex
    ) -> None:
        chest, head = knowledge.add("a", numbered(0, 9)), knowledge.add("b", ["head"], HEAD)
        index.refresh(knowledge.shelf())
        knowledge.remove(head)
        index.refresh(knowledge.shelf())
        assert index.search(asked("head"), [HEAD], 5) == []
        assert len(index.search(asked("head"), [], 50)) == 9
        knowledge.remove(chest)
        index.refresh(knowledge.shelf())
        assert index.search(asked("head"), [], 5) == []
        assert index.problems() == []

    def test_closed_and_opened_again(
        self, knowledge: Knowledge, index: VectorIndex, tmp_path: Path
    ) -> None:
        knowledge.add("a", numbered(0, 30))
        index.refresh(knowledge.shelf())
        index.close()
        index.close()
        knowledge.add("b", numbered(0, 30, "later"), HEAD)
        shelf = knowledge.shelf()
        again = self.make(tmp_path / "index")
        again.refresh(shelf)
        self.assert_holds(again, shelf, ["passage 3", "later 4"])
        again.close()

    def test_another_embedders_vectors_take_their_place(
        self, knowledge: Knowledge, index: VectorIndex
    ) -> None:
        knowledge.add("a", numbered(0, 30))
        index.refresh(knowledge.shelf())
        shelf = knowledge.shelf("2")
        index.refresh(shelf)
        query = Embedded("made@2", MadeEmbedder("2").embed(["passage 7"])[0])
        assert_ranks(index.search(query, [], 5), shelf, query, [], 5)
        with pytest.raises(InputError, match="made@2"):
            index.search(asked("passage 7"), [], 5)
