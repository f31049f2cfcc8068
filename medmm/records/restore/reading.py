"""A backup read from its first byte to its last into a folder, every byte proved on the way.

What comes is compared with the one header that must come next, so no name, kind or size is taken
from the file's own headers. Nothing outside the given folder is written.
"""

import contextlib
import hashlib
import os
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from zlib import error as ZlibError  # noqa: N812

from medmm.errors import InputError, NotFoundError, StorageError
from medmm.home import storage_error, sync_folder
from medmm.records.backup import format as form
from medmm.records.backup.encryption import BEGIN, decrypted
from medmm.records.backup.format import END, MEND, PIECE, Manifest, damaged
from medmm.records.backup.rows import lines

# What is left free on the home's disk, for the database's own work.
SPARE = 64 << 20


@dataclass(frozen=True)
class Unpacked:
    """A backup laid open in a folder, and the hash of the file."""

    manifest: Manifest
    folder: Path
    sha256: str
    encrypted: bool

    def table(self, name: str) -> Path:
        """Where the rows of a table are."""
        return self.folder / "tables" / f"{name}.jsonl.gz"

    def small(self, name: str) -> bytes | None:
        """The head or the key of the audit chain, if there is one."""
        path = self.folder / name
        return path.read_bytes() if path.is_file() else None


def unpack(
    file: Path,
    folder: Path,
    passphrase: Callable[[], str] | None,
    *,
    must_be_encrypted: bool,
    revisions: list[str],
    progress: Callable[[str], None],
) -> Unpacked:
    """Lay a backup open in an empty folder that has the home's folders.

    ``passphrase`` is asked only of an encrypted one.

    Raises:
        NotFoundError: there is no such file.
        InputError: it is no backup, of another format or a newer schema, damaged or cut short, or
            holds something that must not be there; or the passphrase is wrong.
        StorageError: the folder's disk is full or failing.
    """
    with _opened(file) as raw:
        hashed = _Hashed(raw)
        start = raw.read(len(BEGIN))
        raw.seek(0)
        encrypted = start == BEGIN
        if encrypted:
            if passphrase is None:
                raise InputError(
                    f"{file} is encrypted.", "Give its passphrase with --passphrase-fd N."
                )
            with decrypted(hashed, passphrase(), str(file)) as plain:  # type: ignore[arg-type]
                manifest = _Reading(file, plain, folder, revisions, progress).run()
        else:
            if must_be_encrypted:
                raise InputError(
                    f"{file} is not encrypted, so this passphrase does not prove whose it is.",
                    "If it is to be trusted, leave --passphrase-fd out.",
                )
            manifest = _Reading(file, hashed, folder, revisions, progress).run()
        return Unpacked(manifest, folder, hashed.digest.hexdigest(), encrypted)


@contextmanager
def _opened(file: Path) -> Iterator[IO[bytes]]:
    try:
        if file.exists() and not file.is_file():
            # A pipe could not be read twice, nor begun again by who runs the command again.
            raise InputError(f"{file} is no plain file.", "Name a backup.", code="unknown")
        raw = file.open("rb")
    except FileNotFoundError:
        raise NotFoundError(f"There is no file {file}.", "Name a backup.") from None
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.", "Name a backup.") from None
    with raw:
        yield raw


class _Hashed:
    """A file that hashes what is read of it."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self.digest = hashlib.sha256()

    def read(self, size: int = PIECE) -> bytes:
        data = self._raw.read(size)
        self.digest.update(data)
        return data

    def readline(self, size: int = PIECE) -> bytes:
        data = self._raw.readline(size)
        self.digest.update(data)
        return data


class _Reading:
    """One pass over the members in their order."""

    def __init__(
        self,
        file: Path,
        source: Any,
        folder: Path,
        revisions: list[str],
        progress: Callable[[str], None],
    ) -> None:
        self._file = file
        self._source = source
        self._folder = folder
        self._revisions = revisions
        self._progress = progress
        self._digest = hashlib.sha256()

    def run(self) -> Manifest:
        """Read everything.

        Raises:
            InputError: as `unpack`.
            StorageError: as `unpack`.
        """
        try:
            return self._members()
        except InputError:
            raise
        except OSError as error:
            if isinstance(error, StorageError):
                raise
            raise storage_error(error, self._folder) from error

    def _members(self) -> Manifest:
        manifest = self._manifest()
        self._must_fit(manifest)
        (self._folder / "tables").mkdir(mode=0o700)
        for info in manifest.tables:
            self._progress(f"reading table {info.name}")
            packed = info.packed
            target = self._folder / "tables" / f"{info.name}.jsonl.gz"
            self._keep(info.member, packed.stored, packed.sha256, target)
        self._keep(
            form.FILES, manifest.files.stored, manifest.files.sha256, self._folder / form.FILES
        )
        for name, small in ((form.HEAD, manifest.head), (form.KEY, manifest.key)):
            if small is not None:
                self._keep(name, small.size, small.sha256, self._folder / name)
        self._kept_files(manifest)
        self._end()
        return manifest

    def _manifest(self) -> Manifest:
        name = str(self._file)
        none = InputError(f"{name} is not a backup of medmm.", "Name a backup.", code="unknown")
        try:
            start = self._take(form.BLOCK)
        except InputError:
            raise none from None
        size = _size_of(start, form.FIRST)
        if size is None or size > form.BLOCK:
            raise self._wrong(start, form.FIRST) if form.FIRST.encode() in start[:100] else none
        wanted = form.manifest_hash(self._body(size), name)
        start = self._take(form.BLOCK)
        size = _size_of(start, form.MANIFEST)
        if size is None or size > form.LARGEST_MANIFEST:
            raise self._wrong(start, form.MANIFEST)
        data = self._body(size)
        if hashlib.sha256(data).hexdigest() != wanted:
            raise damaged(name, "its manifest is not the one that was written")
        manifest = form.parse_manifest(data, name)
        if manifest.revision not in self._revisions:
            raise InputError(
                f"{name} was made by a newer version of medmm ({manifest.medmm}, schema "
                f"{manifest.revision}).",
                "Restore it with that version; nothing was changed.",
                code="newer",
            )
        return manifest

    def _must_fit(self, manifest: Manifest) -> None:
        """Refuse what cannot fit before it is written: also what only claims to be so large."""
        found = os.statvfs(self._folder)
        free = found.f_bavail * found.f_frsize
        if manifest.space + SPARE > free:
            raise StorageError(
                f"{self._folder.parent} has {free / 1e6:.0f} MB free, and what {self._file} says "
                f"it holds takes {manifest.space / 1e6:.0f} MB.",
                "Free space there, or restore into a home on another disk with --home.",
            )

    def _kept_files(self, manifest: Manifest) -> None:
        before, total = ("", ""), 0
        for number, (folder, name, size) in enumerate(self._listed(manifest), start=1):
            self._progress(f"reading file {number} of {manifest.files.lines}")
            total += size
            if (folder, name) <= before or total > manifest.file_bytes:
                raise damaged(str(self._file), "its list of files is not in order")
            before = (folder, name)
            target = self._folder / folder / name
            self._keep(f"{folder}/{name}", size, name.partition(".")[0], target)
        if total != manifest.file_bytes:
            raise damaged(str(self._file), "its list of files is not as long as it says")
        for folder in form.FOLDERS:
            sync_folder(self._folder / folder)

    def _listed(self, manifest: Manifest) -> Iterator[tuple[str, str, int]]:
        said = manifest.files
        wrong = damaged(str(self._file), "its list of files is none")
        with (self._folder / form.FILES).open("rb") as packed:
            listed = lines(packed, said.lines, said.size)
            while True:
                try:
                    folder, name, size = next(listed)
                except StopIteration:
                    return
                except (ValueError, TypeError, EOFError, OSError, ZlibError, RecursionError):
                    raise wrong from None
                if not form.is_kept_name(folder, name) or type(size) is not int or size < 0:
                    raise wrong
                yield folder, name, size

    def _end(self) -> None:
        told = self._digest.hexdigest()
        self._expect(form.LAST, len(told))
        if self._body(len(told)) != told.encode():
            raise damaged(str(self._file), "the hash at its end is not that of what is before it")
        if self._take(len(END)) != END or self._source.read(1):
            raise damaged(str(self._file), "something follows its end")

    def _expect(self, name: str, size: int) -> None:
        start = self._take(form.BLOCK)
        if start != form.header(name, size):
            raise self._wrong(start, name)

    def _keep(self, name: str, size: int, sha256: str, target: Path) -> None:
        """Write a member's bytes to a new file, durably, if they are what they must be."""
        self._expect(name, size)
        digest, left = hashlib.sha256(), size
        with target.open("xb") as file:
            while left:
                piece = self._take(min(PIECE, left))
                digest.update(piece)
                file.write(piece)
                left -= len(piece)
            file.flush()
            os.fsync(file.fileno())
        if digest.hexdigest() != sha256:
            raise damaged(str(self._file), f"{name} in it is not what was written")
        self._pad(size)

    def _body(self, size: int) -> bytes:
        data = self._take(size)
        self._pad(size)
        return data

    def _pad(self, size: int) -> None:
        wanted = form.padding(size)
        if self._take(len(wanted)) != wanted:
            raise damaged(str(self._file), "there is something between its parts")

    def _take(self, size: int) -> bytes:
        """Exactly so many bytes."""
        pieces, left = [], size
        while left:
            piece = self._source.read(left)
            if not piece:
                raise InputError(
                    f"{self._file} is cut short: its end is missing.", MEND, code="cut"
                )
            pieces.append(piece)
            left -= len(piece)
        data = b"".join(pieces)
        self._digest.update(data)
        return data

    def _wrong(self, start: bytes, wanted: str) -> InputError:
        """The refusal of a header that is not the one that must come next."""
        found = None
        with contextlib.suppress(tarfile.HeaderError):
            found = tarfile.TarInfo.frombuf(start, "ascii", "replace")
        if found is None:
            return damaged(str(self._file), f"{wanted} does not begin where it should")
        if found.name != wanted:
            return damaged(
                str(self._file), f"{wanted[:120]} is missing, and {found.name[:120]!r} is there"
            )
        return damaged(str(self._file), f"{wanted} has another size or kind than it should")


def _size_of(start: bytes, name: str) -> int | None:
    """The size in a header, if it is the header of that name and size."""
    try:
        size = tarfile.TarInfo.frombuf(start, "ascii", "strict").size
        return size if size >= 0 and start == form.header(name, size) else None
    except (tarfile.HeaderError, ValueError):
        return None
