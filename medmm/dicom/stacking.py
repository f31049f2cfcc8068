"""Slices into one grid: ordered by geometry, spaced by positions, proved by corners, or refused."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medmm.dicom import proof
from medmm.dicom.proof import Planes
from medmm.errors import GeometryError
from medmm.nouns import Reason
from medmm.nouns.geometry import Affine

SAME_PLACE_MM = 0.02
"""Slices nearer than this along the normal are at one position: no human slice step is so small."""
EXACT_MM = 0.01
EXACT_SHARE = 0.01
"""A slice may lie this far from the grid, in mm or as a share of the gap, and be called exact."""
NEAR_MM = 0.05
"""Beyond exact and up to this the grid is an evened copy (repaired); further it is refused."""
TILT_DEGREES = 0.05
STEEPEST_DEGREES = 45.0
LONGEST_HOLE = 3
"""A hole that may be filled is at most this many steps wide (two slices missing in a row)."""
MISSING_SHARE = 0.1


@dataclass(frozen=True, eq=False)
class Hole:
    """Slices that are not there: ``count`` of them after grid index ``after``."""

    after: int
    count: int
    from_mm: float
    to_mm: float


@dataclass(frozen=True, eq=False)
class Grid:
    """A proved stack: ``order`` gives the input slices by place, ``indices`` their grid indices."""

    order: NDArray[np.intp]
    indices: NDArray[np.intp]
    affine: Affine
    deviation_mm: float
    gap_mm: float
    holes: tuple[Hole, ...] = ()
    notes: tuple[Reason, ...] = ()

    @property
    def depth(self) -> int:
        """Slices of the grid, missing ones counted."""
        return int(self.indices[-1]) + 1


def repeats(planes: Planes) -> tuple[NDArray[np.intp], int]:
    """Which distinct position each slice has, and how many slices the fullest position has.

    Positions are counted along the normal.
    """
    along = planes.positions @ planes.normal
    order = np.argsort(along, kind="stable")
    places = np.empty(len(planes), dtype=np.intp)
    places[order] = np.concatenate([[0], np.cumsum(np.diff(along[order]) > SAME_PLACE_MM)])
    return places, int(np.bincount(places).max())


def grid_of(planes: Planes, shape: tuple[int, int]) -> Grid:
    """The grid of at least two slices of ``shape`` (rows, columns), inner holes named.

    Raises:
        GeometryError: no grid holds them all; its ``code`` says why.
    """
    _check_directions(planes)
    along = planes.positions @ planes.normal
    order = np.argsort(along, kind="stable")
    gaps = np.diff(along[order])
    if gaps.min() <= SAME_PLACE_MM:
        raise _repeated(along[order], gaps)
    gap = float(np.median(gaps))
    steps = np.maximum(1, np.rint(gaps / gap)).astype(np.intp)
    if _too_many_missing(steps):
        raise _uneven(gaps, None)
    indices = np.concatenate([[0], np.cumsum(steps)]).astype(np.intp)
    ordered = planes.take(order)
    affine = proof.affine_of(ordered, indices.astype(np.float64))
    deviation = proof.deviation_mm(affine, ordered, indices.astype(np.float64), shape)
    exact = min(NEAR_MM, max(EXACT_MM, EXACT_SHARE * gap))
    if deviation > NEAR_MM:
        raise _why_uneven(ordered, indices, gaps, deviation)
    return Grid(
        order=order,
        indices=indices,
        affine=affine,
        deviation_mm=deviation,
        gap_mm=gap,
        holes=_holes(along[order], steps, indices),
        notes=_notes(affine, deviation, exact, len(planes)),
    )


def _check_directions(planes: Planes) -> None:
    lengths = np.linalg.norm(np.stack([planes.rows, planes.columns]), axis=-1)
    crossing = np.abs(np.sum(planes.rows * planes.columns, axis=-1))
    if np.abs(lengths - 1).max() > 1e-3 or crossing.max() > 1e-3:
        raise GeometryError(
            "ImageOrientationPatient is not two unit vectors at a right angle.",
            "Ask for the images to be sent again from their source.",
            code="bad_orientation",
            tag="ImageOrientationPatient",
        )


def _too_many_missing(steps: NDArray[np.intp]) -> bool:
    """Many wide gaps are another spacing, not missing slices."""
    missing = int((steps - 1).sum())
    return missing > max(1, MISSING_SHARE * (len(steps) + 1)) and int((steps > 1).sum()) > 1


def _holes(
    along: NDArray[np.float64], steps: NDArray[np.intp], indices: NDArray[np.intp]
) -> tuple[Hole, ...]:
    return tuple(
        Hole(int(indices[n]), int(steps[n]) - 1, float(along[n]), float(along[n + 1]))
        for n in np.flatnonzero(steps > 1)
    )


def _notes(affine: Affine, deviation: float, exact: float, count: int) -> tuple[Reason, ...]:
    notes = []
    tilt = proof.tilt_degrees(affine)
    if tilt > STEEPEST_DEGREES:
        raise GeometryError(
            f"Slices step {tilt:.0f} degrees away from their normal: this is no stack.",
            code="sideways_shift",
            tag="ImagePositionPatient",
        )
    if tilt > TILT_DEGREES:
        notes.append(
            Reason(
                "tilted",
                f"Slices are tilted by {tilt:.1f} degrees against the table; "
                "the grid is kept sheared, no voxel was resampled.",
                "ImagePositionPatient",
            )
        )
    if deviation > exact:
        notes.append(
            Reason(
                "positions_evened",
                f"Slice positions are uneven by up to {deviation:.3f} mm; an even grid was laid "
                "through them.",
                "ImagePositionPatient",
            )
        )
    if count == 2:
        notes.append(
            Reason(
                "two_slices",
                "There are two slices only: even spacing cannot be checked on them.",
                "ImagePositionPatient",
            )
        )
    return tuple(notes)


def _repeated(along: NDArray[np.float64], gaps: NDArray[np.float64]) -> GeometryError:
    places = along[1:][gaps <= SAME_PLACE_MM]
    return GeometryError(
        f"{len(places)} slices lie where another one lies (first at {places[0]:.2f} mm along the "
        "stack) and no tag tells them apart.",
        "Ask for the series to be sent again, or remove the copies.",
        code="repeated_positions",
        tag="ImagePositionPatient",
    )


def _why_uneven(
    planes: Planes, indices: NDArray[np.intp], gaps: NDArray[np.float64], deviation: float
) -> GeometryError:
    """Sideways if the planes are even along their normal and only their origins leave the line."""
    along = planes.positions @ planes.normal
    line = np.polynomial.Polynomial.fit(indices, along, 1)
    if np.abs(along - line(indices)).max() <= NEAR_MM:
        return GeometryError(
            f"Slices are shifted sideways against each other by up to {deviation:.2f} mm.",
            "Ask for the images to be reconstructed as one block.",
            code="sideways_shift",
            tag="ImagePositionPatient",
        )
    return _uneven(gaps, deviation)


def _uneven(gaps: NDArray[np.float64], deviation: float | None) -> GeometryError:
    far = "" if deviation is None else f"; an even grid would misplace slices by {deviation:.2f} mm"
    return GeometryError(
        f"Slices are unevenly spaced, {gaps.min():.2f} to {gaps.max():.2f} mm apart{far}.",
        "Ask for the images to be reconstructed with one slice spacing.",
        code="irregular_spacing",
        tag="ImagePositionPatient",
    )
