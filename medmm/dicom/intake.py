"""Files and folders of any format into studies: what was read, and what was not and why."""

import os
import tempfile
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from medmm.dicom.folders import files_in, links_out_of
from medmm.dicom.hostile import archives
from medmm.errors import InputError, MedmmError, NotFoundError
from medmm.nouns import Content, Dropped, Facts, Reason, Series, Study
from medmm.seams import ImageReader

_SURE = 0.3


@dataclass(frozen=True, eq=False)
class Intake:
    """Everything that was found. ``skipped`` are files that no series holds, each with why."""

    studies: tuple[Study, ...]
    skipped: tuple[Dropped, ...]
    seconds: float
    unpacked: tuple["_Unpacked", ...] = field(default=(), repr=False)

    @property
    def series(self) -> tuple[Series, ...]:
        """All series of all studies, refused ones included."""
        return tuple(series for study in self.studies for series in study.series)


class _Unpacked:
    """A temporary folder of an archive's members that lives as long as anything holds it."""

    def __init__(self, archive: Path) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="medmm-")
        self.path = Path(self._folder.name).resolve()
        self.archive = archive
        weakref.finalize(self, self._folder.cleanup)


@dataclass(eq=False)
class _Finding:
    """What is being collected."""

    readers: Mapping[str, ImageReader]
    facts: Facts
    series: list[Series] = field(default_factory=list)
    skipped: list[Dropped] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    unpacked: list[_Unpacked] = field(default_factory=list)

    def folder(self, folder: Path) -> None:
        """Whole folders first to readers whose series span files, the rest file by file."""
        for reader in self.readers.values():
            if reader.sniff(folder) < _SURE:
                continue
            try:
                found = list(reader.read(folder, self.facts))
            except InputError:
                continue  # each of its files says why below
            self.series.extend(one for one in found if self.taken.isdisjoint(one.files))
            for one in found:
                self.taken.update(one.files)
                self.taken.update(dropped.file for dropped in one.verdict.dropped)
        for path in files_in(folder):
            self.file(path)
        self.skipped.extend(
            Dropped(str(link.absolute()), "a link that leads out of the folder; it is not followed")
            for link in links_out_of(folder)
        )

    def file(self, path: Path) -> None:
        """One file to the reader that is surest of it."""
        if str(path.absolute()) in self.taken:
            return
        self.taken.add(str(path.absolute()))
        if _is_zip(path):
            self.archive(path)
            return
        sniffed = self._sniffed(path)
        if not sniffed:
            self.skipped.append(Dropped(str(path.absolute()), _what(path)))
            return
        try:
            self.series.extend(self.readers[sniffed[0]].read(path, self.facts))
        except MedmmError as error:
            self.skipped.append(Dropped(str(path.absolute()), str(error)))

    def archive(self, path: Path) -> None:
        """Members of a zip, kept in a temporary folder for as long as their series live."""
        unpacked = _Unpacked(path)
        try:
            members = archives.unpack(path, unpacked.path)
        except InputError as error:
            self.skipped.append(Dropped(str(path.absolute()), str(error)))
            return
        self.skipped.extend(members.refused)
        if not any(True for _ in files_in(unpacked.path)) and not members.refused:
            self.skipped.append(Dropped(str(path.absolute()), "a zip with nothing in it"))
        inner = _Finding(self.readers, self.facts)
        inner.folder(unpacked.path)
        self.unpacked.append(unpacked)
        self.series.extend(_kept_with(one, unpacked) for one in inner.series)
        self.skipped.extend(
            Dropped(_member(dropped.file, unpacked), dropped.reason) for dropped in inner.skipped
        )

    def _sniffed(self, path: Path) -> list[str]:
        """Names of the readers that know the file, the surest first."""
        sure = [(reader.sniff(path), name) for name, reader in self.readers.items()]
        return [name for score, name in sorted(sure, key=lambda s: (-s[0], s[1])) if score >= _SURE]


def read(sources: Sequence[Path], readers: Mapping[str, ImageReader], facts: Facts) -> Intake:
    """Read files, folders and zips.

    Nothing that is broken stops the rest: it is skipped with its reason, or is a refused series.
    An empty folder gives an intake without studies.

    Raises:
        NotFoundError: a source is not there.
    """
    start = time.perf_counter()
    finding = _Finding(readers, facts)
    for source in sources:
        if not os.path.exists(source):  # noqa: PTH110 - pathlib raises for a name too long
            raise NotFoundError(f"{source} does not exist.", "Check the path.", code="not_found")
    for source in sources:
        if source.is_dir():
            finding.folder(source)
        else:
            finding.file(source)
    studies = Study.of(_apart(finding.series), finding.skipped)
    return Intake(
        studies,
        tuple(finding.skipped),
        time.perf_counter() - start,
        tuple(finding.unpacked),
    )


@dataclass(frozen=True, slots=True)
class _FromArchive:
    """Loads from the unpacked members, and so keeps their folder for as long as it is kept."""

    load: Callable[[], Content]
    unpacked: _Unpacked

    def __call__(self) -> Content:
        return self.load()


def _kept_with(series: Series, unpacked: _Unpacked) -> Series:
    dropped = tuple(
        Dropped(_member(one.file, unpacked), one.reason) for one in series.verdict.dropped
    )
    return replace(
        series,
        load=_FromArchive(series.load, unpacked),
        verdict=replace(series.verdict, dropped=dropped),
    )


def _apart(series: Sequence[Series]) -> list[Series]:
    """Series whose parts were given as separate sources, with keys that stay unique and a word."""
    seen: dict[tuple[str, str], int] = {}
    found = []
    for one in series:
        place = (one.origin.study_uid, one.key)
        seen[place] = seen.get(place, 0) + 1
        if seen[place] == 1:
            found.append(one)
            continue
        note = Reason(
            "given_apart",
            "Files of this series were given more than once or in several places; "
            "give one folder that holds them all.",
            "SeriesInstanceUID",
        )
        verdict = replace(one.verdict, reasons=(*one.verdict.reasons, note))
        found.append(replace(one, key=f"{one.key}.source{seen[place]}", verdict=verdict))
    return found


def _member(file: str, unpacked: _Unpacked) -> str:
    """A member named after its archive, as ``archive.zip#folder/file``."""
    path = Path(file)
    inside = path.relative_to(unpacked.path) if path.is_relative_to(unpacked.path) else path
    return f"{unpacked.archive.absolute()}#{inside}"


def _is_zip(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
    except OSError:
        return False


def _what(path: Path) -> str:
    """What a file that no reader knows is, in words."""
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    if not head:
        return "it is empty"
    text = all(byte in b"\t\n\r\f\x1b" or byte >= 0x20 for byte in head)
    if path.suffix.lower() in (".dcm", ".dicom", ".ima"):
        return "a text file named as DICOM" if text else "it is not DICOM, whatever its name says"
    return "a text file" if text else "no image reader knows its format"
