"""One state of the home for a backup: rows, the list of files, the audit chain's head before it.

All rows come from one read transaction. The signed head is read before it begins, so it never
claims an event that the snapshot lacks; files are only ever added, so those that the rows name are
there, unless a patient was erased since, which `medmm.records.backup` sees and begins anew.
"""

import gzip
import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO, Any

from sqlalchemy import MetaData, select, text
from sqlalchemy.orm import Session

from medmm import __version__
from medmm.database import Database
from medmm.errors import HomeError, StorageError
from medmm.home import Home, storage_error
from medmm.records import audit_head
from medmm.records.audit_chain import Walk
from medmm.records.backup.format import Manifest, Packed, Small, TableInfo, is_kept_name
from medmm.records.backup.rows import columns_of, counter_of, lines_of
from medmm.records.backup.settings import told_settings
from medmm.records.tables import FileRow

KeptName = tuple[str, str]
# Who is signed in now: nobody is after a restore, which must not bring an ended session back.
TRANSIENT = frozenset({"sessions", "session_bindings"})
# Fast and within a few percent of the best for JSON.
_LEVEL = 6


@dataclass
class Snapshot:
    """A manifest, and the packed tables and list of files that it names, in unnamed files."""

    manifest: Manifest
    tables: list[IO[bytes]] = field(default_factory=list)
    files: IO[bytes] | None = None
    head: bytes | None = None
    key: bytes | None = None


def take(
    database: Database,
    home: Home,
    metadata: MetaData,
    spool: ExitStack,
    *,
    with_key: bool,
    left_out: Mapping[KeptName, str],
    progress: Callable[[str], None],
) -> Snapshot:
    """All rows as they are now, kept in unnamed files that live as long as ``spool``.

    ``left_out`` are files that turned out damaged, each with its sentence.

    Raises:
        HomeError: the database cannot be read, or the disk is full or failing (StorageError).
    """
    head = audit_head.head_bytes(home)
    key = _key(home) if with_key else None
    problems: list[str] = []
    with database.read() as session:
        revision = str(session.scalar(text("SELECT version_num FROM alembic_version")))
        packed, infos = [], []
        for name in sorted(metadata.tables):
            progress(f"table {name}")
            table = metadata.tables[name]
            rows = () if name in TRANSIENT else lines_of(session, table)
            file, said = _pack(home, spool, rows)
            packed.append(file)
            infos.append(TableInfo(name, columns_of(table), counter_of(session, table), said))
        listing = _Listing(home, left_out)
        files, listed = _pack(home, spool, listing.lines(session))
        walk = Walk(sealed=_sealed(head, problems))
        problems += walk.run(session)
    return Snapshot(
        Manifest(
            medmm=__version__,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            revision=revision,
            dialect=database.dialect,
            tables=tuple(infos),
            files=listed,
            file_bytes=listing.size,
            head=_small(head),
            key=_small(key),
            sequence=walk.at.sequence,
            hash=walk.at.hash,
            settings=told_settings(home.path),
            problems=(*problems, *listing.problems),
        ),
        packed,
        files,
        head,
        key,
    )


class _Listing:
    """The kept files that rows name, each looked for; what is not there is told and left out."""

    def __init__(self, home: Home, left_out: Mapping[KeptName, str]) -> None:
        self._home = home
        self._left_out = left_out
        self.size = 0
        self.problems: list[str] = []

    def lines(self, session: Session) -> Iterator[bytes]:
        wanted = select(FileRow.folder, FileRow.name, FileRow.size).distinct()
        wanted = wanted.order_by(FileRow.folder, FileRow.name)
        for folder, name, size in session.execute(wanted.execution_options(yield_per=1000)):
            problem = self._left_out.get((folder, name)) or self._problem(folder, name, size)
            if problem:
                self.problems.append(problem)
                continue
            self.size += size
            yield json.dumps([folder, name, size], separators=(",", ":")).encode() + b"\n"

    def _problem(self, folder: str, name: str, size: int) -> str:
        if not is_kept_name(folder, name):
            return "A row names a file that is none of the home's."
        try:
            found = (self._home.path / folder / name).stat().st_size
        except OSError:
            return f"{folder}/{name} is missing."
        return "" if found == size else f"{folder}/{name} has {found} bytes instead of {size}."


def _pack(home: Home, spool: ExitStack, lines: Iterable[bytes]) -> tuple[IO[bytes], Packed]:
    """Lines under gzip in a file without a name, which is gone when this process is."""
    folder = home.path / "cache"
    count = size = 0
    try:
        file: Any = spool.enter_context(tempfile.TemporaryFile(dir=folder))  # noqa: SIM115
        with gzip.GzipFile("", "wb", _LEVEL, file, mtime=0) as packing:
            for line in lines:
                packing.write(line)
                count, size = count + 1, size + len(line)
        stored = file.tell()
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
    except StorageError:
        raise
    except OSError as error:
        raise storage_error(error, folder) from error
    return file, Packed(count, size, stored, digest)


def _sealed(head: bytes | None, problems: list[str]) -> Any:
    if head is None:
        return None
    try:
        return audit_head.parse_head(head).link
    except HomeError as error:
        problems.append(error.message)
        return None


def _key(home: Home) -> bytes | None:
    """The private key of the audit chain, once it is known to be one."""
    if audit_head.read_key(home) is None:
        return None
    return audit_head.key_path(home).read_bytes()


def _small(data: bytes | None) -> Small | None:
    return None if data is None else Small(len(data), hashlib.sha256(data).hexdigest())
