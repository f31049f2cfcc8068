"""Our vector indexes against the contract of the seam."""

from pathlib import Path

import pytest

from medmm.errors import HomeError, MissingError
from rag.indexes.choose import EXACT_UP_TO, vector_index
from rag.indexes.chroma import ChromaIndex
from rag.indexes.exact import ExactIndex
from rag.indexes.index import VectorIndex
from tests.contract.vector_index_suite import Knowledge, VectorIndexSuite


class TestExact(VectorIndexSuite):
    def make(self, folder: Path) -> VectorIndex:
        return vector_index("exact", folder, 0)


class TestChroma(VectorIndexSuite):
    def make(self, folder: Path) -> VectorIndex:
        return vector_index("chroma", folder, 0)


class TestChromaWithoutItsFolder(VectorIndexSuite):
    """As a second process has it: the folder is another's for the whole time."""

    @pytest.fixture(autouse=True)
    def other(self, knowledge: Knowledge, tmp_path: Path) -> object:
        owner = ChromaIndex(tmp_path / "index")
        owner.refresh(knowledge.shelf())
        assert owner.owner
        yield
        owner.close()

    def make(self, folder: Path) -> VectorIndex:
        return ChromaIndex(folder)


@pytest.mark.parametrize(
    ("name", "passages", "kind"),
    [
        ("", 0, ExactIndex),
        ("", EXACT_UP_TO, ExactIndex),
        ("", EXACT_UP_TO + 1, ChromaIndex),
        ("exact", EXACT_UP_TO + 1, ExactIndex),
        ("chroma", 0, ChromaIndex),
    ],
)
def test_the_setting_or_the_size_chooses(
    name: str, passages: int, kind: type, tmp_path: Path
) -> None:
    assert type(vector_index(name, tmp_path, passages)) is kind


def test_an_index_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"no pgvector .*chroma"):
        vector_index("pgvector", tmp_path, 0)
    with pytest.raises(HomeError, match="'faiss' is no vector index"):
        vector_index("faiss", tmp_path, 0)
