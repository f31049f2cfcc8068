"""The knowledge of a home put together: embedder, indexes and rules by its settings."""

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medmm import plugins
from medmm.assembly.acting import allowed, event_of, happened, noted
from medmm.assembly.homes import OpenHome
from medmm.errors import InputError, MedmmError, NotFoundError
from medmm.nouns import Passage, Query
from medmm.records.access import Thing
from medmm.records.audit import Event, record, sealing
from medmm.seams import DocumentReader, Embedder
from rag import documents, incoming, repair
from rag.indexes.bm25 import WordIndex
from rag.indexes.choose import vector_index
from rag.indexes.index import VectorIndex
from rag.repair import Mended
from rag.retrieval.calibration import read_rules
from rag.retrieval.knowledge import Found, Knowledge
from rag.starter import bring_starter_cards

log = logging.getLogger("medmm.knowledge")

Document = dict[str, Any]


def _silent(_: str) -> None:
    """Progress that nobody asked for."""


def embedder_of(opened: OpenHome) -> Embedder:
    """The embedder that the settings name, keeping its files in the home's cache.

    Raises:
        PluginError: it is unknown or broken.
    """
    embedder: Embedder = plugins.load_one("medmm.embedders", opened.home.settings.embedder)
    prepare: Callable[[Path], None] | None = getattr(embedder, "prepare", None)
    if prepare is not None:
        prepare(opened.path / "cache" / "onnx")
    return embedder


@dataclass(frozen=True, eq=False, slots=True)
class KnowledgeParts:
    """What a home's knowledge is searched with."""

    embedder: Embedder
    vectors: VectorIndex
    words: WordIndex


@contextmanager
def open_parts(opened: OpenHome) -> Iterator[KnowledgeParts]:
    """Embedder and indexes by the home's settings.

    Raises:
        MissingError: the embedder or an index is not installed.
    """
    vectors = vector_index(
        opened.home.settings.index,
        opened.path / "chroma",
        documents.count_passages(opened.database),
    )
    try:
        words = WordIndex(opened.path / "cache" / "bm25")
        yield KnowledgeParts(embedder_of(opened), vectors, words)
    finally:
        vectors.close()


@contextmanager
def open_knowledge(
    opened: OpenHome, progress: Callable[[str], None] = _silent
) -> Iterator[Knowledge]:
    """The home's knowledge, with the starter cards in it.

    Raises:
        HomeError: it cannot be used now.
        MissingError: the embedder or an index is not installed.
    """
    with open_parts(opened) as parts:
        bring_starter_cards(opened.database, parts.embedder)
        rules = read_rules(opened.path)
        yield Knowledge(
            opened.database, parts.embedder, parts.vectors, parts.words, rules, progress
        )


class HomeRetriever:
    """A `medmm.seams.Retriever` that opens the home's knowledge with its first query."""

    def __init__(self, opened: OpenHome, progress: Callable[[str], None] = _silent) -> None:
        self._opened = opened
        self._progress = progress
        self._entered: Any = None
        self._knowledge: Knowledge | None = None

    def retrieve(self, query: Query) -> list[Passage]:
        """Candidates best first.

        Raises:
            MedmmError: the knowledge cannot be asked now.
        """
        if self._knowledge is None:
            self._entered = open_knowledge(self._opened, self._progress)
            self._knowledge = self._entered.__enter__()
        return self._knowledge.retrieve(query)

    def close(self) -> None:
        """Give back what was opened."""
        if self._entered is not None:
            self._entered.__exit__(None, None, None)
            self._entered = self._knowledge = None


@dataclass(frozen=True, slots=True)
class AddRequest:
    """What a user says of documents to be added."""

    domain: str
    version: str = ""
    licence: str = ""
    added_by: str = ""


def add_paths(
    opened: OpenHome,
    paths: Sequence[Path],
    request: AddRequest,
    progress: Callable[[str], None] = _silent,
) -> Document:
    """Add files, and all files in folders that a reader knows; each whole or not at all.

    What was added before a stop stays, and the same command then goes on with the rest.

    Raises:
        NotFoundError: a path is not there.
        HomeError: the home cannot be written now.
    """
    incoming.check_domain(request.domain)
    allowed(opened, "add_knowledge")
    loaded, problems = plugins.load_all("medmm.document_readers")
    readers: tuple[DocumentReader, ...] = tuple(loaded.values())
    embedder = embedder_of(opened)
    added: list[Document] = []
    refused: list[Document] = []
    skipped: list[Document] = []
    files = list(_files(paths, readers, skipped))
    for number, path in enumerate(files, 1):
        progress(f"adding {path.name}, {number} of {len(files)}")
        try:
            read = incoming.from_file(
                path, request.domain, readers, version=request.version, licence=request.licence
            )
            with sealing(opened.database, opened.home):
                one = documents.add_document(
                    opened.database,
                    embedder,
                    read,
                    added_by=request.added_by,
                    also=lambda session, added: record(session, _addition(opened, added)),
                )
        except InputError as error:
            refused.append({"file": str(path.absolute()), "reason": str(error)})
            continue
        except OSError as error:
            if isinstance(error, MedmmError):
                raise
            told = f"{path} cannot be read: {error.strerror}."
            refused.append({"file": str(path.absolute()), "reason": told})
            continue
        log.info("added document=%d passages=%d", one.document, one.passages)
        added.append(
            {
                "file": str(path.absolute()),
                "document": one.document,
                "title": one.title,
                "version": one.version,
                "outcome": one.outcome,
                "passages": one.passages,
                "not_quoted": documents.count_barred(opened.database, one.document),
            }
        )
    return {
        "added": added,
        "refused": refused,
        "skipped": skipped,
        "problems": [problem.reason for problem in problems],
    }


def _addition(opened: OpenHome, added: documents.Added) -> Event:
    thing = Thing("document", added.document)
    detail: dict[str, str | int] = {"version": added.version, "count": added.passages}
    return event_of(opened, "add_knowledge", thing, detail=detail)


def _files(
    paths: Iterable[Path], readers: Sequence[DocumentReader], skipped: list[Document]
) -> Iterator[Path]:
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112 - the same
            for file in sorted(one for one in path.rglob("*") if one.is_file()):
                if any(reader.sniff(file) > 0 for reader in readers):
                    yield file
                else:
                    reason = "no reader knows this kind of file"
                    skipped.append({"file": str(file.absolute()), "reason": reason})
        elif os.path.exists(path):  # noqa: PTH110 - pathlib raises for a name too long
            yield path
        else:
            raise NotFoundError(f"{path} is not there.", "Name files or folders with documents.")


def search(
    opened: OpenHome,
    query: Query,
    progress: Callable[[str], None] = _silent,
) -> Document:
    """Candidates for a text as a document, each with why it is kept or not.

    Raises:
        AccessError: who acts may not.
    """
    allowed(opened, "search")
    with open_knowledge(opened, progress) as knowledge:
        found = found_document(query, knowledge.look_up(query))
    happened(opened, "search", code="knowledge", count=len(found["passages"]))
    return found


def found_document(query: Query, found: Found) -> Document:
    """What a query brought, and everything that led to it."""
    return {
        "query": query.text,
        "also": list(found.expanded.others),
        "domains": [
            {
                "domain": one.domain,
                "confidence": round(one.confidence, 3),
                "evidence": one.evidence,
                "searched": one.domain in found.searched,
            }
            for one in found.routed
        ],
        "searched": list(found.searched),
        "index": found.index,
        "rule": {
            "minimum": found.calibrated.rule.minimum,
            "gap": _finite(found.calibrated.rule.gap),
            "distance": found.calibrated.rule.distance,
            "bound": found.calibrated.told,
        },
        "passages": [
            {
                "passage": one.id,
                "document": one.document,
                "version": one.version,
                "domain": one.domain,
                "licence": one.licence,
                "place": one.place,
                "score": one.score,
                "cosine": round(scored.cosine, 4),
                "words": round(scored.words, 4),
                "kept": one.kept,
                "why": one.why,
                "text": one.text,
            }
            for one, scored in zip(found.passages, found.scored, strict=True)
        ],
    }


def _finite(value: float) -> float | None:
    return value if value < float("inf") else None


def list_documents(opened: OpenHome, *, superseded: bool = False) -> list[Document]:
    """Every document in a line.

    Raises:
        AccessError: who acts may not.
    """
    allowed(opened, "list")
    listed = [
        {
            "document": one.document,
            "title": one.title,
            "version": one.version,
            "domain": one.domain,
            "licence": one.licence,
            "origin": one.origin,
            "source": one.source,
            "passages": one.passages,
            "added_by": one.added_by,
            "added": one.added.isoformat(),
            "superseded": one.superseded.isoformat() if one.superseded else None,
        }
        for one in documents.list_documents(opened.database, superseded=superseded)
    ]
    happened(opened, "list", code="knowledge", count=len(listed))
    return listed


def bring_cards(opened: OpenHome) -> int:
    """Bring the starter cards in; how many were new."""
    return bring_starter_cards(opened.database, embedder_of(opened))


def show_passage(opened: OpenHome, name: str) -> Document:
    """One passage by its id ("12.3") with where it stands, whatever its version.

    Raises:
        AccessError: who acts may not.
        NotFoundError: there is none.
    """
    thing = Thing("document", name.partition(".")[0])
    allowed(opened, "read", thing)
    shown = documents.passage_document(opened.database, name)
    happened(opened, "read", thing)
    return shown


def mend(opened: OpenHome, progress: Callable[[str], None] = _silent) -> list[Mended]:
    """Examine the indexes against the database, mend them, and say what was wrong.

    Raises:
        HomeError: the database or an index cannot be written now.
        MissingError: the embedder or an index is not installed.
    """
    with open_parts(opened) as parts:
        return repair.mend(opened.database, parts.embedder, parts.vectors, parts.words, progress)


def remove(opened: OpenHome, number: int) -> int:
    """Remove a document with all its versions; how many passages went.

    Raises:
        NotFoundError: there is none.
    """
    thing = Thing("document", number)
    allowed(opened, "remove_knowledge", thing)
    with noted(opened, "remove_knowledge", thing) as also:
        gone = documents.remove_document(opened.database, number, also=also)
    log.info("removed document=%d passages=%d", number, gone)
    return gone
