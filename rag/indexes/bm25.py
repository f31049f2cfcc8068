"""Search by words (BM25, Robertson and Zaragoza 2009, doi:10.1561/1500000019) through bm25s."""

import json
import math
import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from medmm.errors import InputError
from medmm.home import storage_error, sync_folder
from rag.indexes.index import Hit, best
from rag.passages import embedded_text
from rag.shelf import Shelf
from rag.tables import DocumentRow, PassageRow
from rag.words import stems

if TYPE_CHECKING:
    from bm25s import BM25

K1 = 0.9
B = 0.4
"""As Anserini's defaults for passages."""
OTHERS_WEIGHT = 0.5
"""Of a synonym beside a word that the query itself has."""
NOTE = "shelf.json"
FORM = 1

Scores: TypeAlias = NDArray[np.float32]


class WordIndex:
    """Words of all passages; kept in a folder by content, so that a large one is made once."""

    name = "bm25"

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._shelf: Shelf | None = None
        self._bm25: BM25 | None = None
        self._numbers: dict[str, int] = {}
        self._last: tuple[tuple[str, tuple[str, ...]], Scores] | None = None

    def refresh(self, shelf: Shelf) -> None:
        """Hold the words of this shelf: as kept, or made now and kept.

        Raises:
            StorageError: they cannot be kept now.
        """
        self._shelf = shelf
        self._bm25 = self._last = None
        if not len(shelf):
            return
        if self._folder is None:
            self._make(_texts(shelf))
            return
        kept = self._folder / shelf.sequence
        if not self._read(kept):
            texts = _texts(shelf)
            self._make(texts)
            if all(texts):
                self._keep(kept)

    def fill(self, shelf: Shelf, texts: Sequence[str]) -> None:
        """Hold the words of a shelf that has no database: one text for each row."""
        self._shelf = shelf
        self._make(texts)

    def shares(self, text: str, others: Sequence[str] = ()) -> Scores:
        """What each row has of a query's words, by their rarity: 0 none, 1 all of them, often.

        ``others`` are words for the same things; they count `OTHERS_WEIGHT` and may stand in for
        what a row lacks, so the share is cut at 1.
        """
        if self._bm25 is None:
            return np.zeros(0, np.float32)
        asked = (text, tuple(others))
        if self._last is None or self._last[0] != asked:
            # One question is asked of several domains in turn.
            self._last = (asked, self._shares(text, others))
        return self._last[1]

    def _shares(self, text: str, others: Sequence[str]) -> Scores:
        own = list(dict.fromkeys(stems(text)))
        more = [word for word in dict.fromkeys(stems(" ".join(others))) if word not in set(own)]
        most = sum(self._rarity(word) for word in own)
        if not most:
            return np.zeros(self._index.scores["num_docs"], np.float32)
        scores = self._scores(own) + OTHERS_WEIGHT * self._scores(more)
        return np.minimum(scores / np.float32(most), np.float32(1))

    def search(
        self, text: str, domains: Iterable[str], limit: int, others: Sequence[str] = ()
    ) -> list[Hit]:
        """At most ``limit`` rows of these domains that share a word, best first, by share."""
        if self._bm25 is None or self._shelf is None:
            return []
        shares = self.shares(text, others)
        return best(shares, self._shelf.within(domains) & (shares > 0), limit)

    def _scores(self, words: Sequence[str]) -> Scores:
        """BM25 of every row for some words."""
        index = self._index
        numbers = [self._numbers[word] for word in words if word in self._numbers]
        if not numbers:
            return np.zeros(index.scores["num_docs"], np.float32)
        return np.asarray(index.get_scores_from_ids(numbers), np.float32)

    def _rarity(self, word: str) -> float:
        """The most that a word can add to a score: its inverse document frequency (Lucene's)."""
        index = self._index
        total, number = int(index.scores["num_docs"]), self._numbers.get(word)
        pointers = index.scores["indptr"]
        holding = 0 if number is None else int(pointers[number + 1]) - int(pointers[number])
        return math.log(1 + (total - holding + 0.5) / (holding + 0.5))

    @property
    def _index(self) -> "BM25":
        if self._bm25 is None:
            raise InputError("The words have not been read yet.")
        return self._bm25

    def problems(self) -> list[str]:
        """What is wrong with the kept files; they are read whole."""
        if self._folder is None or self._shelf is None or not len(self._shelf):
            return []
        fresh = WordIndex()
        fresh.refresh(self._shelf)
        same = self._bm25 is not None and self._numbers == fresh._numbers
        if same and self._bm25 is not None and fresh._bm25 is not None:
            same = all(
                np.array_equal(self._bm25.scores[part], fresh._bm25.scores[part])
                for part in ("data", "indices", "indptr")
            )
        return [] if same else [f"The words kept in {self._folder} are not those of the passages."]

    def drop(self) -> None:
        """Forget what is kept, so that the next refresh makes it anew."""
        self._bm25 = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _make(self, texts: Iterable[str]) -> None:
        import bm25s
        from bm25s.tokenization import Tokenized

        numbers: dict[str, int] = {}
        ids = [[numbers.setdefault(word, len(numbers)) for word in stems(text)] for text in texts]
        if not numbers:
            self._bm25, self._numbers = None, {}
            return
        index = bm25s.BM25(k1=K1, b=B)
        index.index(Tokenized(ids, numbers), show_progress=False)
        self._bm25, self._numbers = index, numbers

    def _read(self, kept: Path) -> bool:
        """Take what is kept, if it is whole and of this shelf."""
        import bm25s

        shelf = self._shelf
        if shelf is None:
            return False
        try:
            note = json.loads((kept / NOTE).read_text("utf-8"))
            if note != _note(shelf):
                return False
            index = bm25s.BM25.load(str(kept), mmap=True, show_progress=False)
            numbers = json.loads((kept / "words.json").read_text("utf-8"))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return False
        if index.scores["num_docs"] != len(shelf) or len(index.scores["indptr"]) < len(numbers):
            return False
        self._bm25, self._numbers = index, numbers
        return True

    def _keep(self, kept: Path) -> None:
        """Write a folder beside, then give it its name; what was kept before goes."""
        if self._bm25 is None or self._shelf is None:
            return
        parent = kept.parent
        try:
            parent.mkdir(parents=True, exist_ok=True)
            part = Path(tempfile.mkdtemp(suffix=".part", dir=parent))
            try:
                self._bm25.save(str(part), show_progress=False)
                (part / "words.json").write_text(json.dumps(self._numbers), "utf-8")
                (part / NOTE).write_text(json.dumps(_note(self._shelf)), "utf-8")
                shutil.rmtree(kept, ignore_errors=True)
                os.replace(part, kept)
            except BaseException:
                shutil.rmtree(part, ignore_errors=True)
                raise
            for old in parent.iterdir():
                if old != kept and not old.name.endswith(".part"):
                    shutil.rmtree(old, ignore_errors=True)
            sync_folder(parent)
        except OSError as error:
            if kept.exists():
                return  # another process was quicker with the same words
            raise storage_error(error, parent) from error


def _note(shelf: Shelf) -> dict[str, Any]:
    return {"form": FORM, "content": shelf.sequence, "rows": len(shelf), "k1": K1, "b": B}


def _texts(shelf: Shelf) -> list[str]:
    """What is embedded for each row, which is what it is found by; "" for one that is gone."""
    texts = dict.fromkeys(shelf.passages.tolist(), "")
    if shelf.database is None:
        return list(texts.values())
    with shelf.database.read() as session:
        rows = session.execute(
            select(PassageRow, DocumentRow.title, DocumentRow.words)
            .join(DocumentRow, DocumentRow.id == PassageRow.document_id)
            .execution_options(yield_per=2000)
        )
        for row, title, words in rows:
            if row.id in texts:
                texts[row.id] = embedded_text(
                    title, words, row.headings, row.table_header, row.text
                )
    return list(texts.values())
