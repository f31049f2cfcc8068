"""The adaptive cut: how many of the candidates are good enough to be quoted; none is an answer.

MMed-RAG (Xia et al., ICLR 2025, arXiv:2410.13085) keeps the candidates before the first large fall
of the score; its rule without a lowest score keeps at least one always and, as coded, lets negative
scores through. Here a candidate is kept while, from the best downward, all of this holds: its
score is at least ``minimum``; it lies at most ``distance`` below the best; and the fall from the
one before, log((s_i + e) / (s_i+1 + e)), is at most ``gap`` (only where both are positive). Then at
most ``most`` are kept, of at most ``tokens`` together. What is kept is always a beginning of the
ranking, so a larger ``gap`` or ``distance``, or a lower ``minimum``, never drops anything.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

EPSILON = 0.01

Reason = Literal[
    "kept",
    "below_min",
    "distance",
    "gap",
    "cap",
    "budget",
    "duplicate",
    "not_a_number",
    "same_patient",
    "patient_claim",
    "instruction",
]


@dataclass(frozen=True, slots=True)
class CutRule:
    """Scores lie in [-1, 1]; ``gap`` is a difference of natural logarithms."""

    minimum: float
    distance: float = 0.3
    gap: float = math.inf
    most: int = 3
    tokens: int = 600


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the cut knows of a passage.

    ``same`` is equal for passages of equal content; ``barred`` names why one may not be quoted
    whatever its score.
    """

    id: int
    score: float
    tokens: int = 0
    same: str = ""
    barred: Reason | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """A candidate, and why it is kept or not; ``told`` has the figures."""

    candidate: Candidate
    reason: Reason
    told: str

    @property
    def kept(self) -> bool:
        """Whether it is quoted."""
        return self.reason == "kept"


def cut(candidates: Sequence[Candidate], rule: CutRule) -> list[Decision]:
    """A decision on each candidate, best score first, equal scores by id, no numbers last.

    The order in which candidates are given does not matter.
    """
    ranked = sorted(candidates, key=_rank)
    outside = _outside(ranked)
    eligible = [one for one in ranked if one.id not in outside]
    decided = {one.id: said for one, said in zip(eligible, _walk(eligible, rule), strict=True)}
    return [Decision(one, *(outside.get(one.id) or decided[one.id])) for one in ranked]


def _rank(one: Candidate) -> tuple[float, int]:
    return (math.inf if math.isnan(one.score) else -one.score, one.id)


def _outside(ranked: Sequence[Candidate]) -> dict[int, tuple[Reason, str]]:
    """Candidates that neither are kept nor count as a step between others."""
    outside: dict[int, tuple[Reason, str]] = {}
    seen: set[str] = set()
    for one in ranked:
        if math.isnan(one.score):
            outside[one.id] = ("not_a_number", "its score is no number")
        elif one.barred is not None:
            outside[one.id] = (one.barred, BARRED.get(one.barred, "it may not be quoted"))
        elif one.same and one.same in seen:
            outside[one.id] = ("duplicate", "a better ranked passage says the same")
        seen.add(one.same)
    return outside


BARRED: dict[Reason, str] = {
    "same_patient": "it comes from this patient's own records",
    "patient_claim": "it speaks of one patient, not of knowledge",
    "instruction": "it speaks to a writer or a model, not of knowledge",
}


def _walk(eligible: Sequence[Candidate], rule: CutRule) -> list[tuple[Reason, str]]:
    """Down the ranking; after the first that fails nothing more is kept."""
    said: list[tuple[Reason, str]] = []
    ended: tuple[Reason, str] | None = None
    tokens = 0
    for place, one in enumerate(eligible):
        reason = _low(one, eligible[0], rule)
        if reason is None and ended is None:
            ended = _step(eligible[place - 1] if place else None, one, place, tokens, rule)
        if reason is not None:
            ended = ended or reason
            said.append(reason)
        elif ended is not None:
            said.append(ended)
        else:
            tokens += one.tokens
            said.append(("kept", f"{one.score:.2f} is at least {rule.minimum:.2f}"))
    return said


def _low(one: Candidate, best: Candidate, rule: CutRule) -> tuple[Reason, str] | None:
    """Why a score is too low by itself, or beside the best."""
    if one.score < rule.minimum:
        return "below_min", f"{one.score:.2f} is under {rule.minimum:.2f}"
    if best.score - one.score > rule.distance:
        return "distance", f"{best.score - one.score:.2f} below the best, over {rule.distance:.2f}"
    return None


def _step(
    before: Candidate | None, one: Candidate, place: int, tokens: int, rule: CutRule
) -> tuple[Reason, str] | None:
    """Why the walk ends at this one."""
    if before is not None:
        fall = _fall(before.score, one.score)
        if fall > rule.gap:
            told = f"after a fall from {before.score:.2f} to {one.score:.2f}"
            return "gap", f"{told}, {fall:.2f} over {rule.gap:.2f}"
    if place >= rule.most:
        return "cap", f"after the first {rule.most}"
    if tokens + one.tokens > rule.tokens:
        return "budget", f"{tokens + one.tokens} tokens together, over {rule.tokens}"
    return None


def _fall(before: float, after: float) -> float:
    """How much lower the next score is, as a logarithm; 0 where one is not positive."""
    if before <= 0 or after <= 0:
        return 0.0
    return math.log((before + EPSILON) / (after + EPSILON))
