"""Small studies and drafts as the readers and the pipeline make them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from medmm.home import Home
from medmm.nouns import (
    Code,
    Content,
    Draft,
    Dropped,
    Evidence,
    Finding,
    Measurement,
    Origin,
    Patient,
    Reason,
    Region,
    Series,
    Statement,
    Study,
    Uncertainty,
    Verdict,
    Volume,
    WriterInfo,
)

JANE = Patient(id="MR-4711", name="DOE^JANE", sex="F", birth_date="1961-02-03", age="063Y")
AFFINE = np.array(
    [[0.0, 0.0, 0.7, -170.25], [0.0, 0.7, 0.0, -160.125], [2.5, 0.0, 0.0, -300.1], [0, 0, 0, 1.0]]
)


def volume(slices: int = 6, seed: int = 0) -> Volume:
    """A small CT in HU; slice k is the same whatever the number of slices."""
    planes = [
        np.random.default_rng((seed, index)).integers(-1024, 1200, (16, 20), dtype=np.int16)
        for index in range(slices)
    ]
    return Volume(np.stack(planes), AFFINE.copy(), "HU", window=(-600.0, 1500.0))


def series(
    uid: str = "1.2.3.1",
    slices: int = 6,
    *,
    seed: int = 0,
    origin: Origin | None = None,
    content: Content | None = None,
    **fields: Any,
) -> Series:
    """A usable CT series as a reader gives it."""
    held = content or volume(slices, seed)
    described: dict[str, Any] = {
        "uid": uid,
        "key": uid,
        "modality": "CT",
        "body_part": "CHEST",
        "kind": "volume",
        "verdict": Verdict("usable", max_deviation_mm=0.0003),
        "origin": origin or Origin("1.2.3", JANE, "2024-05-06T07:08:09", "CT Thorax", "A100"),
        "load": lambda: held,
        "description": "Lung 2.5 mm",
        "number": 3,
        "shape": (slices, 16, 20),
        "spacing_mm": (2.5, 0.7, 0.7),
        "affine_lps": tuple(tuple(float(value) for value in row) for row in AFFINE),
        "units": "HU",
        "files": tuple(f"/cd/IM{index:04d}" for index in range(slices)),
        "sop_uids": tuple(f"{uid}.{index}" for index in range(slices)),
        "header": {"Manufacturer": "Maker", "KVP": "120"},
    }
    return Series(**described | fields)


def refused_series(uid: str = "1.2.3.9", **fields: Any) -> Series:
    """A series that the reader refused."""
    verdict = Verdict(
        "refused",
        (Reason("missing-slice", "A slice is missing.", "ImagePositionPatient"),),
        (Dropped("/cd/IM0099", "It is cut short."),),
    )
    return series(uid, verdict=verdict, load=_no_load, **fields)


def _no_load() -> Content:
    raise AssertionError("a refused series is not loaded")


def study(*parts: Series, patient: Patient = JANE, uid: str = "1.2.3") -> Study:
    """One study of the given series (default: one CT)."""
    origin = Origin(uid, patient, "2024-05-06T07:08:09", "CT Thorax", "A100")
    own = tuple(replace(part, origin=origin) for part in parts or (series(),))
    return Study(uid, patient, own, origin.date, origin.description)


def numbered_study(number: int, slices: int = 4) -> Study:
    """A study of its own patient, told apart by a number."""
    patient = Patient(f"P{number:06d}", f"CASE^{number}", "O", "1950-01-01")
    uid = f"1.2.9.{number}"
    return study(series(f"{uid}.1", slices, seed=number), patient=patient, uid=uid)


TEXTS = (
    "CT of the chest.",
    "The right lung measures 2.31 L.",
    "There is a solid nodule of 8.4 mm in the right lower lobe.",
    "No pleural effusion was assessed.",
)


def draft(study_uid: str = "1.2.3", texts: Sequence[str] = TEXTS, **fields: Any) -> Draft:
    """A draft with a measurement behind one sentence."""
    statements = tuple(
        Statement(
            f"s{index}", "Findings", text, "measured", (Evidence("measurement", "m1", "2.31 mL"),)
        )
        for index, text in enumerate(texts, start=1)
    )
    measured = Measurement(
        "m1", "volume", 2310.0, "mL", "voxels", "ct_lungs", Uncertainty("resolution", 21.5), "r1"
    )
    finding = Finding("f1", Code("SCT", "786838002", "lung nodule"), "present", "ct_nodule")
    return Draft(
        study_uid,
        statements,
        WriterInfo("composer", "composer", "1"),
        findings=(finding,),
        measurements=(measured,),
        seconds={"total": 1.25},
        **fields,
    )


def region_with_mask(home: Home, data: bytes = b"mask") -> Region:
    """A region whose mask is kept in the home."""
    kept = home.files.put(data, ".nii.gz")
    return Region("r1", "right lung", "mask", "1.2.3.1", mask_path=str(kept.path))
