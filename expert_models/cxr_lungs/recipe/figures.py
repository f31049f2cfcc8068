"""Outcomes into the card's figures and rates."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from expert_models.cxr_lungs import applies, sides
from expert_models.cxr_lungs.doubt import DoubtModel
from expert_models.cxr_lungs.recipe.doubting import BAD, risk_coverage
from expert_models.cxr_lungs.recipe.gate_schedule import Seen
from expert_models.cxr_lungs.recipe.measuring import Outcome
from expert_models.training import intervals

Table = dict[str, Any]
CHILDREN = "held-out children: {films} films of {patients} patients, trusted masks, 1 to 5 years"
ADULTS = (
    "adults: {films} films of {patients} patients, 3-fold cross-validation over patients by nets "
    "of shorter schedules; nearly all COVID-19, one hospital"
)
TRAINED = (
    "NOT held out, for comparison: {films} films of {patients} children that it was trained on"
)


@dataclass(frozen=True, eq=False)
class Judged:
    """An outcome with the estimated Dice of its two lungs and the border of doubt."""

    outcome: Outcome
    guesses: tuple[float, float]
    border: float


def judged(outcomes: Sequence[Outcome], model: DoubtModel) -> list[Judged]:
    """Outcomes with what a doubt model estimates."""
    return [
        Judged(one, (model.dice(one.features[0]), model.dice(one.features[1])), model.doubted_below)
        for one in outcomes
    ]


def dice_figures(rows: Sequence[Judged], data: str, command: str) -> list[Table]:
    """Mean and 5th percentile over films, with intervals by patient, and the worst film."""
    values = [one.outcome.mean_dice for one in rows]
    patients = [one.outcome.film.patient for one in rows]
    worst = min(rows, key=lambda one: one.outcome.mean_dice).outcome
    told = data.format(films=len(rows), patients=len(set(patients)))
    return [
        _figure("mean Dice of a film's two lungs", intervals.mean, values, patients, told, command)
        | {"worst": f"{worst.mean_dice:.3f} ({worst.film.name}, {worst.film.kind})"},
        _figure(
            "5th percentile of the Dice of a film's two lungs",
            intervals.fifth, values, patients, told, command,
        ),
    ]  # fmt: skip


def _figure(
    what: str,
    statistic: Callable[..., float],
    values: Sequence[float],
    patients: Sequence[str],
    data: str,
    command: str,
) -> Table:
    low, high = intervals.by_patient(values, patients, statistic)
    return {
        "what": what,
        "value": round(statistic(np.asarray(values)), 4),
        "unit": "1",
        "data": data,
        "interval": [round(low, 4), round(high, 4)],
        "command": command,
    }


def doubt_figures(rows: Sequence[Judged], data: str, command: str) -> list[Table]:
    """What the doubt is worth, each lung by itself."""
    guesses = [guess for one in rows for guess in one.guesses]
    truth = [real for one in rows for real in one.outcome.dice]
    doubted = [guess < one.border for one in rows for guess in one.guesses]
    curve = risk_coverage(guesses, truth)
    bad = [flag for flag, real in zip(doubted, truth, strict=True) if real < BAD]
    good = [flag for flag, real in zip(doubted, truth, strict=True) if real >= BAD]
    return [
        {
            "what": "lowest Dice among the half of lungs that it is surest of",
            "value": round(curve.surest_half, 4),
            "unit": "1",
            "data": f"{data}: {len(truth)} lungs",
            "command": command,
        },
        _share(f"lungs under {BAD} that are marked doubtful", bad, data, command),
        _share(f"lungs of {BAD} or more that are marked doubtful", good, data, command),
    ]


def _share(what: str, flags: Sequence[bool], data: str, command: str) -> Table:
    low, high = intervals.wilson(sum(flags), len(flags))
    return {
        "what": what,
        "value": round(100.0 * sum(flags) / max(1, len(flags)), 1),
        "unit": "%",
        "data": f"{data}: {sum(flags)} of {len(flags)}",
        "interval": [round(100 * low, 1), round(100 * high, 1)],
        "command": command,
    }


KINDS = {
    "children": "held-out children's films",
    "adults": "held-out adult films",
    "adult-film": "adult films of a question set (MedPix, VQA-RAD), a source it was not trained on"
    " for outlines",
    "ct-slice": "CT slices",
    "piece": "square pieces of held-out films that lack at least one lung",
    "head-or-abdomen": "CT, MR and radiographs of head and abdomen (VQA-RAD)",
    "photograph": "gray photographs",
}


def outcome_of(seen: Seen) -> str:
    """What the expert does with a picture of these scores and a silent header."""
    scores = seen.gate
    if (
        scores.chest_film < applies.REFUSED_BELOW
        or scores.inverted >= applies.TWISTED_FROM
        or scores.turned >= applies.TWISTED_FROM
    ):
        return "refused"
    if scores.chest_film < applies.DOUBTED_BELOW or scores.mirrored >= sides.MIRRORED_FROM:
        return "doubted"
    return "taken"


def rates(seen: Sequence[Seen]) -> list[str]:
    """A sentence for every kind and twist: refused, doubted, taken of how many."""
    groups: dict[tuple[str, str], list[str]] = {}
    for one in seen:
        groups.setdefault((one.kind, one.twist), []).append(outcome_of(one))
    lines = []
    for (kind, twist), outcomes in groups.items():
        count = len(outcomes)
        caught = count - outcomes.count("taken")
        low, high = intervals.wilson(caught, count)
        name = KINDS.get(kind, kind)
        how = "" if twist == "as it is" else f", {twist}"
        lines.append(
            f"{name[0].upper()}{name[1:]}{how}: {outcomes.count('refused')} refused, "
            f"{outcomes.count('doubted')} doubted, {outcomes.count('taken')} taken of {count} "
            f"(refused or doubted {100 * caught / count:.0f} %, 95 % interval "
            f"{100 * low:.0f} to {100 * high:.0f} %)."
        )
    return lines
