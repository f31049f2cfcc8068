"""Retrieval measured and the cut calibrated, as documents."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from medmm.assembly.homes import OpenHome
from medmm.assembly.knowledge import embedder_of
from medmm.home import write_whole
from rag.embedding.identity import key
from rag.evaluation.beir import LabelledSet, own_questions, read_beir
from rag.evaluation.cutting import CutFigures, cut_figures, labelled
from rag.evaluation.figures import Figure
from rag.evaluation.running import Evaluated, evaluate, prepare
from rag.retrieval.calibration import FILE, calibrate, read_rules, to_toml

Document = dict[str, Any]


def evaluate_retrieval(
    opened: OpenHome, folder: Path | None, split: str, progress: Callable[[str], None]
) -> Document:
    """Figures of a labelled set (else of our own questions), per index and fused.

    Raises:
        InputError: the folder is not in BEIR's layout.
        MissingError: the embedder is not there.
    """
    asked = _asked(folder, split)
    evaluated = _run(opened, asked, progress)
    rules = read_rules(opened.path)
    embedder = embedder_of(opened)
    cutting = cut_figures(labelled(evaluated), rules, key(embedder))
    return {**_document(evaluated), "cut": _cut(cutting), "warnings": list(asked.warnings)}


def calibrate_cut(
    opened: OpenHome,
    folder: Path | None,
    split: str,
    levels: tuple[float, float],
    out: Path | None,
    progress: Callable[[str], None],
) -> Document:
    """The cut's rule by domain for the home (else written to ``out``), with each bound.

    ``levels`` are alpha, the share of what is kept that may be beside the question, and delta, the
    chance that this is exceeded.

    Raises:
        InputError: alpha or delta is not between 0 and 1, or the folder is not in BEIR's layout.
    """
    evaluated = _run(opened, _asked(folder, split), progress)
    embedder = embedder_of(opened)
    alpha, delta = levels
    progress("calibrating")
    rules = calibrate(labelled(evaluated), alpha=alpha, delta=delta)
    path = out or opened.path / FILE
    text = to_toml(rules, key(embedder), f"{evaluated.name}, {evaluated.split}")
    write_whole(path, text.encode())
    return {
        "file": str(path.absolute()),
        "embedder": key(embedder),
        "questions": len(evaluated.answered),
        "domains": [
            {
                "domain": domain,
                "minimum": one.rule.minimum,
                "gap": one.rule.gap if np.isfinite(one.rule.gap) else None,
                "n": one.n,
                "alpha": one.alpha,
                "delta": one.delta,
                "risk": round(one.risk, 4),
                "found": round(one.found, 4),
                "bounded": one.bounded,
                "bound": one.told,
            }
            for domain, one in rules.items()
        ],
    }


def _asked(folder: Path | None, split: str) -> LabelledSet:
    return own_questions(split or "held_back") if folder is None else read_beir(folder, split)


def _run(opened: OpenHome, asked: LabelledSet, progress: Callable[[str], None]) -> Evaluated:
    embedder, cache = embedder_of(opened), opened.path / "cache" / "embeddings"
    prepared = prepare(asked, embedder, cache, progress=progress)
    return evaluate(prepared, embedder, cache, progress)


def _document(evaluated: Evaluated) -> Document:
    accuracy = evaluated.domain_accuracy
    domains = sorted({one for pair in evaluated.confusion for one in pair})
    return {
        "set": evaluated.name,
        "split": evaluated.split,
        "embedder": evaluated.embedder,
        "documents": evaluated.documents,
        "passages": evaluated.passages,
        "queries": len(evaluated.answered),
        "answerable": sum(bool(one.query.grades) for one in evaluated.answered),
        "indexes": {
            index: {measure: _figure(figure) for measure, figure in figures.items()}
            for index, figures in evaluated.figures.items()
        },
        "by_domain": {
            domain: {measure: _figure(figure) for measure, figure in figures.items()}
            for domain, figures in evaluated.by_domain.items()
        },
        "domain": (
            {
                "accuracy": _figure(accuracy),
                "names": domains,
                "confusion": [
                    [evaluated.confusion.get((told, found), 0) for found in domains]
                    for told in domains
                ],
            }
            if accuracy
            else None
        ),
    }


def _cut(figures: CutFigures) -> Document:
    return {
        "kept": _figure(figures.kept),
        "precision": _figure(figures.precision),
        "precision_uncut": _figure(figures.precision_uncut),
        "found": _figure(figures.found),
        "silent_where_unanswerable": _figure(figures.silent),
        "risk": _figure(figures.risk),
    }


def _figure(figure: Figure) -> Document | None:
    if not figure.n:
        return None
    return {
        "value": round(figure.value, 4),
        "ci95": [round(figure.low, 4), round(figure.high, 4)],
        "n": figure.n,
    }
