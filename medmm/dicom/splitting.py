"""One pile of parallel slices into stacks that hold each position once, and the tag that tells why.

Nothing is guessed: where no tag explains a repeat, the pile stays whole and is refused.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np

from medmm.dicom import stacking
from medmm.dicom.header import Frame, Instance
from medmm.dicom.hints import HINTS, Hint
from medmm.dicom.proof import Planes
from medmm.errors import GeometryError

TIME_POINTS = "NumberOfTemporalPositions"
APART_IF_UNEQUAL = ("AcquisitionNumber", "StationName")
"""Time tags that also number stations: parts of unlike grids are stacks of their own."""


@dataclass(frozen=True, slots=True)
class Slice:
    """One frame of one file."""

    instance: Instance
    frame: Frame


@dataclass(frozen=True, eq=False)
class Stack:
    """Slices at distinct positions, or ``times`` of them; ``tags`` split it from its like."""

    times: tuple[tuple[Slice, ...], ...]
    tags: tuple[str, ...] = ()
    values: tuple[str, ...] = ()

    @property
    def slices(self) -> tuple[Slice, ...]:
        """All slices of all time points."""
        return tuple(one for time in self.times for one in time)


def planes_of(slices: Sequence[Slice]) -> Planes:
    """Geometry of slices that all have position, orientation and spacing."""
    orientation = np.array([one.frame.orientation for one in slices], dtype=np.float64)
    return Planes(
        positions=np.array([one.frame.position for one in slices], dtype=np.float64),
        rows=orientation[:, :3],
        columns=orientation[:, 3:],
        spacing=np.array([one.frame.spacing for one in slices], dtype=np.float64),
    )


def split(slices: Sequence[Slice], hints: Sequence[Hint] = HINTS) -> tuple[Stack, ...] | None:
    """Stacks without repeats, or None where no tag explains the repeats."""
    most = stacking.repeats(planes_of(slices))[1]
    if most == 1:
        return (Stack((tuple(slices),)),)
    for place, hint in enumerate(hints):
        if hint.time != "no":
            continue
        parts = _by_value(slices, hint)
        if not 1 < len(parts) <= most or any(_most(part) >= most for part in parts.values()):
            continue
        stacks = _split_parts(parts, hint, hints[place + 1 :])
        if stacks is not None:
            return stacks
    return _split_by_time(slices, most, [hint for hint in hints if hint.time != "no"])


def split_overlapping(slices: Sequence[Slice], shape: tuple[int, int]) -> tuple[Stack, ...] | None:
    """Stacks that reach into each other at positions of their own (two stations), or None.

    Only where one tag parts the pile into few runs of three slices or more, each even in itself.
    """
    for hint in HINTS:
        parts = _by_value(slices, hint)
        if not 2 <= len(parts) <= 4 or any(len(part) < 3 for part in parts.values()):
            continue
        if all(_is_even(part, shape) for part in parts.values()) and _overlap(parts.values()):
            return tuple(
                Stack((tuple(part),), (hint.name,), (value,)) for value, part in parts.items()
            )
    return None


def _split_parts(
    parts: dict[str, list[Slice]], hint: Hint, rest: Sequence[Hint]
) -> tuple[Stack, ...] | None:
    stacks: list[Stack] = []
    for value, part in parts.items():
        inner = split(part, rest)
        if inner is None:
            return None
        stacks.extend(
            Stack(one.times, (hint.name, *one.tags), (value, *one.values)) for one in inner
        )
    return tuple(stacks)


def _split_by_time(
    slices: Sequence[Slice], most: int, hints: Sequence[Hint]
) -> tuple[Stack, ...] | None:
    for hint in hints:
        if any(hint.name not in one.frame.hints for one in slices):
            continue
        if hint.time == "value":
            parts = list(_in_order(_by_value(slices, hint)))
            if not 1 < len(parts) <= most or any(_most(part) > 1 for part in parts):
                continue
        else:
            # Trigger times begin anew with each heart beat; clocks go on.
            ranked = _ranked(
                slices, most, partial(_time_of, hint), apart=hint.name != "TriggerTime"
            )
            if ranked is None:
                continue
            parts = ranked
        if len({len(part) for part in parts}) > 1 and hint.name in APART_IF_UNEQUAL:
            return tuple(
                Stack((tuple(part),), (hint.name,), (part[0].frame.hints[hint.name],))
                for part in parts
            )
        return (Stack(tuple(tuple(part) for part in parts), (hint.name,)),)
    return _split_by_count(slices, most)


def _split_by_count(slices: Sequence[Slice], most: int) -> tuple[Stack, ...] | None:
    """Time points as blocks of instance numbers, where the header says there are just as many."""
    declared = {one.frame.hints.get(TIME_POINTS) for one in slices}
    if declared != {str(most)}:
        return None
    ranked = _ranked(slices, most, lambda one: (float(one.frame.order or 0), ""))
    return None if ranked is None else (Stack(tuple(map(tuple, ranked)), (TIME_POINTS,)),)


def _by_value(slices: Iterable[Slice], hint: Hint) -> dict[str, list[Slice]]:
    parts: dict[str, list[Slice]] = {}
    for one in slices:
        parts.setdefault(one.frame.hints.get(hint.name, ""), []).append(one)
    return dict(sorted(parts.items()))


def _in_order(parts: dict[str, list[Slice]]) -> Iterable[list[Slice]]:
    return [part for _, part in sorted(parts.items(), key=lambda item: _time(item[0]))]


def _ranked(
    slices: Sequence[Slice],
    most: int,
    when: Callable[[Slice], tuple[float, str]],
    *,
    apart: bool = True,
) -> list[list[Slice]] | None:
    """Time points by rank within each position, if every position has as many distinct times.

    With ``apart`` a time point must also be over before the next one begins.
    """
    places, _ = stacking.repeats(planes_of(slices))
    at: dict[int, list[Slice]] = {}
    for place, one in zip(places.tolist(), slices, strict=True):
        at.setdefault(place, []).append(one)
    ranked: list[list[Slice]] = [[] for _ in range(most)]
    for group in at.values():
        if len(group) != most or len({when(one) for one in group}) != most:
            return None
        for rank, one in enumerate(sorted(group, key=when)):
            ranked[rank].append(one)
    spans = [[when(one) for one in part] for part in ranked]
    if apart and any(max(a) >= min(b) for a, b in pairwise(spans)):
        return None
    return ranked


def _time_of(hint: Hint, one: Slice) -> tuple[float, str]:
    return _time(one.frame.hints[hint.name])


def _time(value: str) -> tuple[float, str]:
    """Times as DICOM writes them sort as numbers; anything else by its text after them."""
    try:
        return (float(value.partition("\\")[0]), "")
    except ValueError:
        return (float("inf"), value)


def _most(slices: Sequence[Slice]) -> int:
    return stacking.repeats(planes_of(slices))[1]


def _is_even(slices: Sequence[Slice], shape: tuple[int, int]) -> bool:
    try:
        return not stacking.grid_of(planes_of(slices), shape).holes
    except GeometryError:
        return False


def _overlap(parts: Iterable[Sequence[Slice]]) -> bool:
    spans = []
    normal = None
    for part in parts:
        planes = planes_of(part)
        normal = planes.normal if normal is None else normal
        along = planes.positions @ normal
        spans.append((float(along.min()), float(along.max())))
    spans.sort()
    return any(b[0] < a[1] for a, b in pairwise(spans))
