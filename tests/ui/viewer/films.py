"""Small studies for the viewer: films, priors, series of several spacings."""

from typing import Any

import numpy as np

from medmm.nouns import FilmView, Picture, Series, Study, Verdict, Volume
from tests.records.builders import JANE, series, study


def film_study(uid: str = "1.5") -> Study:
    """A chest film of MONOCHROME1 without spacing, stored as it is hung."""
    values = np.random.default_rng(4).integers(0, 4096, (80, 100), dtype=np.uint16)
    picture = Picture(values, window=(2048.0, 3000.0), inverted=True)
    made = picture_series(
        f"{uid}.1", picture, modality="DX", view=FilmView("PA", "", ("L", "F")), body_part="CHEST"
    )
    return study(made, uid=uid)


def picture_series(uid: str, picture: Picture, **fields: Any) -> Series:
    """A series of one picture."""
    told: dict[str, Any] = {
        "kind": "picture",
        "content": picture,
        "shape": picture.array.shape,
        "spacing_mm": picture.spacing_mm,
        "affine_lps": None,
        "units": "1",
        "sop_uids": (f"{uid}.1",),
    }
    return series(uid, **told | fields)


def ct(
    uid: str,
    *,
    slices: int = 30,
    side: int = 48,
    gap_mm: float = 2.0,
    z_mm: float = -100.0,
    **fields: Any,
) -> Series:
    """An axial CT from ``z_mm`` upwards in which each slice's values are ten times its number."""
    affine = np.diag([1.0, 1.0, 1.0, 1.0])
    affine[:3, :3] = [[0, 0, 0.8], [0, 0.8, 0], [gap_mm, 0, 0]]
    affine[:3, 3] = (-0.4 * side, -0.4 * side, z_mm)
    numbers = np.arange(slices, dtype=np.int16)[:, None, None] * 10
    array = np.broadcast_to(numbers, (slices, side, side)).copy()
    array[:, 4:8, 4:8] += 1000  # at the right front of the patient, to see turns by
    volume = Volume(array, affine, "HU", window=(40.0, 400.0))
    told: dict[str, Any] = {
        "content": volume,
        "shape": array.shape,
        "spacing_mm": (gap_mm, 0.8, 0.8),
        "affine_lps": tuple(tuple(float(one) for one in row) for row in affine),
        "sop_uids": tuple(f"{uid}.{k}" for k in range(slices)),
        "verdict": Verdict("usable", max_deviation_mm=0.0),
    }
    return series(uid, **told | fields)


def two_times(
    uid: str, *, prior: dict[str, Any] | None = None, now: dict[str, Any] | None = None
) -> tuple[Study, Study]:
    """A study and its prior of one patient: other gaps between slices, another table height."""
    from dataclasses import replace

    patient = replace(JANE, id=f"P{uid}")
    before = study(
        ct(f"{uid}.1.1", slices=50, gap_mm=1.5, z_mm=-110.0, **prior or {}),
        patient=patient,
        uid=f"{uid}.1",
    )
    current = study(ct(f"{uid}.2.1", **now or {}), patient=patient, uid=f"{uid}.2")
    return current, before
