"""What the cut does to the fused ranking: how much is kept, and how much of that is right."""

from collections.abc import Sequence
from dataclasses import dataclass

from rag.evaluation.figures import Figure, mean_figure
from rag.evaluation.running import Evaluated
from rag.retrieval.calibration import Labelled, Rules, kept_labels
from rag.retrieval.cut import CutRule


@dataclass(frozen=True, slots=True)
class CutFigures:
    """Means over questions.

    ``kept`` passages; ``precision`` of what is kept, where something is, and of the first three
    without a cut; ``found``: answerable questions with a right passage kept; ``silent``:
    unanswerable ones with none; ``risk``: the share beside the question, 0 where nothing is kept.
    """

    kept: Figure
    precision: Figure
    precision_uncut: Figure
    found: Figure
    silent: Figure
    risk: Figure


def labelled(evaluated: Evaluated) -> list[Labelled]:
    """The best passages of every question with whether its answer names their document."""
    return [
        Labelled(
            one.domain,
            tuple(
                (scored.score, tokens, document in one.query.grades)
                for document, scored, tokens in one.scored
            ),
            bool(one.query.grades),
        )
        for one in evaluated.answered
    ]


def cut_figures(questions: Sequence[Labelled], rules: Rules, embedder: str) -> CutFigures:
    """Figures of the rules that are in force."""
    kept = [
        kept_labels(one, rules.of((one.domain,) if one.domain else (), embedder).rule)
        for one in questions
    ]
    uncut = [kept_labels(one, CutRule(minimum=-1.0, distance=2.0)) for one in questions]
    pairs = list(zip(questions, kept, strict=True))
    return CutFigures(
        kept=mean_figure([float(len(labels)) for labels in kept]),
        precision=mean_figure([sum(labels) / len(labels) for labels in kept if labels]),
        precision_uncut=mean_figure([sum(labels) / len(labels) for labels in uncut if labels]),
        found=mean_figure([float(any(labels)) for one, labels in pairs if one.answerable]),
        silent=mean_figure([float(not labels) for one, labels in pairs if not one.answerable]),
        risk=mean_figure([1 - sum(labels) / len(labels) if labels else 0.0 for labels in kept]),
    )
