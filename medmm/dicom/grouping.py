"""Files into series and series into piles that may be stacked: identity first, then form.

Rules and their reasons: `medmm.dicom` follows PS3.3 C.7.3 and C.7.6; SeriesInstanceUID is a hint,
not the truth.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from medmm.dicom.header import Instance
from medmm.dicom.splitting import Slice
from medmm.nouns import Reason

SAME_SPACING = 1e-4
SAME_DIRECTION = np.radians(0.05)

_IDENTITY = (
    ("PatientID", "patients"),
    ("PatientBirthDate", "birth dates"),
    ("StudyInstanceUID", "studies"),
)


@dataclass(frozen=True, eq=False)
class Pile:
    """Slices that could lie in one grid; ``tags`` differ from the other piles of the series."""

    slices: tuple[Slice, ...]
    tags: tuple[str, ...] = ()


def by_series(instances: Iterable[Instance]) -> dict[tuple[str, ...], list[Instance]]:
    """Files that say they are one series; those without a UID by folder, study and description."""
    groups: dict[tuple[str, ...], list[Instance]] = {}
    for one in instances:
        key = (
            (one.series_uid,)
            if one.series_uid
            else (
                "",
                str(one.path.parent),
                *one.identity.values(),
                one.sop_class,
                one.frame_of_reference,
            )
        )
        groups.setdefault(key, []).append(one)
    return groups


def mixed_identity(instances: Sequence[Instance]) -> Reason | None:
    """Why files under one SeriesInstanceUID are not of one examination of one person, or None.

    An empty value beside a filled one counts as another: a series that lost the name on some of its
    slices is not known to be whole. Names decide only where no file has a PatientID.
    """
    checks = list(_IDENTITY)
    if not any(one.identity["PatientID"] for one in instances):
        checks.append(("PatientName", "names"))
    for keyword, what in checks:
        values = sorted({one.identity[keyword] for one in instances})
        if len(values) > 1:
            shown = ", ".join(_shown(value) for value in values[:3])
            return Reason(
                "mixed_identity",
                f"Files of {len(values)} {what} carry one SeriesInstanceUID ({keyword}: {shown}).",
                keyword,
            )
    return None


def piles(slices: Sequence[Slice]) -> tuple[Pile, ...]:
    """Parted by class, frame of reference, pixels, localizer, spacing and orientation."""
    keys: list[list[object]] = [[] for _ in slices]
    names = []
    for name, key in _KEYS:
        values = [key(one) for one in slices]
        names.append(name)
        for own, value in zip(keys, values, strict=True):
            own.append(value)
    spacing = np.array([one.frame.spacing for one in slices], dtype=np.float64)
    names.append("PixelSpacing")
    for own, cluster in zip(keys, _clusters(spacing, SAME_SPACING * spacing.max()), strict=True):
        own.append(cluster)
    orientation = np.array([one.frame.orientation for one in slices], dtype=np.float64)
    names.append("ImageOrientationPatient")
    for own, cluster in zip(keys, _clusters(orientation, SAME_DIRECTION), strict=True):
        own.append(cluster)
    differing = tuple(
        name for place, name in enumerate(names) if len({str(own[place]) for own in keys}) > 1
    )
    groups: dict[tuple[object, ...], list[Slice]] = {}
    for own, one in zip(keys, slices, strict=True):
        groups.setdefault(tuple(own), []).append(one)
    return tuple(Pile(tuple(group), differing) for group in groups.values())


def _clusters(values: np.ndarray[tuple[int, int], np.dtype[np.float64]], near: float) -> list[int]:
    """For each row of ``values`` the number of the first row that it is near to."""
    kept: list[int] = []
    found: list[int] = []
    for row in values:
        for cluster, first in enumerate(kept):
            if float(np.linalg.norm(row - values[first])) <= near:
                found.append(cluster)
                break
        else:
            found.append(len(kept))
            kept.append(len(found) - 1)
    return found


def _shown(value: str) -> str:
    return "".join(c for c in value if c.isprintable())[:64] or "(empty)"


_KEYS: tuple[tuple[str, Callable[[Slice], object]], ...] = (
    ("SOPClassUID", lambda one: one.instance.sop_class),
    ("FrameOfReferenceUID", lambda one: one.instance.frame_of_reference),
    (
        "Rows and Columns",
        lambda one: one.instance.form and (one.instance.form.rows, one.instance.form.columns),
    ),
    (
        "PhotometricInterpretation",
        lambda one: (
            one.instance.form and (one.instance.form.samples, one.instance.form.photometric)
        ),
    ),
    (
        "BitsStored and PixelRepresentation",
        lambda one: (
            one.instance.form
            and (one.instance.form.allocated, one.instance.form.stored, one.instance.form.signed)
        ),
    ),
)
