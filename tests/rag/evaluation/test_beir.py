"""Labelled sets are read as BEIR lays them out, and what is wrong with one is told."""

import json
from pathlib import Path

import pytest

from medmm.errors import InputError
from rag.cards import starter_cards
from rag.evaluation.beir import own_questions, read_beir
from rag.evaluation.running import evaluate, prepare
from tests.rag.conftest import HashedWords


def lay_out(folder: Path, labels: str = "q1\td1\t2\nq1\td3\t0\nq2\td2\t1\n") -> Path:
    documents = [
        ("d1", "Effusion", "A pleural effusion blunts the costophrenic angle."),
        ("d2", "", "A solid nodule of 7 mm is followed by CT."),
        ("d3", "Hernia", "A hiatal hernia lies behind the heart."),
    ]
    queries = [("q1", "blunted costophrenic angle"), ("q2", "nodule of 7 mm"), ("q3", "unlabelled")]
    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl").write_text(
        "\n".join(json.dumps({"_id": i, "title": t, "text": x}) for i, t, x in documents)
    )
    (folder / "queries.jsonl").write_text(
        "\n".join(json.dumps({"_id": i, "text": x}) for i, x in queries)
    )
    (folder / "qrels" / "test.tsv").write_text(f"query-id\tcorpus-id\tscore\n{labels}")
    return folder


def test_a_set_is_read_with_its_grades(tmp_path: Path) -> None:
    read = read_beir(lay_out(tmp_path / "set"))
    assert [(one.id, dict(one.grades)) for one in read.queries] == [
        ("q1", {"d1": 2}), ("q2", {"d2": 1}),
    ]  # fmt: skip
    assert read.corpus["d1"].document.title == "Effusion"
    assert (read.split, read.warnings) == ("test", ())


def test_labels_of_documents_that_are_not_there_are_told(tmp_path: Path) -> None:
    read = read_beir(lay_out(tmp_path / "set", "q1\td1\t1\nq2\tgone\t1\n"))
    assert read.warnings == ("1 labels name documents that are not there.",)


def test_every_index_finds_what_words_name_and_a_second_run_embeds_nothing(
    tmp_path: Path, hashed: HashedWords
) -> None:
    read = read_beir(lay_out(tmp_path / "set"))
    first = evaluate(prepare(read, hashed, tmp_path / "cache"), hashed, tmp_path / "cache")
    assert set(first.figures) == {"bm25", "exact", "fused"}
    assert all(figures["hit@1"].value == 1.0 for figures in first.figures.values())
    asked = hashed.asked
    again = evaluate(prepare(read, hashed, tmp_path / "cache"), hashed, tmp_path / "cache")
    assert hashed.asked == asked
    assert again.figures == first.figures


@pytest.mark.parametrize(
    ("missing", "told"),
    [("corpus.jsonl", "corpus.jsonl is missing"), ("qrels/test.tsv", "no qrels")],
)
def test_what_a_folder_lacks_is_told(tmp_path: Path, missing: str, told: str) -> None:
    folder = lay_out(tmp_path / "set")
    (folder / missing).unlink()
    with pytest.raises(InputError, match=told):
        read_beir(folder)


def test_lines_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "set")
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\tvery\n")
    with pytest.raises(InputError, match=r"Line 2 of .*test\.tsv"):
        read_beir(folder)
    (folder / "corpus.jsonl").write_text('{"_id": "d1", "text": "a"}\nnot json\n')
    with pytest.raises(InputError, match=r"Line 2 of .*corpus\.jsonl"):
        read_beir(folder)
    with pytest.raises(InputError, match="no split 'dev'"):
        read_beir(lay_out(tmp_path / "other"), "dev")


def test_our_questions_quote_their_answers_and_a_third_is_held_back() -> None:
    bodies = {card.id: card.body for card in starter_cards()}
    tuning, held_back = own_questions("tuning"), own_questions("held_back")
    assert len(tuning.queries) + len(held_back.queries) == 360
    assert len(held_back.queries) * 3 == 360
    assert not {one.id for one in tuning.queries} & {one.id for one in held_back.queries}
    folder = Path(__import__("rag").__file__).parent / "knowledge" / "questions"
    answers = 0
    for line in (folder / "queries.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        if "answer" in row["metadata"]:
            answers += 1
            assert row["metadata"]["answer"] in bodies[row["_id"].partition("#")[0]]
    assert answers == 270
    assert {one.domain for one in held_back.queries} == {card.domain for card in starter_cards()}
