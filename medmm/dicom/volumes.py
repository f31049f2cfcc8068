"""Stacks into volumes: every time point's grid proved, then pixels read straight into one array."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medmm.dicom import ends, proof, stacking, views
from medmm.dicom.header import Form
from medmm.dicom.pixels import Frames
from medmm.dicom.splitting import Slice, Stack, planes_of
from medmm.dicom.stacking import Grid
from medmm.dicom.units import Units, units_of
from medmm.dicom.values import Meaning, meaning_of, to_values
from medmm.errors import GeometryError
from medmm.nouns import Reason, Volume

Array = NDArray[Any]

_REPAIRS = ("tilted", "positions_evened", "filled")


@dataclass(frozen=True, eq=False)
class Plan:
    """A volume that is proved and not yet loaded.

    ``slices`` run over grid places within time points; ``grid`` is that of every time point.
    """

    slices: tuple[Slice, ...]
    times: int
    grid: Grid
    form: Form
    units: Units
    notes: tuple[Reason, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the array: slice, row, column and, for several time points, time."""
        one = (self.grid.depth, self.form.rows, self.form.columns)
        return one if self.times == 1 else (*one, self.times)

    @property
    def repaired(self) -> bool:
        """Whether the grid is not plainly what the files say."""
        return any(note.code in _REPAIRS for note in self.notes)

    def load(self, frames: Frames) -> Volume:
        """Read and convert all pixels.

        Raises:
            PixelError: a frame cannot be decoded or is not what its header says.
        """
        meanings = [
            meaning_of(one.instance, one.frame.rescale, self.units.factor) for one in self.slices
        ]
        return _volume(self, frames, meanings)


def plan(stack: Stack, every_order: Sequence[int], *, fill_gaps: bool) -> Plan:
    """Prove a stack.

    Raises:
        GeometryError: its slices lie on no common grid, or some are missing.
        InputError: its slices are in different units.
    """
    form = stack.slices[0].instance.form
    if form is None:
        raise GeometryError("Slices have no pixels.", code="no_pixels")
    shape = (form.rows, form.columns)
    grids = [stacking.grid_of(planes_of(time), shape) for time in stack.times]
    grid = _common(grids, stack, shape)
    ordered = [
        [time[place] for place in own.order] for time, own in zip(stack.times, grids, strict=True)
    ]
    notes = list(grid.notes)
    if grid.holes:
        notes.append(_hole_note(grid, fill_gaps=fill_gaps))
    if len(stack.times) == 1:
        notes.extend(ends.missing_ends(ordered[0], every_order))
    slices = tuple(one for time in ordered for one in time)
    units = units_of(
        [one.instance for one in slices], list({id(r): r for r in _rescales(slices)}.values())
    )
    notes.extend(units.notes)
    return Plan(slices, len(stack.times), grid, form, units, tuple(notes))


def _rescales(slices: Sequence[Slice]) -> list[Any]:
    return [one.frame.rescale for one in slices]


def _common(grids: Sequence[Grid], stack: Stack, shape: tuple[int, int]) -> Grid:
    """The one grid of all time points, proved against each of them."""
    first = grids[0]
    for grid, time in zip(grids[1:], stack.times[1:], strict=True):
        if grid.depth != first.depth or len(grid.indices) != len(first.indices):
            raise GeometryError(
                f"Time points hold {len(first.indices)} and {len(grid.indices)} slices: "
                "the last one may be cut off.",
                "Ask for the series to be sent again.",
                code="incomplete_time_points",
                tag=stack.tags[-1] if stack.tags else None,
            )
        planes = planes_of(time).take(grid.order)
        deviation = proof.deviation_mm(first.affine, planes, grid.indices.astype(np.float64), shape)
        if deviation > stacking.NEAR_MM:
            raise GeometryError(
                f"Time points lie on grids that are {deviation:.2f} mm apart.",
                code="moving_time_points",
                tag="ImagePositionPatient",
            )
        first = replace(first, deviation_mm=max(first.deviation_mm, deviation))
    return first


def _hole_note(grid: Grid, *, fill_gaps: bool) -> Reason:
    """A note that holes are filled, if that is asked for and safe.

    Raises:
        GeometryError: otherwise.
    """
    count = sum(hole.count for hole in grid.holes)
    where = ", ".join(
        f"between {hole.from_mm:.2f} and {hole.to_mm:.2f} mm along the stack" for hole in grid.holes
    )
    what = f"{count} slice is missing" if count == 1 else f"{count} slices are missing"
    fillable = all(hole.count < stacking.LONGEST_HOLE for hole in grid.holes)
    if fill_gaps and fillable:
        return Reason(
            "filled",
            f"{what} ({where}) and filled by interpolation from the neighbours.",
            "ImagePositionPatient",
        )
    mend = "give --fill to interpolate, or " if fillable else ""
    raise GeometryError(
        f"{what} ({where}): {mend}ask for the series to be sent again.",
        code="missing_slices",
        tag="ImagePositionPatient",
    )


def _volume(plan: Plan, frames: Frames, meanings: Sequence[Meaning]) -> Volume:
    stored = frames.read([(one.instance.pixels, one.frame.number) for one in plan.slices])
    array, padding = to_values(stored, meanings, plan.units.fill)
    middle = plan.slices[len(plan.slices) // 2].instance.fields
    if plan.grid.holes:
        array = _filled(array, plan)
        padding = None if padding is None else _filled(padding, plan)
    return Volume(
        array=_with_time_last(array, plan),
        affine_lps=plan.grid.affine,
        units=plan.units.name,
        axes="kij" if plan.times == 1 else "kijt",
        padding=None if padding is None else _with_time_last(padding, plan),
        window=views.window_of(middle, plan.units.factor),
    )


def _filled(array: Array, plan: Plan) -> Array:
    """Missing slices by linear interpolation between their neighbours (for masks: either's)."""
    known = plan.grid.indices
    count = len(known)
    full = np.empty((plan.times * plan.grid.depth, *array.shape[1:]), dtype=array.dtype)
    for time in range(plan.times):
        here = full[time * plan.grid.depth : (time + 1) * plan.grid.depth]
        here[known] = array[time * count : (time + 1) * count]
        for hole in plan.grid.holes:
            before, after = here[hole.after], here[hole.after + hole.count + 1]
            for step in range(1, hole.count + 1):
                here[hole.after + step] = _between(before, after, step / (hole.count + 1))
    return full


def _between(before: Array, after: Array, share: float) -> Array:
    if before.dtype == np.bool_:
        return np.asarray(before | after)
    mixed = before.astype(np.float64) * (1 - share) + after.astype(np.float64) * share
    return np.rint(mixed) if before.dtype.kind in "iu" else mixed


def _with_time_last(array: Array, plan: Plan) -> Array:
    if plan.times == 1:
        return array
    return np.moveaxis(array.reshape(plan.times, -1, *array.shape[1:]), 0, -1)
