"""A ready home on SQLite and on PostgreSQL, and an embedder that needs no weights."""

import hashlib

import numpy as np
import pytest
from numpy.typing import NDArray

from medmm.nouns import Card
from rag.words import plain_words
from tests.records.conftest import (  # noqa: F401  # fixtures
    database_url,
    empty,
    opened,
    postgres_admin,
    schema_url,
    sqlite_home,
)


class HashedWords:
    """A real embedder of another kind: each word has a direction of its own (feature hashing)."""

    def __init__(self, name: str = "hashed", width: int = 64) -> None:
        self.width = width
        self.asked = 0
        self.card = Card(
            name=name, version="1", task="words into directions", status="demonstrator",
            modalities=(), body_parts=(), needs="text", outputs=(), assesses=(),
        )  # fmt: skip

    def embed(self, texts: list[str]) -> NDArray[np.float32]:
        self.asked += len(texts)
        return np.stack([self._one(text) for text in texts])

    def count(self, text: str) -> int:
        return len(plain_words(text))

    def _one(self, text: str) -> NDArray[np.float32]:
        total = np.zeros(self.width, np.float32)
        total[0] = 0.01
        for word in plain_words(text):
            seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")
            total += np.random.default_rng(seed).normal(size=self.width).astype(np.float32)
        return np.asarray(total / np.linalg.norm(total), np.float32)


@pytest.fixture
def hashed() -> HashedWords:
    """Texts that share words lie near each other."""
    return HashedWords()
