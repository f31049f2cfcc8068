"""The `ImageReader` of DICOM: a file, or everything in a folder, into series with verdicts."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from medmm.dicom import assembling, grouping
from medmm.dicom.fields import tag
from medmm.dicom.folders import files_in
from medmm.dicom.header import Instance
from medmm.dicom.hostile.parsing import looks_like_dicom
from medmm.dicom.index import read_instance
from medmm.dicom.pixels import Frames
from medmm.dicom.uids import derived_uid, safe_uid
from medmm.errors import InputError, NotFoundError
from medmm.nouns import Facts, Reason, Series

_SURE = 0.5
_STUDY_HINTS = tuple(map(tag, ("StudyDate", "StudyTime", "StudyID", "AccessionNumber")))


class DicomReader:
    """Reads DICOM; see `medmm.seams.ImageReader`."""

    def __init__(self) -> None:
        self._frames = Frames()

    def sniff(self, path: Path) -> float:
        """How sure it is of a file by its first bytes, or of a folder by its surest file."""
        if not path.is_dir():
            return looks_like_dicom(path)
        best = 0.0
        for file in files_in(path):
            best = max(best, looks_like_dicom(file))
            if best == 1.0:
                break
        return best

    def read(self, path: Path, facts: Facts) -> Iterable[Series]:
        """Series from a file or everything below a folder, refused ones included.

        Raises:
            NotFoundError: there is no such path.
            InputError: nothing in it is DICOM, or a single file cannot be read.
        """
        if not path.exists():
            raise NotFoundError(f"{path} does not exist.", "Check the path.", code="not_found")
        if not path.is_dir():
            return list(_series([read_instance(path)], facts, self._frames))
        instances, unread = _index(path)
        if not instances:
            raise InputError(
                f"No file in {path} is readable DICOM.",
                unread[0][1].message if unread else "",
                code="no_dicom",
            )
        found = _series(instances, facts, self._frames)
        return [_with_neighbours(one, unread) for one in found]


def _index(folder: Path) -> tuple[list[Instance], list[tuple[Path, InputError]]]:
    """Every file of a folder that can be read, and those that are DICOM and cannot."""
    instances: list[Instance] = []
    unread: list[tuple[Path, InputError]] = []
    for path in files_in(folder):
        if looks_like_dicom(path) < _SURE:
            continue
        try:
            instances.append(read_instance(path))
        except InputError as error:
            unread.append((path, error))
    return instances, unread


def _series(instances: Sequence[Instance], facts: Facts, frames: Frames) -> Iterator[Series]:
    studies = _study_uids(instances)
    for key, group in grouping.by_series(instances).items():
        uid = safe_uid(key[0]) or derived_uid(one.path for one in group)
        yield from assembling.series_of(group, studies[id(group[0])], uid, facts, frames)


def _study_uids(instances: Sequence[Instance]) -> dict[int, str]:
    """For each file its StudyInstanceUID, or one derived from all files that lack it alike."""
    without: dict[tuple[str, ...], list[Instance]] = {}
    uids: dict[int, str] = {}
    for one in instances:
        uid = one.identity["StudyInstanceUID"]
        uids[id(one)] = safe_uid(uid)
        if not uid:
            hints = tuple(one.fields.code(number) for number in _STUDY_HINTS)
            without.setdefault((*one.identity.values(), *hints), []).append(one)
    for group in without.values():
        derived = derived_uid(one.path for one in group)
        uids.update(dict.fromkeys(map(id, group), derived))
    return uids


def _with_neighbours(series: Series, unread: Sequence[tuple[Path, InputError]]) -> Series:
    """A broken file beside a volume may be one of its slices: that is said."""
    folders = {Path(file).parent for file in series.files}
    near = [path.name for path, _ in unread if path.absolute().parent in folders]
    if not near or series.kind not in ("volume", "4d"):
        return series
    more = "" if len(near) == 1 else f" and {len(near) - 1} more"
    note = Reason(
        "unread_neighbours",
        f"{near[0]}{more} in the same folder cannot be read and may belong to this series.",
    )
    verdict = replace(series.verdict, reasons=(*series.verdict.reasons, note))
    return replace(series, verdict=verdict)
