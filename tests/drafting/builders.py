"""Real nouns for small, true-to-life cases: studies, regions, results, runs, priors, experts."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from medmm.nouns import (
    Applicability,
    Card,
    Case,
    Code,
    ExpertResult,
    ExpertRun,
    Finding,
    Mask,
    Measurement,
    Origin,
    Patient,
    Picture,
    Prior,
    Reason,
    Region,
    RunContext,
    Selection,
    Series,
    Study,
    Uncertainty,
    Verdict,
    Volume,
)

SHAPE = (60, 40, 40)
SPACING = (2.5, 7.0, 7.0)
NODULE = Code("SCT", "427359005", "Pulmonary nodule")
EFFUSION = Code("SCT", "60046008", "Pleural effusion")
PNEUMOTHORAX = Code("SCT", "36118008", "Pneumothorax")
APPLIES = Applicability("applies")
USABLE = Verdict("usable")


def affine(spacing: Sequence[float] = SPACING, start_z: float = 0.0) -> np.ndarray:
    """Index [slice, row, column] to LPS mm; slices run to the head, columns to the left."""
    matrix = np.zeros((4, 4))
    matrix[2, 0], matrix[1, 1], matrix[0, 2], matrix[3, 3] = (*spacing, 1.0)
    matrix[2, 3] = start_z
    return matrix


def series(
    number: int = 2,
    *,
    modality: str = "CT",
    body_part: str = "CHEST",
    shape: tuple[int, ...] = SHAPE,
    spacing: tuple[float, ...] = SPACING,
    start_z: float = 0.0,
    verdict: Verdict = USABLE,
    date: str = "2026-03-14",
    loads: list[int] | None = None,
    **more: object,
) -> Series:
    """A stack; ``loads`` collects the number of each series whose pixels are loaded."""
    matrix = affine(spacing, start_z)

    def load() -> Volume:
        if loads is not None:
            loads.append(number)
        return Volume(np.zeros(shape, dtype=np.int16), matrix, "HU")

    plain = Series(
        uid=f"1.2.3.{number}",
        key=f"1.2.3.{number}",
        modality=modality,
        body_part=body_part,
        kind="volume",
        verdict=verdict,
        origin=Origin("1.2.3", Patient(id="P1"), date),
        load=load,
        number=number,
        shape=shape,
        spacing_mm=spacing,
        affine_lps=tuple(tuple(float(x) for x in row) for row in matrix),
        units="HU",
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def film(number: int = 1, **more: object) -> Series:
    """A chest radiograph without a calibrated pixel size."""
    plain = series(number, modality="DX", shape=(2000, 1800), spacing=(1.0, 1.0, 1.0))
    changes: dict[str, object] = {
        "kind": "picture",
        "spacing_mm": None,
        "affine_lps": None,
        "load": lambda: Picture(np.zeros((20, 18), dtype=np.uint8)),
    }
    return replace(plain, **{**changes, **more})  # type: ignore[arg-type]


def study(*parts: Series, date: str = "2026-03-14", uid: str = "1.2.3") -> Study:
    """A study of the given series, else of one chest CT."""
    return Study(uid, Patient(id="P1", name="Doe^Jo"), parts or (series(),), date)


def refused(number: int, text: str = "The slices are not evenly spaced.") -> Series:
    """A series that the reader refused."""
    return series(number, verdict=Verdict("refused", (Reason("uneven_spacing", text),)))


def box_mask(low: Sequence[int], high: Sequence[int]) -> Mask:
    """A box of voxels, given as half-open index ranges."""
    shape = tuple(b - a for a, b in zip(low, high, strict=True))
    return Mask(np.ones(shape, dtype=np.bool_), tuple(low), SHAPE)


def lung(region_id: str, side: str | None = "right", **more: object) -> Region:
    """A lung: the patient's right one at small columns, as the affine says; slices 10 to 50."""
    columns = (2, 18) if side == "right" else (24, 38)
    plain = Region(
        region_id,
        f"{side} lung",
        "mask",
        "1.2.3.2",
        "1.2.3.2",
        laterality=side,  # type: ignore[arg-type]
        slice=30,
        mask=box_mask((10, 5, columns[0]), (50, 35, columns[1])),
        affine_lps=affine(),
        confidence=0.9,
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def nodule(region_id: str, side: str = "right", slice_index: int = 44, **more: object) -> Region:
    """A nodule around a slice."""
    column = 10 if side == "right" else 30
    plain = Region(
        region_id,
        "lung nodule",
        "box",
        "1.2.3.2",
        "1.2.3.2",
        laterality=side,  # type: ignore[arg-type]
        slice=slice_index,
        box=(column, 20.0, column + 3.0, 22.0),
        affine_lps=affine(),
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def measured(
    measurement_id: str,
    name: str,
    value: float,
    unit: str,
    region: str | None = None,
    off: float | None = None,
    *,
    kind: str = "resolution",
    doubtful: bool = False,
    expert: str = "ct_lungs",
    method: str = "voxels in the mask",
) -> Measurement:
    """One measurement; ``off`` is its uncertainty."""
    uncertainty = None if off is None else Uncertainty(kind, off)
    return Measurement(
        measurement_id, name, value, unit, method, expert, uncertainty, region, doubtful
    )


def lungs_result(right: float = 2352.0, left: float = 2058.0, **more: object) -> ExpertResult:
    """What an expert on both lungs gives back; the volumes are those of the masks."""
    plain = ExpertResult(
        "ct_lungs",
        "1.0",
        APPLIES,
        regions=(lung("r1"), lung("r2", "left")),
        measurements=(
            measured("m1", "volume", right, "mL", "r1", 14.0),
            measured("m2", "mean attenuation", -823.4, "[hnsf'U]", "r1", 2.0),
            measured("m3", "emphysema index", 3.24, "%", "r1", 0.3),
            measured("m4", "volume", left, "mL", "r2", 14.0),
            measured("m5", "mean attenuation", -811.0, "[hnsf'U]", "r2", 2.0),
            measured("m6", "emphysema index", 7.41, "%", "r2", 0.3),
        ),
        assessed=("right lung", "left lung"),
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def axes(first: int, region: str, long: float, short: float) -> tuple[Measurement, ...]:
    """Long axis, short axis and volume of a nodule."""
    return (
        measured(f"m{first}", "long axis", long, "mm", region, 0.6, expert="ct_nodule"),
        measured(f"m{first + 1}", "short axis", short, "mm", region, 0.6, expert="ct_nodule"),
        measured(f"m{first + 2}", "volume", 1.364, "mL", region, 0.2, expert="ct_nodule"),
    )


def nodules_result(*sizes: tuple[float, float], **more: object) -> ExpertResult:
    """What a demonstrator on nodules gives back, one finding each; sides take turns."""
    pairs = sizes or ((16.82, 11.61),)
    regions, measurements, findings = [], [], []
    for index, (long, short) in enumerate(pairs):
        name = f"r{11 + index}"
        side = "right" if index % 2 == 0 else "left"
        regions.append(nodule(name, side, 44 - 8 * index))
        own = axes(11 + 3 * index, name, long, short)
        measurements += own
        ids = tuple(one.id for one in own)
        findings.append(
            Finding(
                f"f{11 + index}", NODULE, "present", "ct_nodule", 0.71, False, (name,), ids, True
            )
        )
    plain = ExpertResult(
        "ct_nodule",
        "1.0",
        APPLIES,
        tuple(findings),
        tuple(regions),
        tuple(measurements),
        assessed=("lung nodule",),
        demonstrator=True,
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def ran(result: ExpertResult, keys: tuple[str, ...] = ("1.2.3.2",), reason: str = "") -> ExpertRun:
    """The record of a run."""
    return ExpertRun(
        result.expert,
        result.version,
        "ran",
        result.applicability.status,
        reason,
        seconds=1.0,
        series=keys,
        demonstrator=result.demonstrator,
    )


def not_run(name: str, reason: str, status: str = "refused") -> ExpertRun:
    """The record of an expert that gave nothing."""
    return ExpertRun(name, "1.0", status, "refuses", reason)  # type: ignore[arg-type]


def case(*results: ExpertResult, of: Study | None = None, **more: object) -> Case:
    """A case in which the results' experts ran."""
    plain = Case(of or study(), results, tuple(ran(result) for result in results))
    return replace(plain, **more)  # type: ignore[arg-type]


def prior(
    right: float = 2350.0, left: float = 2410.0, date: str = "2025-09-10", nodules: int = 0
) -> Prior:
    """An earlier chest CT of the same patient, its lungs measured by the same method."""
    before = lungs_result(right, left)
    labels = {"r1": "right lung", "r2": "left lung"}
    measurements = before.measurements
    for index in range(nodules):
        labels[f"r{11 + index}"] = "lung nodule"
        measurements += axes(11 + 3 * index, f"r{11 + index}", 12.0 - index, 9.0 - index)
    return Prior(study(series(date=date), date=date, uid="1.2.9"), measurements, labels)


@dataclass
class ScriptedExpert:
    """An expert that offers and returns what it was told to; a seam of its own, no mock."""

    name: str = "ct_lungs"
    result: ExpertResult | None = None
    error: BaseException | None = None
    offer: Callable[[Study], list[Selection]] | None = None
    act: Callable[[RunContext], None] | None = None
    asked: list[tuple[str, ...]] = field(default_factory=list)
    demonstrator: bool = False

    @property
    def card(self) -> Card:
        return Card(
            self.name,
            "1.0",
            "returns what it was told to",
            "demonstrator" if self.demonstrator else "measured",
            ("CT",),
            ("CHEST",),
            "a chest CT",
            (),
            (),
        )

    def inputs(self, study: Study) -> list[Selection]:
        if self.offer is not None:
            return self.offer(study)
        return [Selection((one,), APPLIES) for one in study.usable[:1]]

    def run(self, selection: Selection, context: RunContext) -> ExpertResult:
        self.asked.append(tuple(one.key for one in selection.series))
        assert all(one.content is not None for one in selection.series)
        if self.act is not None:
            self.act(context)
        if self.error is not None:
            raise self.error
        assert self.result is not None
        return self.result


def texts(statements: Iterable[object], section: str = "") -> list[str]:
    """The sentences of a section, or of all."""
    return [
        one.text  # type: ignore[attr-defined]
        for one in statements
        if not section or one.section == section  # type: ignore[attr-defined]
    ]
