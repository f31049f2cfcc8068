"""Runs experts one after another: what each measured, or in plain words why it gave nothing."""

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from medmm.drafting import routing
from medmm.drafting.numbering import Numbering, prove
from medmm.drafting.recording import complaint, record
from medmm.drafting.routing import Plan
from medmm.errors import CancelledError
from medmm.nouns import ExpertResult, ExpertRun, RunContext, Study
from medmm.seams import Expert

log = logging.getLogger("medmm.drafting")

LATE = "The time that was given was over before it was done."


def silent(_: str) -> None:
    """Progress that nobody asked for."""


def never() -> bool:
    """Nobody cancels."""
    return False


def measure(
    study: Study,
    experts: Mapping[str, Expert],
    *,
    scratch: Path,
    deadline: float | None = None,
    threads: int = 1,
    progress: Callable[[str], None] = silent,
    cancelled: Callable[[], bool] = never,
) -> tuple[tuple[ExpertResult, ...], tuple[ExpertRun, ...]]:
    """All that the experts say of a study, ids unique over all, and the record of every run.

    ``deadline`` is in `time.monotonic` seconds. Loaded pixels are given back at the end.

    Raises:
        CancelledError: ``cancelled`` said so.
    """
    results: list[ExpertResult] = []
    numbering = Numbering()
    try:
        progress("asking the experts what they apply to")
        plans, runs = routing.plan(study, experts)
        for number, one in enumerate(plans, 1):
            if cancelled():
                raise CancelledError("Cancelled.", "Run the same command again.")
            progress(f"{one.expert.card.name} measures ({number} of {len(plans)})")
            folder = scratch / f"{number:02d}"
            folder.mkdir(parents=True, exist_ok=True)
            result, run = _run(one, study, RunContext(folder, deadline, threads, cancelled))
            runs.append(run)
            if result is not None:
                results.append(numbering.renumber(result))
            _release(study, plans[number:])
    finally:
        _release(study, ())
    order = [expert.card.name for expert in experts.values()]
    return tuple(results), tuple(sorted(runs, key=lambda run: order.index(run.name)))


def _run(one: Plan, study: Study, context: RunContext) -> tuple[ExpertResult | None, ExpertRun]:
    expert, selection = one.expert, one.selection
    started = time.monotonic()
    if context.deadline is not None and started >= context.deadline:
        return None, _failure(one, LATE, started)
    try:
        result = expert.run(selection, context)
        prove(result, study)
    except CancelledError as error:
        if context.cancelled():
            raise
        return None, _failure(one, LATE if context.deadline else str(error), started)
    except Exception as error:  # noqa: BLE001  an expert may raise anything; the draft says so
        log.warning("expert=%s failed: %s", expert.card.name, type(error).__name__)
        return None, _failure(one, complaint(error), started)
    doubt = result.applicability.reason if result.applicability.status == "doubtful" else ""
    told = " ".join(part for part in (doubt, one.why) if part)
    return result, record(
        expert,
        "ran",
        result.applicability,
        reason=told,
        series=selection.series,
        seconds=time.monotonic() - started,
        result=result,
    )


def _failure(one: Plan, reason: str, started: float) -> ExpertRun:
    return record(
        one.expert,
        "failed",
        one.selection.applicability,
        reason=reason,
        series=one.selection.series,
        seconds=time.monotonic() - started,
    )


def _release(study: Study, to_come: list[Plan] | tuple[Plan, ...]) -> None:
    """Give back the pixels that no run to come looks at."""
    needed = {series.key for one in to_come for series in one.selection.series}
    for series in study.series:
        if series.key not in needed:
            series.release()
