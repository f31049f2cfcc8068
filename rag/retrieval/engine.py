"""Both indexes over one shelf, asked together."""

from collections.abc import Iterable
from dataclasses import dataclass

from medmm.seams import Embedder
from rag.embedding.identity import Embedded, embed_query
from rag.indexes.bm25 import WordIndex
from rag.indexes.index import VectorIndex
from rag.retrieval.fusion import Scored, candidates, cosines, fuse
from rag.retrieval.synonyms import Expanded
from rag.shelf import Shelf

DEPTH = 50
"""How many each index proposes; what neither has among them is no candidate."""
VOTE_DEPTH = 3


@dataclass(frozen=True, eq=False, slots=True)
class Asked:
    """A query, expanded and embedded once."""

    expanded: Expanded
    vector: Embedded


@dataclass(frozen=True, eq=False)
class Engine:
    """A shelf with an index of its vectors and one of its words, both in line with it."""

    shelf: Shelf
    vectors: VectorIndex
    words: WordIndex

    def scored(self, asked: Asked, domains: Iterable[str], depth: int = DEPTH) -> list[Scored]:
        """Candidates of these domains (none named: of all), best first."""
        within = tuple(domains)
        expanded = asked.expanded
        near = self.vectors.search(asked.vector, within, depth)
        telling = self.words.search(expanded.text, within, depth, expanded.others)
        rows = candidates(near, telling)
        shares = self.words.shares(expanded.text, expanded.others)
        products = {hit.row: hit.score for hit in near}
        lacking = [row for row in rows if row not in products]
        products.update(
            zip(
                lacking,
                cosines(asked.vector.values, self.shelf.vectors_of(lacking)),
                strict=True,
            )
        )
        return fuse(
            rows,
            [products[row] for row in rows],
            {row: float(shares[row]) for row in rows} if len(shares) else {},
        )

    def votes(self, asked: Asked) -> dict[str, float]:
        """How well the best passage of each domain answers."""
        best = {name: self.scored(asked, (name,), VOTE_DEPTH) for name in self.shelf.domains}
        return {name: scored[0].score for name, scored in best.items() if scored}


def ask(embedder: Embedder, expanded: Expanded) -> Asked:
    """A query made ready for an engine."""
    return Asked(expanded, embed_query(embedder, expanded.sentence))
