"""What a backup file is made of, so that any tar reader can open it and no byte of it is unproved.

A backup is a tar of plain files in a fixed order, each header being the one that this module makes
for a name and a size (GNU format, mode 0600, time 0):

=================== ===============================================================================
``medmm-backup``    ``medmm backup 1`` and the SHA-256 of the next member, a line each
``manifest.json``   `Manifest`: version, schema revision, tables, sizes, hashes, end of the audit
``tables/T.jsonl.gz`` a table's rows in the order of its key, a JSON list each (`backup_rows`)
``files.jsonl.gz``  folder, name and size of each file below
``audit-head``      the signed head of the audit chain as it was just before, if there was one
``audit-key``       its private key, only in an encrypted backup
``pixels/``, ``files/`` the kept files under their names, which are their hashes
``sha256``          the SHA-256 of everything before its own header
=================== ===============================================================================

So a reader compares each header with the one that must come, and never has to believe a name, a
kind or a size that the file claims: a link, a path that leads out or one more member is simply not
what comes next. Encryption is around all of it (`backup_encryption`).
"""

import hashlib
import json
import re
import tarfile
from dataclasses import asdict, dataclass, field
from typing import Any

from medmm.errors import InputError
from medmm.nouns.documents import canonical_bytes

FORMAT = 1
FIRST, MANIFEST, FILES, HEAD, KEY, LAST = (
    "medmm-backup", "manifest.json", "files.jsonl.gz", "audit-head", "audit-key", "sha256",
)  # fmt: skip
BLOCK = tarfile.BLOCKSIZE
END = bytes(2 * BLOCK)
PIECE = 1 << 20
FOLDERS = ("pixels", "files")
# Of a manifest, and of the two small files of the audit chain.
LARGEST_MANIFEST, LARGEST_SMALL = 16 << 20, 10_000
KINDS = ("integer", "number", "text", "truth", "moment", "bytes", "json")
# Only what a migration, a reader or a mask's writer can have made.
_NAME = re.compile(r"[0-9a-f]{64}(\.[a-z0-9]{1,10}){0,3}")
_WORD = re.compile(r"[a-z][a-z0-9_]{0,62}")
_HASH = re.compile(r"[0-9a-f]{64}")
_FIRST = re.compile(rb"medmm backup ([0-9]{1,6})\n([0-9a-f]{64})\n")
MEND = "Nothing was changed; use another backup."


@dataclass(frozen=True)
class Packed:
    """Lines of JSON under gzip: how many, their bytes, and size and hash as they are stored."""

    lines: int
    size: int
    stored: int
    sha256: str


@dataclass(frozen=True)
class TableInfo:
    """One table: columns with their kinds, rows, and the last number its counter gave, if any."""

    name: str
    columns: tuple[tuple[str, str], ...]
    counter: int | None
    packed: Packed

    @property
    def member(self) -> str:
        """Its name in the backup."""
        return f"tables/{self.name}.jsonl.gz"


@dataclass(frozen=True)
class Small:
    """A small file as it is: size and hash."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What the backup holds, known before its first byte is written.

    ``sequence`` and ``hash`` are the end of the audit chain in the snapshot, ``files`` the list
    of kept files and ``file_bytes`` their sum. ``problems`` are what was wrong with the home when
    the backup was made; what could not be read is told there and is not in the backup.
    """

    medmm: str
    created: str
    revision: str
    dialect: str
    tables: tuple[TableInfo, ...]
    files: Packed
    file_bytes: int
    head: Small | None
    key: Small | None
    sequence: int
    hash: str
    settings: dict[str, Any]
    problems: tuple[str, ...] = field(default=())

    def to_bytes(self) -> bytes:
        """As the member that it is."""
        return canonical_bytes(asdict(self)) + b"\n"

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.packed.lines for table in self.tables)

    @property
    def space(self) -> int:
        """Bytes that everything takes when it is laid open."""
        tables = sum(table.packed.size + table.packed.stored for table in self.tables)
        return tables + self.files.stored + self.file_bytes


def first_bytes(manifest: bytes) -> bytes:
    """The first member, for a manifest's bytes."""
    return f"medmm backup {FORMAT}\n{hashlib.sha256(manifest).hexdigest()}\n".encode()


def manifest_hash(data: bytes, name: str) -> str:
    """The hash of the manifest that the first member names.

    Raises:
        InputError: it is no such member, or of a format of another version.
    """
    found = _FIRST.fullmatch(data)
    if found is None:
        raise damaged(name, "its first lines are not a backup's")
    if int(found[1]) != FORMAT:
        raise InputError(
            f"{name} is a backup of format {int(found[1])}, and this medmm reads {FORMAT}.",
            "Restore it with the version of medmm that made it.",
            code="format",
        )
    return found[2].decode()


def header(name: str, size: int) -> bytes:
    """The one header that a member of this name and size has."""
    told = tarfile.TarInfo(name)
    told.size, told.mode = size, 0o600
    return told.tobuf(tarfile.GNU_FORMAT, "ascii", "strict")


def padding(size: int) -> bytes:
    """What fills up the last block of a member."""
    return bytes(-size % BLOCK)


def is_kept_name(folder: object, name: object) -> bool:
    """Whether a row may name this file: a folder of the home, a hash and a suffix."""
    return folder in FOLDERS and isinstance(name, str) and _NAME.fullmatch(name) is not None


def parse_manifest(data: bytes, name: str) -> Manifest:
    """A manifest from its bytes, every value of the right type and range.

    Raises:
        InputError: it is not one.
    """
    try:
        return _manifest(json.loads(data))
    except (KeyError, TypeError, ValueError, RecursionError):
        raise damaged(name, "its manifest says what none can say") from None


def damaged(name: str, why: str) -> InputError:
    """The refusal of a file that is not as it was written."""
    return InputError(f"{name} is damaged: {why}.", MEND, code="damaged")


def _manifest(found: dict[str, Any]) -> Manifest:
    head, key = found["head"], found["key"]
    tables = tuple(_table(one) for one in found["tables"])
    settings, problems = found["settings"], found["problems"]
    _require(len({one.name for one in tables}) == len(tables))
    _require(isinstance(settings, dict) and isinstance(problems, list))
    _require(all(isinstance(one, str) for one in problems))
    return Manifest(
        medmm=_text(found["medmm"]),
        created=_text(found["created"]),
        revision=_text(found["revision"]),
        dialect=_text(found["dialect"]),
        tables=tables,
        files=_packed(found["files"]),
        file_bytes=_count(found["file_bytes"]),
        head=_small(head) if head is not None else None,
        key=_small(key) if key is not None else None,
        sequence=_count(found["sequence"]),
        hash=_matching(_HASH, found["hash"]),
        settings=settings,
        problems=tuple(problems),
    )


def _table(found: dict[str, Any]) -> TableInfo:
    columns = tuple((_matching(_WORD, name), _text(kind)) for name, kind in found["columns"])
    _require(bool(columns) and all(kind in KINDS for _, kind in columns))
    counter = found["counter"]
    return TableInfo(
        _matching(_WORD, found["name"]),
        columns,
        None if counter is None else _count(counter),
        _packed(found["packed"]),
    )


def _packed(found: dict[str, Any]) -> Packed:
    lines, size, stored = (_count(found[name]) for name in ("lines", "size", "stored"))
    return Packed(lines, size, stored, _matching(_HASH, found["sha256"]))


def _small(found: dict[str, Any]) -> Small:
    size = _count(found["size"])
    _require(size <= LARGEST_SMALL)
    return Small(size, _matching(_HASH, found["sha256"]))


def _count(value: object) -> int:
    _require(type(value) is int and 0 <= value < 2**62)
    return int(str(value))


def _text(value: object) -> str:
    _require(isinstance(value, str) and len(value) <= 200)
    return str(value)


def _matching(wanted: re.Pattern[str], value: object) -> str:
    _require(isinstance(value, str) and wanted.fullmatch(value) is not None)
    return str(value)


def _require(true: bool) -> None:  # noqa: FBT001
    if not true:
        raise ValueError(FORMAT)
