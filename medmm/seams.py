"""The Protocols that the parts meet at: the one page to read first.

Each seam has an entry-point group ``medmm.<plural>``; an entry point names a callable without
arguments (a class or a function) that returns the implementer. `medmm.assembly` puts real ones in.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from medmm.nouns import (
    Card,
    Case,
    Conversation,
    Document,
    ExpertResult,
    Facts,
    GenerateOptions,
    Passage,
    Picture,
    Query,
    Reply,
    Report,
    RunContext,
    Sample,
    Selection,
    Series,
    Statement,
    Study,
    WriterInfo,
)


@runtime_checkable
class ImageReader(Protocol):
    """Files of one format into series. Group ``medmm.image_readers``."""

    def sniff(self, path: Path) -> float:
        """How sure (0 to 1) this reader is that it can read the file; reads its first bytes only.

        A reader whose series span files also answers for a folder.
        """
        ...

    def read(self, path: Path, facts: Facts) -> Iterable[Series]:
        """Series with verdicts, refused ones included, from a file or everything in a folder.

        ``facts`` is what the user said and the file does not say. Files of other formats in a
        folder are left alone; a file of this format that no series could take is left for a call
        of its own, which raises.

        Raises:
            InputError: nothing in ``path`` is of this format, or a fact is missing.
        """
        ...


@runtime_checkable
class Expert(Protocol):
    """A model that does one thing and returns numbers with units. Group ``medmm.experts``."""

    @property
    def card(self) -> Card:
        """What it is; costs no heavy import."""
        ...

    def inputs(self, study: Study) -> list[Selection]:
        """The series it would look at, each with applies, doubtful or refuses and a reason."""
        ...

    def run(self, selection: Selection, context: RunContext) -> ExpertResult:
        """Measure. The same input gives the same result.

        Raises:
            ExpertError: it failed on an input that it accepted.
            CancelledError: ``context`` asked it to stop.
        """
        ...


@runtime_checkable
class Writer(Protocol):
    """Sentences from a case. Group ``medmm.writers``."""

    @property
    def info(self) -> WriterInfo:
        """Kind, name and version."""
        ...

    def write(self, case: Case) -> list[Statement]:
        """Statements with evidence; states may be proposals, the checks decide."""
        ...


@runtime_checkable
class VLM(Protocol):
    """A vision-language model behind any back end. Group ``medmm.vlms``."""

    @property
    def card(self) -> Card:
        """What it is."""
        ...

    def generate(self, conversation: Conversation, options: GenerateOptions) -> Reply:
        """One reply."""
        ...

    def generate_batch(
        self, conversations: Sequence[Conversation], options: GenerateOptions
    ) -> list[Reply]:
        """One reply each, in order."""
        ...


@runtime_checkable
class Embedder(Protocol):
    """Texts into unit vectors. Group ``medmm.embedders``.

    One may also have ``prepare(folder)`` to keep files in the home's cache, ``count(text)`` for the
    tokens of a text (passages are cut to what it can see), and ``verify()`` for what is wrong with
    weights that do not lie beside its module.
    """

    @property
    def card(self) -> Card:
        """What it is; an index refuses vectors of another name or version."""
        ...

    def embed(self, texts: list[str]) -> NDArray[np.float32]:
        """Float32 ``[n, d]`` of unit length."""
        ...


@runtime_checkable
class ImageEmbedder(Protocol):
    """Pictures into unit vectors. Group ``medmm.image_embedders``."""

    @property
    def card(self) -> Card:
        """What it is."""
        ...

    def embed_pictures(self, pictures: Sequence[Picture]) -> NDArray[np.float32]:
        """Float32 ``[n, d]`` of unit length."""
        ...


@runtime_checkable
class DocumentReader(Protocol):
    """A document of one format into text with headings. Group ``medmm.document_readers``."""

    def sniff(self, path: Path) -> float:
        """How sure (0 to 1) this reader is."""
        ...

    def read(self, path: Path) -> Document:
        """Text, title and headings."""
        ...


@runtime_checkable
class Retriever(Protocol):
    """Passages for a query, each kept or not with why. Group ``medmm.retrievers``."""

    def retrieve(self, query: Query) -> list[Passage]:
        """Candidates best first; nothing kept is an answer."""
        ...


@runtime_checkable
class Task(Protocol):
    """A test set with its protocols. Group ``medmm.tasks``."""

    @property
    def protocols(self) -> Sequence[str]:
        """Names of the protocols it is scored by."""
        ...

    def load(self, folder: Path, split: str) -> Iterable[Sample]:
        """Samples of one split."""
        ...

    def audit(self) -> dict[str, Any]:
        """What is wrong with the data."""
        ...


@runtime_checkable
class Executor(Protocol):
    """Runs a job over items, in any order, each at least once. Group ``medmm.executors``."""

    def run(self, job: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        """Outcomes as they come."""
        ...


@runtime_checkable
class Exporter(Protocol):
    """A report leaves in one format. Group ``medmm.exporters``."""

    def write(self, report: Report, path: Path) -> None:
        """Write the report's last version to ``path``."""
        ...


@runtime_checkable
class Recipe(Protocol):
    """How an expert's weights were made, to make them again. Group ``medmm.recipes``."""

    def train(
        self, data: Path, out: Path, *, shorten: int, progress: Callable[[str], None]
    ) -> Sequence[Path]:
        """Train, measure on held-out patients, write weights and card into ``out``.

        What ``out`` already holds of the same training is gone on with, to the same result.
        ``shorten`` divides the number of steps. Returns the files that were written.

        Raises:
            InputError: the data lack something, or ``out`` holds another training.
        """
        ...


GROUPS: dict[str, type[Any]] = {
    "medmm.image_readers": ImageReader,
    "medmm.experts": Expert,
    "medmm.writers": Writer,
    "medmm.vlms": VLM,
    "medmm.embedders": Embedder,
    "medmm.image_embedders": ImageEmbedder,
    "medmm.document_readers": DocumentReader,
    "medmm.retrievers": Retriever,
    "medmm.tasks": Task,
    "medmm.executors": Executor,
    "medmm.exporters": Exporter,
    "medmm.recipes": Recipe,
}
