"""The record of one expert's run: who it was, what became of it, and why."""

from collections.abc import Sequence

from medmm.drafting.cleaning import clean
from medmm.errors import MedmmError
from medmm.nouns import Applicability, ExpertResult, ExpertRun, Series
from medmm.nouns.draft import RunStatus
from medmm.seams import Expert


def record(
    expert: Expert,
    status: RunStatus,
    applicability: Applicability,
    *,
    reason: str = "",
    series: Sequence[Series] = (),
    seconds: float = 0.0,
    result: ExpertResult | None = None,
) -> ExpertRun:
    """A run as the draft lists it; ``series`` are named by their keys, unique in the study."""
    card = expert.card
    return ExpertRun(
        name=card.name,
        version=card.version,
        status=status,
        applicability=applicability.status,
        reason=clean(reason or applicability.reason),
        score=applicability.score,
        seconds=seconds,
        series=tuple(one.key for one in series),
        demonstrator=card.status == "demonstrator",
        weights_sha256=result.weights_sha256 if result else "",
    )


def complaint(error: BaseException) -> str:
    """What went wrong, for a reader: our own errors speak, foreign ones may hold anything."""
    if isinstance(error, MedmmError):
        return str(error)
    return f"It stopped with an unexpected error ({type(error).__name__})."
