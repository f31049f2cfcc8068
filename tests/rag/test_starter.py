"""The starter cards come with their vectors, once for each set, and stay removed."""

from pathlib import Path

import numpy as np

from rag import documents, integrity, starter
from rag.cards import starter_cards
from rag.embedding.identity import key
from rag.embedding.minilm import MiniLM
from rag.starter import bring_starter_cards, shipped_vectors, write_vectors
from tests.rag.conftest import HashedWords
from tests.records.conftest import Opened


def test_all_cards_are_brought_in_once(opened: Opened, hashed: HashedWords) -> None:
    cards = list(starter_cards())
    assert bring_starter_cards(opened.database, hashed) == len(cards)
    asked = hashed.asked
    assert bring_starter_cards(opened.database, hashed) == 0
    assert hashed.asked == asked
    listed = documents.list_documents(opened.database)
    assert len(listed) == len(cards)
    assert all(one.passages and one.licence == "CC0-1.0" for one in listed)
    assert integrity.problems(opened.database) == []


def test_a_card_that_was_removed_stays_removed(opened: Opened, hashed: HashedWords) -> None:
    bring_starter_cards(opened.database, hashed)
    first = documents.list_documents(opened.database)[0]
    documents.remove_document(opened.database, first.document)
    assert bring_starter_cards(opened.database, hashed) == 0
    assert len(documents.list_documents(opened.database)) == len(list(starter_cards())) - 1


def test_a_changed_card_of_a_later_set_replaces_the_earlier(
    opened: Opened, hashed: HashedWords, monkeypatch: object
) -> None:
    from dataclasses import replace

    bring_starter_cards(opened.database, hashed)
    (first, *rest) = starter._incoming()
    changed = (replace(first, sha256="0" * 64, version="2"), *rest)
    monkeypatch.setattr(starter, "_incoming", lambda: changed)  # type: ignore[attr-defined]
    assert bring_starter_cards(opened.database, hashed) == 1
    versions = [
        one.version
        for one in documents.list_documents(opened.database, superseded=True)
        if one.source == first.source
    ]
    assert sorted(versions) == ["1", "2"]


def test_the_vectors_that_ship_are_those_of_the_cards(tmp_path: Path) -> None:
    """After a card has changed: python -m rag.starter."""
    embedder = MiniLM(tmp_path / "onnx")
    made = tmp_path / "vectors.safetensors"
    shipped = shipped_vectors(key(embedder))
    assert write_vectors(made, embedder) == len(shipped)
    texts = {
        one.embedded: one.embedded_text
        for card in starter._incoming()
        for one in starter.passages_of(card, embedder.count)
    }
    assert texts.keys() == shipped.keys()
    names = sorted(texts)[::20]
    fresh = embedder.embed([texts[name] for name in names])
    kept = np.stack([np.frombuffer(shipped[name], "<f4") for name in names])
    assert np.abs(fresh - kept).max() < 1e-5


def test_vectors_of_another_embedder_are_not_taken() -> None:
    assert shipped_vectors("hashed@1") == {}
