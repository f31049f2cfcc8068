"""One generation of vectors in Chroma's embedded store: ids and vectors, and nothing else.

Only the embedded client is used. Chroma's server runs code for whoever reaches its port
(GHSA-f4j7-r4q5-qw2c, not mended up to 1.5.9), so nothing here starts or calls one. LlamaIndex's
integration is not used either: its score is exp(-distance), and a cosine is wanted.
"""

import hashlib
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from medmm.errors import HomeError, MedmmError, MissingError
from medmm.home import storage_error
from rag.embedding.identity import Vectors

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

OLDEST_SQLITE = (3, 35, 0)
TOGETHER = 4000
"""Vectors in one write; Chroma takes 5,461 at most, and writes its files once for each."""

HNSW: dict[str, str | int] = {
    "space": "cosine",
    "max_neighbors": 48,
    "ef_construction": 200,
    "ef_search": 400,
    "sync_threshold": 1,
}
"""Chroma's defaults (16, 100, 100) find half of the ten nearest among 10,000 random vectors, these
find 99.9 %. Each write is brought into its files at once: it would else be indexed again at each
opening, and until the first time the files hold whatever was in memory."""

REBUILD = "Run `medmm doctor` to have it made anew, or set MEDMM_INDEX=exact."
_SAFE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST_REASON = 200


class StoreError(HomeError):
    """Chroma refused, failed, or does not hold what it was given."""


class Store:
    """A folder that Chroma is open on; one collection for each domain.

    Raises:
        MissingError: chromadb is not installed, or this Python's SQLite is too old for it.
        StoreError: what is in the folder is not a store that can be used.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._collections: dict[str, Collection] = {}
        with _told(folder):
            self._client = _client(folder)

    @property
    def size(self) -> int:
        """How many collections there are, known or not."""
        with _told(self.folder):
            return int(self._client.count_collections())

    def open(self, domain: str) -> None:
        """Use a domain's collection, if it measures as this version does.

        Raises:
            StoreError: there is none, or it has another metric or other parameters.
        """
        with _told(self.folder):
            found = self._client.get_collection(collection_name(domain), embedding_function=None)
        kept = found.configuration_json.get("hnsw") or {}
        other = [name for name, value in HNSW.items() if kept.get(name) != value]
        if other:
            raise _refused(self.folder, f"{domain} has another {', '.join(other)}")
        self._collections[domain] = found

    def make(self, domain: str) -> None:
        """Begin a domain's collection.

        Raises:
            StoreError: it is there already, or cannot be made.
        """
        settings: Any = {"hnsw": HNSW}
        with _told(self.folder):
            self._collections[domain] = self._client.create_collection(
                collection_name(domain), embedding_function=None, configuration=settings
            )

    @property
    def domains(self) -> set[str]:
        """The domains whose collections are open."""
        return set(self._collections)

    def ids(self, domain: str) -> set[str]:
        """The ids that a domain holds."""
        with _told(self.folder):
            return set(self._collections[domain].get(include=[])["ids"])

    def add(self, domain: str, ids: Sequence[str], vectors: Vectors) -> None:
        """Hold these, too; one that is there already is replaced."""
        with _told(self.folder):
            most = min(TOGETHER, self._client.get_max_batch_size())
            for start in range(0, len(ids), most):
                some = slice(start, start + most)
                self._collections[domain].upsert(ids=list(ids[some]), embeddings=vectors[some])

    def vectors(self, domain: str, ids: Sequence[str]) -> dict[str, NDArray[np.float64]]:
        """Vectors by id, as far as they are there.

        Raises:
            StoreError: one cannot be read.
        """
        with _told(self.folder):
            found: Any = self._collections[domain].get(ids=list(ids), include=["embeddings"])
            return dict(zip(found["ids"], np.asarray(found["embeddings"]), strict=True))

    def nearest(self, domain: str, vector: Vectors, limit: int) -> list[str]:
        """Ids of about the nearest, at most ``limit``."""
        with _told(self.folder):
            found = self._collections[domain].query(
                query_embeddings=vector[None], n_results=limit, include=[]
            )
            return list(found["ids"][0])

    def close(self) -> None:
        """Let go of files and memory; Chroma would else keep both for the next one of this path."""
        self._collections = {}
        with suppress(StoreError), _told(self.folder):
            self._client.close()


def collection_name(domain: str) -> str:
    """A name that Chroma takes (3 to 512 letters, digits, hyphens), another for each domain."""
    if _SAFE.fullmatch(domain) and len(domain) < 400:
        return f"domain-{domain}"
    return f"hashed-{hashlib.sha256(domain.encode('utf-8', 'surrogatepass')).hexdigest()}"


def parameters() -> dict[str, str | int]:
    """All that decides whether a store made before is as one made now.

    Raises:
        MissingError: chromadb is not installed.
    """
    return {**HNSW, "chromadb": _chromadb().__version__}


def _chromadb() -> Any:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise MissingError(
            f"Chroma needs SQLite 3.35, and this Python has {sqlite3.sqlite_version}.",
            "Use a Python with a newer SQLite, or set MEDMM_INDEX=exact.",
        )
    try:
        import chromadb
    except ImportError as error:
        raise MissingError("chromadb is not installed.", "pip install chromadb") from error
    return chromadb


def _client(folder: Path) -> "Client":
    chromadb = _chromadb()
    # Named here because it would otherwise take them from a .env in the working folder, and from
    # variables that may be meant for another program: a server, say, or a collector of traces.
    settings = chromadb.Settings(
        _env_file=None,
        chroma_api_impl="chromadb.api.rust.RustBindingsAPI",
        anonymized_telemetry=False,
        chroma_otel_collection_endpoint="",
        chroma_client_auth_provider=None,
        chroma_overwrite_singleton_tenant_database_access_from_auth=False,
        chroma_server_nofile=None,
        allow_reset=False,
        migrations="apply",
        migrations_hash_algorithm="md5",
    )
    client: Client = chromadb.PersistentClient(path=str(folder), settings=settings)
    return client


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Turn what Chroma raises into ours."""
    try:
        yield
    except MedmmError:
        raise
    except OSError as error:
        raise storage_error(error, folder) from error
    except Exception as error:
        raise _refused(folder, str(error)) from error
    except BaseException as error:
        # A panic of its Rust core, which pyo3 does not derive from Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise _refused(folder, str(error)) from error


def _refused(folder: Path, reason: str) -> StoreError:
    short = " ".join(reason.split())[:_LONGEST_REASON].rstrip(".")
    return StoreError(f"The vectors in {folder} cannot be used: {short}.", REBUILD)
