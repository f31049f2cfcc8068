"""Zip archives onto the disk: every name inside the folder, every byte within the budget."""

import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from struct import unpack_from
from typing import Final

from medmm.dicom.hostile.budget import DEFAULT, MIB, Budget
from medmm.errors import InputError, LimitError
from medmm.nouns import Dropped

_CHUNK: Final = MIB
_TAIL: Final = 66 * 1024
_ENTRY_BYTES: Final = 1024
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ARCHIVES: Final = (b"PK\x03\x04", b"PK\x05\x06", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07")


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What came out, and the members that were not let out, named ``archive#member``."""

    files: tuple[Path, ...]
    refused: tuple[Dropped, ...]


def unpack(path: Path, into: Path, budget: Budget = DEFAULT) -> Unpacked:
    """Unpack a zip into an existing empty folder.

    Members that are links, lie outside ``into``, are archives themselves or come twice stay inside
    and are listed; the rest is unpacked.

    Raises:
        LimitError: too many members, too large, or inflating too much; what was unpacked stays.
        InputError: it is no zip, is broken or encrypted.
    """
    _check_directory(path, budget)
    unpacking = _Unpacking(path, into.resolve(), budget)
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > budget.archive_files:
                raise _too_many(path, budget)
            if any(member.flag_bits & 1 for member in members):
                raise InputError(
                    f"{path} is encrypted.",
                    "Unpack it with its password and read the folder.",
                    code="encrypted",
                )
            for member in members:
                unpacking.member(archive, member)
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        OSError,
        EOFError,
        ValueError,
        OverflowError,
        RuntimeError,
    ) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{path} cannot be unpacked: {error}.",
            "Ask for it to be sent again, or unpack it and read the folder.",
            code="archive",
        ) from error
    return Unpacked(tuple(unpacking.files), tuple(unpacking.refused))


class _Unpacking:
    """Members as they are let out, counted together."""

    def __init__(self, path: Path, into: Path, budget: Budget) -> None:
        self.path = path
        self.into = into
        self.files: list[Path] = []
        self.refused: list[Dropped] = []
        self._budget = budget
        self._total = 0
        self._limit = min(budget.archive_bytes, budget.inflation_limit(path.stat().st_size))

    def member(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
        """Let one member out, or say why not."""
        if member.is_dir():
            return
        target = self._target(member)
        if isinstance(target, str):
            self._refuse(member, target)
            return
        with archive.open(member) as source:
            chunks = self._counted(iter(lambda: source.read(_CHUNK), b""))
            first = next(chunks, b"")
            if first.startswith(_ARCHIVES):
                self._refuse(member, "is an archive inside the archive; unpack it by hand")
                return
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                file.write(first)
                for chunk in chunks:
                    file.write(chunk)
        self.files.append(target)

    def _counted(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self._total += len(chunk)
            if self._total > self._limit:
                raise LimitError(
                    f"{self.path} inflates to more than {self._limit // MIB} MiB.",
                    "If it is trusted, unpack it and read the folder.",
                    code="inflation",
                )
            yield chunk

    def _target(self, member: zipfile.ZipInfo) -> Path | str:
        """Where a member goes, or why it does not."""
        name = member.filename.replace("\\", "/")
        parts = PurePosixPath(name).parts
        if stat.S_ISLNK(member.external_attr >> 16):
            return "is a link"
        if member.compress_type not in _METHODS:
            return "is compressed in a way that is not read here"
        plain = all(part.isprintable() and len(part.encode()) < 256 for part in parts)
        if not parts or not plain or ".." in parts or name.startswith("/") or ":" in parts[0]:
            return "has a name that leads out of the archive"
        target = self.into.joinpath(*parts)
        if not target.is_relative_to(self.into) or len(str(target)) > 4000:
            return "has a name that leads out of the archive"
        if target.exists() or any(parent.is_file() for parent in target.parents):
            return "has the name of another member"
        return target

    def _refuse(self, member: zipfile.ZipInfo, why: str) -> None:
        self.refused.append(Dropped(f"{self.path.absolute()}#{member.filename!r}", why))


def _check_directory(path: Path, budget: Budget) -> None:
    """Size of the central directory before the library reads it whole into memory."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(size - _TAIL, 0))
            tail = file.read()
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror or error}.", code="unreadable"
        ) from error
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + 22 > len(tail):
        raise InputError(f"{path} is no whole zip archive.", "Send it again.", code="archive")
    count, directory = unpack_from("<HL", tail, at + 10)
    wide = tail.rfind(b"PK\x06\x06", 0, at)
    if (count == 0xFFFF or directory == 0xFFFFFFFF) and 0 <= wide <= len(tail) - 56:
        count, directory = unpack_from("<QQ", tail, wide + 32)
    if count > budget.archive_files or directory > budget.archive_files * _ENTRY_BYTES:
        raise _too_many(path, budget)


def _too_many(path: Path, budget: Budget) -> LimitError:
    return LimitError(
        f"{path} holds more than {budget.archive_files} files.",
        "Unpack it and read the folder in parts.",
        code="archive-files",
    )
