"""Patients, studies and series: what was acquired, and what the reader thinks of it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias

from medmm.nouns.content import Content
from medmm.nouns.findings import Measurement

VerdictStatus: TypeAlias = Literal["usable", "repaired", "refused"]
Kind: TypeAlias = Literal[
    "volume",
    "4d",
    "picture",
    "cine",
    "waveform",
    "document",
    "segmentation",
    "report",
    "slide",
]


@dataclass(frozen=True, slots=True)
class Patient:
    """Who was examined. Every field is untrusted text; ``name`` keeps DICOM's ``^`` form.

    ``name_bytes`` are the name's as the file has them, padding included, in the character sets
    that ``character_set`` names (SpecificCharacterSet, PS3.3 C.12.1.1.2): what ``name`` was
    cleaned from.
    """

    id: str = ""
    name: str = ""
    sex: str = ""
    birth_date: str = ""
    age: str = ""
    name_bytes: bytes = b""
    character_set: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a series is not plainly usable: a stable code, a sentence, the DICOM keyword to blame."""

    code: str
    text: str
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Dropped:
    """A file, or a part of one (named after a ``#``), that was left out, and why."""

    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the reader proved about a series.

    ``max_deviation_mm`` is the largest distance between the affine's claim and a slice's own header
    over all slices' four corners; None where there is no affine.
    """

    status: VerdictStatus
    reasons: tuple[Reason, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    max_deviation_mm: float | None = None

    @property
    def sentence(self) -> str:
        """The reasons as one line."""
        return " ".join(reason.text for reason in self.reasons)


@dataclass(frozen=True, slots=True)
class FilmView:
    """How a projection was taken, as far as the header says; empty text where it does not."""

    position: str = ""
    laterality: str = ""
    patient_orientation: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """Which examination of whom a series belongs to, as its files say.

    ``study_uid`` is the StudyInstanceUID, or one derived from content where files have none.
    ``date`` is ISO 8601 (date, or date and time) or empty.
    """

    study_uid: str
    patient: Patient = Patient()
    date: str = ""
    description: str = ""
    accession: str = ""


@dataclass(frozen=True, eq=False)
class Series:
    """One stack of images (or one document) that belongs together, within its ``origin``.

    ``uid`` is the SeriesInstanceUID, or one derived from content where a file has none; ``key``
    tells apart the stacks that one UID was split into and is unique within the study. ``shape`` is
    the content's; ``spacing_mm`` is slice, row, column. ``header`` holds the DICOM keywords that
    may be cited, as clean text. ``load`` returns the content or raises a `medmm.errors.InputError`.
    ``sop_uids`` are in slice order where slices have them; ``files`` are absolute paths.
    """

    uid: str
    key: str
    modality: str
    body_part: str
    kind: Kind
    verdict: Verdict
    origin: Origin
    load: Callable[[], Content] = field(repr=False)
    description: str = ""
    number: int | None = None
    shape: tuple[int, ...] = ()
    spacing_mm: tuple[float, ...] | None = None
    affine_lps: tuple[tuple[float, ...], ...] | None = None
    units: str = ""
    files: tuple[str, ...] = ()
    sop_uids: tuple[str, ...] = ()
    header: Mapping[str, str] = field(default_factory=dict)
    view: FilmView = field(default_factory=FilmView)

    @cached_property
    def content(self) -> Content:
        """The pixels or samples, loaded on first use and kept."""
        return self.load()

    @property
    def usable(self) -> bool:
        """Whether experts may look at it at all."""
        return self.verdict.status != "refused"

    def release(self) -> None:
        """Forget loaded pixels; the next look loads them again."""
        self.__dict__.pop("content", None)


@dataclass(frozen=True, eq=False)
class Study:
    """Everything of one examination that was found, refused series included.

    ``date`` is ISO 8601 (date, or date and time) or empty. ``id`` is the home's number for it, or
    None when it was read without a home.
    """

    uid: str
    patient: Patient
    series: tuple[Series, ...]
    date: str = ""
    description: str = ""
    skipped: tuple[Dropped, ...] = ()
    id: int | None = None

    @classmethod
    def of(cls, series: Iterable[Series], skipped: Iterable[Dropped] = ()) -> "tuple[Study, ...]":
        """Studies from loose series, one per StudyInstanceUID and patient, as they appear."""
        groups: dict[tuple[str, str], list[Series]] = {}
        for one in series:
            groups.setdefault((one.origin.study_uid, one.origin.patient.id), []).append(one)
        return tuple(
            cls(
                uid=group[0].origin.study_uid,
                patient=group[0].origin.patient,
                series=tuple(group),
                date=group[0].origin.date,
                description=group[0].origin.description,
                skipped=tuple(skipped),
            )
            for group in groups.values()
        )

    @property
    def usable(self) -> tuple[Series, ...]:
        """The series that were not refused."""
        return tuple(series for series in self.series if series.usable)


@dataclass(frozen=True, eq=False)
class Prior:
    """An earlier examination of the same patient and what was measured on it."""

    study: Study
    measurements: tuple[Measurement, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    """Region id of a measurement to the region's label and laterality, as ``label``."""
    report_id: int | None = None
