"""Exact copies of one SOP instance: one is kept; unlike files under one UID are refused."""

import hashlib
from collections.abc import Sequence

import numpy as np

from medmm.dicom.header import Frame, Instance
from medmm.errors import InputError
from medmm.nouns import Dropped


def without_copies(
    instances: Sequence[Instance],
) -> tuple[tuple[Instance, ...], tuple[Dropped, ...]]:
    """Files without exact copies, and the copies.

    Raises:
        InputError: two files carry one SOPInstanceUID and differ in pixels or geometry
            (code ``conflicting_copies``).
    """
    first: dict[str, Instance] = {}
    kept: list[Instance] = []
    dropped: list[Dropped] = []
    for one in instances:
        same = first.setdefault(one.sop_uid, one) if one.sop_uid else one
        if same is one:
            kept.append(one)
            continue
        if not _alike(same, one):
            raise InputError(
                f"{same.path.name} and {one.path.name} carry one SOPInstanceUID and differ.",
                "Find out which of them is right and remove the other.",
                code="conflicting_copies",
                tag="SOPInstanceUID",
            )
        dropped.append(Dropped(str(one.path.absolute()), f"a copy of {same.path.name}"))
    return tuple(kept), tuple(dropped)


def _alike(one: Instance, other: Instance) -> bool:
    return (
        one.fault == other.fault
        and one.form == other.form
        and [_facts(frame) for frame in one.frames] == [_facts(frame) for frame in other.frames]
        and _digest(one) == _digest(other)
    )


def _facts(frame: Frame) -> tuple[object, ...]:
    rescale = frame.rescale
    lut = rescale.lut.key if rescale.lut else None
    return (
        frame.position,
        frame.orientation,
        frame.spacing,
        (rescale.slope, rescale.intercept, rescale.type, lut),
    )


def _digest(one: Instance) -> bytes:
    """Hash of all stored values."""
    sha = hashlib.sha256()
    if one.pixels is None:
        with one.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    for frame in one.frames:
        sha.update(np.ascontiguousarray(one.pixels.stored(frame.number)).tobytes())
    return sha.digest()
