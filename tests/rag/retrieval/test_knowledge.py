"""The retriever sees the database as it is, quotes exactly, and keeps nothing that is not near."""

from pathlib import Path

import pytest

from medmm.errors import InputError
from medmm.nouns import Code, Query
from rag import documents
from rag.indexes.bm25 import WordIndex
from rag.indexes.exact import ExactIndex
from rag.retrieval.calibration import EVERYWHERE, Calibrated, Rules
from rag.retrieval.cut import CutRule
from rag.retrieval.knowledge import Knowledge
from tests.rag.conftest import HashedWords
from tests.rag.made_documents import NODULE, PLEURA, incoming
from tests.records.conftest import Opened

MILD = Calibrated(CutRule(0.2), 100, 0.3, 0.1, 0.1, 0.9, bounded=True)


@pytest.fixture
def knowledge(opened: Opened, hashed: HashedWords, tmp_path: Path) -> Knowledge:
    documents.add_document(opened.database, hashed, incoming(PLEURA))
    documents.add_document(
        opened.database, hashed, incoming(NODULE, "Nodule", "chest-ct", licence="CC0-1.0")
    )
    rules = Rules("hashed@1", {EVERYWHERE: MILD})
    words = WordIndex(tmp_path / "words")
    return Knowledge(opened.database, hashed, ExactIndex(), words, rules)


def test_what_a_query_names_is_found_and_quoted_exactly(
    knowledge: Knowledge, opened: Opened
) -> None:
    best = knowledge.retrieve(Query("solid nodule of 7 mm, CT follow-up"))[0]
    assert best.kept
    assert (best.document, best.version, best.licence) == ("Nodule", "1", "CC0-1.0")
    assert best.place == "Follow-up"
    assert documents.passage_document(opened.database, best.id)["text"] == best.text
    assert best.text in NODULE


def test_nothing_near_is_nothing_kept_and_says_why(knowledge: Knowledge) -> None:
    found = knowledge.retrieve(Query("the price of bread and of butter"))
    assert found
    assert not any(one.kept for one in found)
    assert all(one.why.startswith(("below_min", "distance", "gap")) for one in found)


def test_domains_that_are_named_are_the_only_ones(knowledge: Knowledge) -> None:
    found = knowledge.retrieve(Query("effusion nodule", domains=("chest-film",)))
    assert {one.domain for one in found} == {"chest-film"}
    assert knowledge.retrieve(Query("effusion", domains=("ecg",))) == []


def test_the_header_decides_where_words_do_not(knowledge: Knowledge) -> None:
    found = knowledge.look_up(Query("effusion", modality="CT", body_part="CHEST"))
    assert found.routed[0].evidence.startswith("header")
    assert {one.domain for one in found.passages} == {"chest-ct"}


def test_a_code_brings_words_that_the_query_lacks(knowledge: Knowledge) -> None:
    code = Code("SCT", "60046008", "Pleural effusion")
    found = knowledge.look_up(Query("finding", domains=("chest-film",), codes=(code,)))
    assert "pleural effusion" in found.expanded.sentence
    assert found.scored[0].words >= 0.0
    assert any(one.words > 0 for one in knowledge.look_up(
        Query("hydrothorax", domains=("chest-film",))).scored)  # fmt: skip


def test_what_another_process_adds_and_removes_is_seen_at_the_next_query(
    knowledge: Knowledge, opened: Opened, hashed: HashedWords
) -> None:
    assert not any("hernia" in one.text for one in knowledge.retrieve(Query("hiatal hernia")))
    added = documents.add_document(
        opened.database, hashed, incoming("A hiatal hernia lies behind the heart.", "Hernia")
    )
    assert "hernia" in knowledge.retrieve(Query("hiatal hernia"))[0].text
    documents.remove_document(opened.database, added.document)
    assert not any("hernia" in one.text for one in knowledge.retrieve(Query("hiatal hernia")))


def test_a_passage_of_one_patient_is_found_and_never_kept(
    knowledge: Knowledge, opened: Opened, hashed: HashedWords
) -> None:
    text = "The patient has a pneumothorax of the left apex."
    documents.add_document(opened.database, hashed, incoming(text, "Pneumothorax"))
    best = knowledge.retrieve(Query("pneumothorax of the left apex"))[0]
    assert best.text == text
    assert not best.kept
    assert best.why.startswith("patient_claim")


def test_the_same_text_in_two_documents_is_quoted_once(
    knowledge: Knowledge, opened: Opened, hashed: HashedWords
) -> None:
    documents.add_document(opened.database, hashed, incoming(PLEURA, source="copy"))
    found = knowledge.retrieve(Query("pleural effusion blunts the costophrenic angle"))
    texts = [one.text for one in found if one.kept]
    assert len(texts) == len(set(texts))
    assert any(one.why.startswith("duplicate") for one in found)


def test_no_more_is_kept_than_is_asked_for(knowledge: Knowledge) -> None:
    found = knowledge.retrieve(Query("effusion ultrasound film nodule CT", limit=1))
    assert sum(one.kept for one in found) <= 1


def test_an_empty_knowledge_answers_with_nothing(opened: Opened, hashed: HashedWords) -> None:
    rules = Rules("hashed@1", {EVERYWHERE: MILD})
    empty = Knowledge(opened.database, hashed, ExactIndex(), WordIndex(), rules)
    assert empty.retrieve(Query("nodule")) == []


def test_rules_of_another_embedder_let_nothing_doubtful_through(
    opened: Opened, hashed: HashedWords
) -> None:
    documents.add_document(opened.database, hashed, incoming(PLEURA))
    rules = Rules("minilm@1", {EVERYWHERE: MILD})
    strict = Knowledge(opened.database, hashed, ExactIndex(), WordIndex(), rules)
    assert not any(one.kept for one in strict.retrieve(Query("pleural effusion")))


def test_an_index_refuses_vectors_of_another_embedder(knowledge: Knowledge) -> None:
    from rag.embedding.identity import embed_query

    engine = knowledge.engine()
    with pytest.raises(InputError, match="holds vectors of hashed@1, not of other@1"):
        engine.vectors.search(embed_query(HashedWords("other"), "nodule"), (), 3)


def test_words_are_kept_and_read_again_and_damage_is_seen_and_mended(
    knowledge: Knowledge, opened: Opened, hashed: HashedWords, tmp_path: Path
) -> None:
    from rag.repair import mend

    before = knowledge.retrieve(Query("solid nodule"))
    [kept] = (tmp_path / "words").iterdir()
    again = WordIndex(tmp_path / "words")
    assert mend(opened.database, hashed, ExactIndex(), again, lambda _: None) == []
    data = kept / "data.csc.index.npy"
    content = bytearray(data.read_bytes())
    content[-4:] = b"\0\0\0\0"
    data.write_bytes(bytes(content))
    damaged = WordIndex(tmp_path / "words")
    (mended,) = mend(opened.database, hashed, ExactIndex(), damaged, lambda _: None)
    assert "not those of the passages" in mended.problems[0]
    for name in ("words.json", "shelf.json", "indptr.csc.index.npy"):
        (kept / name).write_bytes(b"\0")
        rules = Rules("hashed@1", {EVERYWHERE: MILD})
        words = WordIndex(tmp_path / "words")
        fresh = Knowledge(opened.database, hashed, ExactIndex(), words, rules)
        assert fresh.retrieve(Query("solid nodule")) == before


def test_vectors_that_are_damaged_are_made_again(opened: Opened, hashed: HashedWords) -> None:
    from sqlalchemy import text

    from rag import integrity
    from rag.repair import mend

    documents.add_document(opened.database, hashed, incoming(PLEURA))
    with opened.database.write() as session:
        session.execute(text("UPDATE knowledge_vectors SET vector = :v"), {"v": b"\0" * 256})
    (mended, *_) = mend(opened.database, hashed, ExactIndex(), WordIndex(), lambda _: None)
    assert "2 vectors were damaged" in mended.problems[0]
    assert integrity.problems(opened.database) == []
    assert mend(opened.database, hashed, ExactIndex(), WordIndex(), lambda _: None) == []


def test_words_that_were_kept_in_another_way_are_made_again(
    knowledge: Knowledge, tmp_path: Path
) -> None:
    knowledge.retrieve(Query("solid nodule"))
    [kept] = (tmp_path / "words").iterdir()
    note = kept / "shelf.json"
    before = note.read_text()
    note.write_text(before.replace('"k1": 0.9', '"k1": 1.2'))
    words = WordIndex(tmp_path / "words")
    words.refresh(knowledge.engine().shelf)
    [again] = (tmp_path / "words").iterdir()
    assert (again / "shelf.json").read_text() == before
