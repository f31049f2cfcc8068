"""Speed and memory of retrieval at 10,000 and 100,000 passages, and what an index may miss.

Passages are sentences made of the words of the starter cards; each is embedded for 10,000, and the
100,000 are those and copies of them moved a little (an embedding of 90,000 more texts would take
half an hour and change nothing of what is timed). Only ratios, recall and growth fail the run.
"""

import argparse
import gc
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from medmm import home as home_module
from medmm.database import Database
from medmm.nouns import Document, Query
from medmm.records import migrations
from rag.cards import starter_cards
from rag.documents import add_document, add_documents
from rag.embedding.identity import Vectors, key
from rag.embedding.minilm import MiniLM
from rag.incoming import Incoming
from rag.indexes.bm25 import WordIndex
from rag.indexes.exact import ExactIndex
from rag.indexes.index import VectorIndex
from rag.passages import content_hash, passages_of
from rag.retrieval.calibration import read_rules
from rag.retrieval.domains import route_words, to_search
from rag.retrieval.engine import Engine, ask
from rag.retrieval.knowledge import Knowledge
from rag.retrieval.synonyms import expand
from rag.shelf import Shelf
from tests.benchmarks.speed import calibration

DOMAINS = ("abdomen-ct", "brain-mr", "chest-ct", "chest-film", "general", "ultrasound")
RECALL = 0.95
GROWTH_MB = 40.0
PEER_RATIO = 3.0
"""A whole query at 100,000 passages beside one product over all vectors, the least it needs."""
QUERIES = 40


def sentences(count: int) -> list[str]:
    """Sentences of the cards' own words, no two alike."""
    drawing = random.Random(5)
    words = [word for card in starter_cards() for word in card.body.split() if word.isalpha()]
    return [f"{' '.join(drawing.choices(words, k=14))} {number}." for number in range(count)]


def shelf_of(vectors: Vectors, embedder: str) -> Shelf:
    """Rows spread over all domains."""
    count = len(vectors)
    return Shelf(
        None, 0, embedder, np.arange(count, dtype=np.int64), DOMAINS,
        np.arange(count, dtype=np.int16) % len(DOMAINS),
        tuple(content_hash(str(number)) for number in range(count)), vectors,
    )  # fmt: skip


def questions() -> list[str]:
    """Titles of cards as questions."""
    titles = [card.title for card in starter_cards()]
    return random.Random(6).sample(titles, QUERIES)


def timed(run: Callable[[str], object], asked: Sequence[str]) -> float:
    """Median milliseconds of a query, after two that fill caches."""
    for text in asked[:2]:
        run(text)
    taken = []
    for text in asked:
        started = time.perf_counter()
        run(text)
        taken.append(1000 * (time.perf_counter() - started))
    return statistics.median(taken)


def querying(engine: Engine, embedder: MiniLM) -> Callable[[str], object]:
    """What a query costs from its text to its ranking, domains by its words included."""

    def run(text: str) -> object:
        asked = ask(embedder, expand(text))
        within = to_search(route_words(text, engine.votes(asked)))
        return engine.scored(asked, within)

    return run


def at_size(texts: list[str], vectors: Vectors, embedder: MiniLM) -> bool:
    """Exact search at one size."""
    shelf = shelf_of(vectors, key(embedder))
    words, exact = WordIndex(), ExactIndex()
    started = time.perf_counter()
    words.fill(shelf, texts)
    exact.refresh(shelf)
    built = time.perf_counter() - started
    milliseconds = timed(querying(Engine(shelf, exact, words), embedder), questions())
    peer_query = vectors[0].copy()
    peer = timed(lambda _: np.argpartition(vectors @ peer_query, -50), questions())
    ratio = milliseconds / peer
    good = len(vectors) < 50_000 or ratio < PEER_RATIO + 20 / peer
    print(
        f"{len(vectors):>7} passages, exact and words: {milliseconds:.1f} ms a query, "
        f"{ratio:.1f} x one product over all; words indexed in {built:.1f} s"
        f"{'' if good else '  TOO SLOW'}"
    )
    return good


def chroma_recall(vectors: Vectors, embedder: MiniLM, folder: Path) -> bool:
    """How much of the exact top 10 Chroma finds at its settings."""
    from rag.indexes.chroma import ChromaIndex

    shelf = shelf_of(vectors, key(embedder))
    exact, chroma = ExactIndex(), ChromaIndex(folder)
    started = time.perf_counter()
    exact.refresh(shelf)
    chroma.refresh(shelf)
    built = time.perf_counter() - started
    found = recall(exact, chroma, embedder)
    asked = [ask(embedder, expand(text)) for text in questions()]
    by_text = dict(zip(questions(), asked, strict=True))
    milliseconds = timed(lambda text: chroma.search(by_text[text].vector, (), 10), questions())
    chroma.close()
    print(
        f"{len(vectors):>7} passages, chroma: recall of the exact top 10 {found:.3f}, "
        f"{milliseconds:.1f} ms a search, built in {built:.0f} s"
        f"{'' if found >= RECALL else '  MISSES TOO MUCH'}"
    )
    return found >= RECALL


def recall(exact: VectorIndex, other: VectorIndex, embedder: MiniLM) -> float:
    """The mean share of the exact ten over all questions and domains."""
    shares = []
    for text in questions():
        vector = ask(embedder, expand(text)).vector
        for within in ((), ("chest-ct",), ("chest-film", "general")):
            true = {hit.row for hit in exact.search(vector, within, 10)}
            seen = {hit.row for hit in other.search(vector, within, 10)}
            shares.append(len(true & seen) / len(true))
    return statistics.mean(shares)


def document_of(texts: list[str], title: str) -> Incoming:
    """A document with one passage for each text."""
    text = "\n\n".join(f"## Part {number}\n\n{one}" for number, one in enumerate(texts))
    return Incoming(title, Document(text, title, "text/markdown"), "chest-ct", content_hash(title))


def adding(database: Database, embedder: MiniLM) -> bool:
    """A document of 1,000 passages added."""
    started = time.perf_counter()
    added = add_document(database, embedder, document_of(sentences(1000), "Thousand"))
    print(f"adding {added.passages} passages: {time.perf_counter() - started:.1f} s")
    return added.passages == 1000


def whole_queries(database: Database, embedder: MiniLM, words: Path) -> bool:
    """1,000 queries as a draft asks them, with the database's part: milliseconds and memory."""
    knowledge = Knowledge(database, embedder, ExactIndex(), WordIndex(words), read_rules())
    asked = questions()
    taken, before = [], 0.0
    for number in range(1000):
        started = time.perf_counter()
        knowledge.retrieve(Query(f"{asked[number % len(asked)]} {number}"))
        taken.append(1000 * (time.perf_counter() - started))
        if number == 200:
            gc.collect()
            before = resident_mb()
    gc.collect()
    growth = resident_mb() - before
    good = growth < GROWTH_MB
    print(
        f"{len(knowledge.engine().shelf):>7} passages, whole queries: "
        f"{statistics.median(taken):.1f} ms each, {max(taken[1:]):.0f} ms at most; memory over the "
        f"last 800: {growth:+.1f} MB{'' if good else '  GROWS'}; peak {peak_mb():.0f} MB"
    )
    return good


def resident_mb() -> float:
    """Resident memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def peak_mb() -> float:
    """The most that was resident."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def moved(vectors: Vectors, times: int) -> Vectors:
    """Copies of vectors, each moved a little and at unit length again."""
    drawing = np.random.default_rng(7)
    copies = [vectors]
    for _ in range(times - 1):
        noise = drawing.standard_normal(vectors.shape).astype(np.float32)
        turned = vectors + 0.02 * noise
        copies.append(turned / np.linalg.norm(turned, axis=1, keepdims=True))
    return np.concatenate(copies).astype(np.float32)


def main(small: int = 10_000, copies: int = 10) -> int:
    """Print all; 1 if something is outside its bars."""
    embedder = MiniLM()
    print(f"calibration loop {calibration():.2f} s")
    incoming = document_of(sentences(small), "Many")
    passages = passages_of(incoming, embedder.count)
    texts = [one.embedded_text for one in passages]
    started = time.perf_counter()
    vectors = embedder.embed(texts)
    print(f"embedding {small} short texts: {small / (time.perf_counter() - started):.0f} a second")
    with tempfile.TemporaryDirectory() as scratch:
        home = home_module.prepare(Path(scratch) / "home")
        database = Database(home.database_url)
        migrations.ensure(database, home)
        good = [adding(database, embedder)]
        known = {
            one.embedded: vector.tobytes() for one, vector in zip(passages, vectors, strict=True)
        }
        add_documents(database, embedder, [incoming], vectors=known)
        good.append(whole_queries(database, embedder, Path(scratch) / "words"))
        database.close()
        good.append(at_size(texts, vectors, embedder))
        good.append(at_size(texts * copies, moved(vectors, copies), embedder))
        good.append(chroma_recall(vectors, embedder, Path(scratch) / "chroma"))
    return 0 if all(good) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=10_000, help="the smaller size")
    sys.exit(main(parser.parse_args().passages))
