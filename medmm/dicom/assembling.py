"""Parts of a series into `Series` nouns: names, verdicts, and how their content is loaded."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from medmm.dicom import pictures, views, volumes, waveforms
from medmm.dicom.fields import clean, tag
from medmm.dicom.header import Instance
from medmm.dicom.parts import Part, parts_of, reason_of
from medmm.dicom.pixels import Frames
from medmm.dicom.uids import safe_uid
from medmm.errors import GeometryError, InputError
from medmm.nouns import Content, Facts, Series, Verdict
from medmm.nouns.geometry import spacing_mm

_NUMBER = tag("SeriesNumber")
_DESCRIPTION = tag("SeriesDescription")


def series_of(
    instances: Sequence[Instance], study_uid: str, uid: str, facts: Facts, frames: Frames
) -> Iterator[Series]:
    """All series that one SeriesInstanceUID stands for, in a fixed order."""
    parts = list(parts_of(instances, facts))
    for number, part in enumerate(parts, start=1):
        key = uid if len(parts) == 1 else f"{uid}.{number}"
        yield _named(part, study_uid, uid, key, facts, frames)


def _named(part: Part, study_uid: str, uid: str, key: str, facts: Facts, frames: Frames) -> Series:
    first = part.instances[0]
    plan = part.plan
    volume = plan if isinstance(plan, volumes.Plan) else None
    affine = volume.grid.affine if volume else None
    return Series(
        uid=uid,
        key=key,
        modality=clean(first.modality or facts.modality or ""),
        body_part=views.body_part_of(first.fields) or (facts.body_part or "").upper(),
        kind=part.kind,
        verdict=_verdict(part),
        origin=views.origin_of(first.fields, study_uid),
        load=_load(part, frames),
        description=first.fields.text(_DESCRIPTION),
        number=first.fields.integer(_NUMBER),
        shape=plan.shape if plan else (),
        spacing_mm=_spacing(plan),
        affine_lps=None if affine is None else tuple(tuple(map(float, row)) for row in affine),
        units="" if plan is None else plan.units.name,
        files=tuple(str(one.path.absolute()) for one in part.instances),
        sop_uids=_sop_uids(part),
        header=views.header_of(first.fields, lossy=_is_lossy(first)),
        view=views.view_of(first.fields),
    )


def _is_lossy(one: Instance) -> bool:
    try:
        return one.pixels is not None and bool(one.pixels.lossy)
    except InputError:
        return False  # loading says what is wrong with the stream


def _verdict(part: Part) -> Verdict:
    odd = {note.code: note for one in reversed(part.instances) for note in one.notes}
    if part.refusal is not None:
        reasons = (reason_of(part.refusal), *part.reasons, *odd.values())
        return Verdict("refused", reasons, part.dropped)
    volume = part.plan if isinstance(part.plan, volumes.Plan) else None
    repaired = bool(part.dropped) or (volume is not None and volume.repaired)
    return Verdict(
        "repaired" if repaired else "usable",
        (*part.reasons, *odd.values()),
        part.dropped,
        None if volume is None else volume.grid.deviation_mm,
    )


def _load(part: Part, frames: Frames) -> Callable[[], Content]:
    refusal = part.refusal
    if refusal is not None:
        return _Refusal(refusal)
    if part.plan is None:
        raise GeometryError("A part without a plan must be refused.")
    return partial(part.plan.load, frames)


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Loading a refused series says again why."""

    error: InputError

    def __call__(self) -> Content:
        raise type(self.error)(
            self.error.message, self.error.mend, code=self.error.code, tag=self.error.tag
        )


def _spacing(
    plan: volumes.Plan | pictures.Plan | waveforms.Plan | None,
) -> tuple[float, ...] | None:
    if isinstance(plan, volumes.Plan):
        return spacing_mm(plan.grid.affine)
    return plan.spacing.patient if isinstance(plan, pictures.Plan) else None


def _sop_uids(part: Part) -> tuple[str, ...]:
    """One for each slice of a volume in slice order, where each file is one slice."""
    uids = tuple(safe_uid(one.sop_uid) for one in part.instances)
    return uids if all(uids) else ()
