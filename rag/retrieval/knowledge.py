"""The retriever: a query in, passages out, each kept or not with why; nothing kept is an answer."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from medmm.database import Database
from medmm.nouns import Passage, Query
from medmm.seams import Embedder
from rag.embedding.identity import counter
from rag.indexes.bm25 import WordIndex
from rag.indexes.index import VectorIndex
from rag.retrieval.calibration import Calibrated, Rules
from rag.retrieval.cut import Candidate, CutRule, cut
from rag.retrieval.domains import Routed, route_header, route_words, to_search
from rag.retrieval.engine import Asked, Engine, ask
from rag.retrieval.fusion import Scored
from rag.retrieval.synonyms import Expanded, expand
from rag.safety import barred
from rag.shelf import ShelfChangedError, current_revision, read_shelf
from rag.tables import DocumentRow, PassageRow

TRIES = 3
SHOWN = 8
"""At least so many of the best candidates are looked at and told of."""


def _silent(_: str) -> None:
    """Progress that nobody asked for."""


@dataclass(frozen=True, eq=False)
class Found:
    """What a query brought, and everything that led to it."""

    passages: tuple[Passage, ...]
    scored: tuple[Scored, ...]
    expanded: Expanded
    routed: tuple[Routed, ...]
    searched: tuple[str, ...]
    calibrated: Calibrated
    index: str


class Knowledge:
    """A `medmm.seams.Retriever` over the documents of one database.

    It looks at the database's count of changes before each query, so that what another process
    adds or removes is seen at once.
    """

    def __init__(
        self,
        database: Database,
        embedder: Embedder,
        vectors: VectorIndex,
        words: WordIndex,
        rules: Rules,
        progress: Callable[[str], None] = _silent,
    ) -> None:
        self._database = database
        self._embedder = embedder
        self._vectors = vectors
        self._words = words
        self._rules = rules
        self._progress = progress
        self._engine: Engine | None = None

    def retrieve(self, query: Query) -> list[Passage]:
        """The best candidates, best first; those that are kept may be quoted.

        Raises:
            HomeError: the database or an index cannot be used now.
            MissingError: the embedder is not there.
        """
        return list(self.look_up(query).passages)

    def look_up(self, query: Query) -> Found:
        """`retrieve` with what led to it."""
        for _ in range(TRIES):
            try:
                return self._look_up(query)
            except ShelfChangedError:
                # A passage went between reading the shelf and its vectors: read it again.
                self._engine = None
        return self._look_up(query)

    def _look_up(self, query: Query) -> Found:
        engine = self.engine()
        expanded = expand(query.text, query.codes)
        asked = ask(self._embedder, expanded)
        routed, searched = self._where(query, engine, asked)
        scored = engine.scored(asked, searched)[: max(SHOWN, 2 * query.limit)]
        name = engine.shelf.embedder
        calibrated = self._rules.of((one.domain for one in routed), name)
        passages, order = self._passages(engine, scored, calibrated.rule, query.limit)
        return Found(
            passages, order, expanded, tuple(routed), searched, calibrated, self._vectors.name
        )

    def engine(self) -> Engine:
        """Both indexes in line with the database as it is now."""
        with self._database.read() as session:
            revision = current_revision(session)
        if self._engine is None or self._engine.shelf.revision != revision:
            shelf = read_shelf(self._database, self._embedder, self._progress)
            self._vectors.refresh(shelf)
            self._words.refresh(shelf)
            self._engine = Engine(shelf, self._vectors, self._words)
        return self._engine

    def _where(
        self, query: Query, engine: Engine, asked: Asked
    ) -> tuple[Sequence[Routed], tuple[str, ...]]:
        """Where to look: as named, else by the header, else by the words."""
        if query.domains:
            named = [Routed(domain, 1.0, "named") for domain in query.domains]
            return named, query.domains
        header = route_header(query.modality, query.body_part)
        if len(header) == 1:
            return header, to_search(header)
        votes = engine.votes(asked)
        if header:
            # The header leaves several: the words decide between those.
            names = {one.domain for one in header}
            votes = {name: vote for name, vote in votes.items() if name in names}
        routed = route_words(query.text, votes)
        return routed, to_search(routed)

    def _passages(
        self, engine: Engine, scored: Sequence[Scored], rule: CutRule, limit: int
    ) -> tuple[tuple[Passage, ...], tuple[Scored, ...]]:
        shelf = engine.shelf
        ids = {one.row: int(shelf.passages[one.row]) for one in scored}
        rows = self._read(ids.values())
        there = [one for one in scored if ids[one.row] in rows]
        count = counter(self._embedder)
        decisions = cut(
            [
                Candidate(
                    id=one.row,
                    score=one.score,
                    tokens=count(rows[ids[one.row]][0].text),
                    same=rows[ids[one.row]][0].text,
                    barred=barred(rows[ids[one.row]][0].text),
                )
                for one in there
            ],
            CutRule(rule.minimum, rule.distance, rule.gap, min(limit, rule.most), rule.tokens),
        )
        by_row = {one.row: one for one in there}
        passages = tuple(
            _passage(
                *rows[ids[one.candidate.id]],
                score=one.candidate.score,
                kept=one.kept,
                why=f"{one.reason}: {one.told}",
            )
            for one in decisions
        )
        return passages, tuple(by_row[one.candidate.id] for one in decisions)

    def _read(self, ids: Iterable[int]) -> Mapping[int, tuple[PassageRow, DocumentRow]]:
        with self._database.read() as session:
            found = session.execute(
                select(PassageRow, DocumentRow)
                .join(DocumentRow, DocumentRow.id == PassageRow.document_id)
                .where(PassageRow.id.in_(list(ids)), DocumentRow.superseded.is_(None))
            )
            return {row.PassageRow.id: (row.PassageRow, row.DocumentRow) for row in found}


def _passage(
    passage: PassageRow, document: DocumentRow, *, score: float, kept: bool, why: str
) -> Passage:
    return Passage(
        id=f"{document.id}.{passage.place}",
        text=passage.text,
        document=document.title,
        version=document.version,
        domain=document.domain,
        licence=document.licence,
        score=round(score, 4),
        kept=kept,
        why=why,
        place=_place(passage),
    )


def _place(passage: PassageRow) -> str:
    """Where in its document a passage stands, in words."""
    parts = [*passage.headings]
    if passage.page is not None:
        parts.append(f"page {passage.page}")
    return ", ".join(str(part) for part in parts)
