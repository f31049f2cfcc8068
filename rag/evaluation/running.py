"""A labelled set through the same indexes, fusion, domains and cut as a draft's own queries."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medmm.seams import Embedder
from rag.embedding.identity import Embedded, counter, key
from rag.embedding.kept import kept_vectors
from rag.evaluation.beir import LabelledQuery, LabelledSet
from rag.evaluation.figures import MEASURES, Figure, mean_figure
from rag.indexes.bm25 import WordIndex
from rag.indexes.exact import ExactIndex
from rag.indexes.index import VectorIndex
from rag.passages import passages_of
from rag.retrieval.domains import route_words, to_search
from rag.retrieval.engine import Asked, Engine
from rag.retrieval.fusion import Scored
from rag.retrieval.knowledge import SHOWN
from rag.retrieval.synonyms import expand
from rag.shelf import Shelf

DEPTH = 200
"""Passages that each index proposes; their documents are ranked by their best passage."""
FUSED = "fused"


@dataclass(frozen=True, eq=False)
class Answered:
    """One question with every ranking of documents, its domains, and the passages' scores."""

    query: LabelledQuery
    rankings: Mapping[str, tuple[str, ...]]
    domain: str = ""
    confidence: float = 0.0
    scored: tuple[tuple[str, Scored, int], ...] = ()
    """The best passages in the domains that are searched: document, scores, tokens."""


@dataclass(frozen=True)
class Evaluated:
    """Figures by index and measure, and where domains are told, how often they were found."""

    name: str
    split: str
    embedder: str
    documents: int
    passages: int
    answered: tuple[Answered, ...]
    figures: Mapping[str, Mapping[str, Figure]]
    by_domain: Mapping[str, Mapping[str, Figure]]
    domain_accuracy: Figure | None
    confusion: Mapping[tuple[str, str], int]


@dataclass(frozen=True, eq=False)
class Prepared:
    """The passages of a labelled set, ready to be searched; rows know their document."""

    labelled: LabelledSet
    engine: Engine
    owners: tuple[str, ...]
    tokens: tuple[int, ...]


def prepare(
    labelled: LabelledSet,
    embedder: Embedder,
    cache: Path,
    *,
    index: VectorIndex | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Prepared:
    """Split, embed (each text once ever) and index a set's documents."""
    owners: list[str] = []
    tokens: list[int] = []
    texts: list[str] = []
    domains: list[str] = []
    count = counter(embedder)
    for number, (name, incoming) in enumerate(labelled.corpus.items(), 1):
        if number % 500 == 0:
            progress(f"splitting documents, {number} of {len(labelled.corpus)}")
        for passage in passages_of(incoming, count):
            owners.append(name)
            tokens.append(count(passage.piece.text))
            texts.append(passage.embedded_text)
            domains.append(incoming.domain)
    vectors = kept_vectors(
        cache, embedder, texts, lambda done, all_: progress(f"embedding, {done} of {all_}")
    )
    names = tuple(sorted(set(domains)))
    shelf = Shelf(
        database=None,
        revision=0,
        embedder=key(embedder),
        passages=np.arange(len(texts), dtype=np.int64),
        domains=names,
        domain=np.array([names.index(one) for one in domains], np.int16),
        hashes=tuple(texts),
        given=vectors,
    )
    words = WordIndex()
    progress("indexing words")
    words.fill(shelf, texts)
    near = index or ExactIndex()
    near.refresh(shelf)
    return Prepared(labelled, Engine(shelf, near, words), tuple(owners), tuple(tokens))


def evaluate(
    prepared: Prepared,
    embedder: Embedder,
    cache: Path,
    progress: Callable[[str], None] = lambda _: None,
) -> Evaluated:
    """Every question answered, and the figures of it."""
    labelled = prepared.labelled
    expanded = [expand(query.text) for query in labelled.queries]
    vectors = kept_vectors(
        cache,
        embedder,
        [one.sentence for one in expanded],
        lambda done, all_: progress(f"embedding questions, {done} of {all_}"),
    )
    plain = kept_vectors(
        cache, embedder, [query.text for query in labelled.queries], lambda *_: None
    )
    answered = []
    for number, query in enumerate(labelled.queries):
        if number % 50 == 0:
            progress(f"searching, {number} of {len(labelled.queries)}")
        asked = Asked(expanded[number], Embedded(key(embedder), vectors[number]))
        unwidened = Embedded(key(embedder), plain[number])
        answered.append(_answered(prepared, query, asked, unwidened))
    return Evaluated(
        name=labelled.name,
        split=labelled.split,
        embedder=key(embedder),
        documents=len(labelled.corpus),
        passages=len(prepared.engine.shelf),
        answered=tuple(answered),
        figures=_figures(answered),
        by_domain=_by_domain(answered),
        domain_accuracy=_accuracy(answered),
        confusion=Counter((one.query.domain, one.domain) for one in answered if one.query.domain),
    )


def _answered(prepared: Prepared, query: LabelledQuery, asked: Asked, plain: Embedded) -> Answered:
    engine = prepared.engine
    near = engine.vectors.search(plain, (), DEPTH)
    telling = engine.words.search(query.text, (), DEPTH)
    routed = route_words(query.text, engine.votes(asked)) if query.domain else []
    within = to_search(routed)
    scored = engine.scored(asked, within, DEPTH)
    return Answered(
        query,
        {
            "bm25": _documents([hit.row for hit in telling], prepared.owners),
            engine.vectors.name: _documents([hit.row for hit in near], prepared.owners),
            FUSED: _documents([one.row for one in scored], prepared.owners),
        },
        routed[0].domain if routed else "",
        routed[0].confidence if routed else 0.0,
        tuple((prepared.owners[one.row], one, prepared.tokens[one.row]) for one in scored[:SHOWN]),
    )


def _documents(rows: Sequence[int], owners: Sequence[str]) -> tuple[str, ...]:
    """Documents by their best passage, each once."""
    return tuple(dict.fromkeys(owners[row] for row in rows))


def _figures(answered: Sequence[Answered]) -> dict[str, dict[str, Figure]]:
    with_answer = [one for one in answered if one.query.grades]
    names = list(answered[0].rankings) if answered else []
    return {
        name: {
            measure: mean_figure(
                [function(one.rankings[name], one.query.grades) for one in with_answer]
            )
            for measure, function in MEASURES.items()
        }
        for name in names
    }


def _by_domain(answered: Sequence[Answered]) -> dict[str, dict[str, Figure]]:
    """Figures of the fused ranking, by the domain that a question is of."""
    domains = sorted({one.query.domain for one in answered if one.query.domain})
    return {
        name: _figures([one for one in answered if one.query.domain == name])[FUSED]
        for name in domains
    }


def _accuracy(answered: Sequence[Answered]) -> Figure | None:
    told = [one for one in answered if one.query.domain]
    if not told:
        return None
    return mean_figure([float(one.domain == one.query.domain) for one in told])
