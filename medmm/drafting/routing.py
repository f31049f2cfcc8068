"""Who looks at what: asks every expert for its inputs and chooses between stacks of one place."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medmm.drafting.recording import complaint, record
from medmm.nouns import Applicability, ExpertRun, Selection, Series, Study, geometry
from medmm.seams import Expert

log = logging.getLogger("medmm.drafting")

# Two stacks show one place when half of the smaller one's box lies in the larger one's.
SAME_PLACE = 0.5
# Thin slices do not make up for a body part that is cut off.
ENOUGH_COVERAGE = 0.9


@dataclass(frozen=True, eq=False)
class Plan:
    """One run to come: an expert, what it looks at, and why that stack and no other (or "")."""

    expert: Expert
    selection: Selection
    why: str = ""


def plan(study: Study, experts: Mapping[str, Expert]) -> tuple[list[Plan], list[ExpertRun]]:
    """Runs to come, and the records of experts that refused or could not even say."""
    plans: list[Plan] = []
    runs: list[ExpertRun] = []
    for name, expert in experts.items():
        try:
            offered = expert.inputs(study)
        except Exception as error:  # noqa: BLE001  an expert may raise anything at all
            log.warning("expert=%s cannot say its inputs: %s", name, type(error).__name__)
            runs.append(record(expert, "failed", Applicability("refuses"), reason=complaint(error)))
            continue
        chosen = choose(offered)
        plans += [Plan(expert, selection, why) for selection, why in chosen]
        if not chosen:
            runs.append(_refusal(expert, offered))
    return plans, runs


def choose(offered: Sequence[Selection]) -> list[tuple[Selection, str]]:
    """What an expert runs on, each with why it was chosen over others (or "").

    Doubtful selections count only where none plainly applies. Volumes that show one place compete:
    of those that cover at least 90 % of what the longest covers, the one with the thinnest slices
    is taken, then the one with the most voxels, then the first. Pictures do not compete.
    """
    plain = [one for one in offered if one.applicability.status == "applies"]
    able = plain or [one for one in offered if one.applicability.status == "doubtful"]
    groups: list[list[Selection]] = []
    for selection in able:
        rivals = next((group for group in groups if _compete(group[0], selection)), None)
        if rivals is None:
            groups.append([selection])
        else:
            rivals.append(selection)
    return [_best(group) for group in groups]


def _refusal(expert: Expert, offered: Sequence[Selection]) -> ExpertRun:
    # What the reader refused is told as the reader's refusal, and once.
    readable = [one for one in offered if all(series.usable for series in one.series)]
    by_reason: dict[str, list[str]] = {}
    for one in readable or offered:
        names = [str(series.number or series.key) for series in one.series]
        by_reason.setdefault(one.applicability.reason, []).extend(names)
    reasons = [reason for reason in by_reason if reason]
    if len(reasons) > 1:
        reasons = [f"Series {', '.join(by_reason[reason])}: {reason}" for reason in reasons]
    first = offered[0].applicability if len(offered) == 1 else Applicability("refuses")
    return record(
        expert,
        "refused",
        first,
        reason=" ".join(reasons)
        or f"No series of this study is what it needs: {expert.card.needs}",
        series=[series for one in offered for series in one.series],
    )


def _best(rivals: list[Selection]) -> tuple[Selection, str]:
    if len(rivals) == 1:
        return rivals[0], ""
    coverage = [_coverage_mm(one.series[0]) for one in rivals]
    long_enough = [
        one
        for one, length in zip(rivals, coverage, strict=True)
        if length >= ENOUGH_COVERAGE * max(coverage)
    ]
    best = min(long_enough, key=lambda one: (_gap_mm(one.series[0]), -_voxels(one.series[0])))
    gap = _gap_mm(best.series[0])
    what = f"a slice step of {gap:.3g} mm, the smallest" if len(long_enough) > 1 else "its coverage"
    return best, f"Chosen among {len(rivals)} stacks of the same place for {what}."


def _compete(one: Selection, other: Selection) -> bool:
    """Whether two selections are volumes of one place."""
    first, second = one.series[0], other.series[0]
    if {first.kind, second.kind} - {"volume", "4d"}:
        return False
    boxes = [_box_mm(first), _box_mm(second)]
    if boxes[0] is None or boxes[1] is None:
        return True
    low = np.maximum(boxes[0][0], boxes[1][0])
    high = np.minimum(boxes[0][1], boxes[1][1])
    shared = float(np.prod(np.clip(high - low, 0, None)))
    smaller = min(float(np.prod(box[1] - box[0])) for box in boxes if box is not None)
    return shared >= SAME_PLACE * smaller


def _affine(series: Series) -> NDArray[np.float64] | None:
    return None if series.affine_lps is None else np.asarray(series.affine_lps, dtype=np.float64)


def _box_mm(series: Series) -> NDArray[np.float64] | None:
    """The box in LPS mm that holds the stack's voxel centres: lowest and highest corner."""
    affine = _affine(series)
    if affine is None or len(series.shape) < 3:
        return None
    points = geometry.to_mm(affine, geometry.corners(series.shape))
    # A flat stack has no volume to share; a millimetre around it does no harm to any other.
    return np.stack([points.min(axis=0) - 0.5, points.max(axis=0) + 0.5])


def _gap_mm(series: Series) -> float:
    affine = _affine(series)
    if affine is not None:
        return round(geometry.slice_gap_mm(affine), 3)
    return series.spacing_mm[0] if series.spacing_mm else float("inf")


def _coverage_mm(series: Series) -> float:
    gap = _gap_mm(series)
    return gap * series.shape[0] if series.shape and np.isfinite(gap) else 0.0


def _voxels(series: Series) -> int:
    return int(np.prod(series.shape)) if series.shape else 0
