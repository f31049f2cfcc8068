"""The segmenter's trainings in their order: base, all, and one net for each fold of adults."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from expert_models.cxr_lungs.recipe.films import FOLDS, FilmFile, fingerprint
from expert_models.cxr_lungs.recipe.nets import segmenter
from expert_models.cxr_lungs.recipe.segmenting import (
    Films,
    Squares,
    loss_of,
    measure_of,
    squares_of,
)
from expert_models.training.loop import Job, Report, fit

if TYPE_CHECKING:
    from torch import Tensor, nn

ADULT_SHARE = 0.4
"""How much of a batch is adults once they take part: they are few and differ more."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Steps of each training and films in a batch."""

    base: int = 2000
    all: int = 2400
    fold: int = 500
    batch: int = 16
    seed: int = 20261125

    def shortened(self, by: int) -> "Schedule":
        """The same with every number of steps divided."""
        return replace(
            self,
            base=max(2, self.base // by),
            all=max(2, self.all // by),
            fold=max(2, self.fold // by),
        )


@dataclass(frozen=True)
class Segmenters:
    """The net that ships and the ones that never saw one fold's adults."""

    shipped: "nn.Module"
    folds: tuple["nn.Module", ...]


def train(films: Sequence[FilmFile], out: Path, schedule: Schedule, report: Report) -> Segmenters:
    """Train all of them, or what is left to do in ``out``."""
    drawn = [film for film in films if film.mask is not None]
    children = [film for film in drawn if film.source == "children" and film.part == "train"]
    tune = squares_of([film for film in drawn if film.source == "children" and film.part == "tune"])
    adults = [film for film in drawn if film.source == "adults"]
    used = [*children, *adults]
    squares = dict(zip((film.name for film in used), squares_of(used), strict=True))
    trainer = _Trainer(squares, tune, out, schedule, report)
    base = trainer.fit("base", children, [], schedule.base, None, 2e-3, 0)
    start = base.state_dict()
    shipped = trainer.fit("all", children, adults, schedule.all, start, 1e-3, 1)
    folds = tuple(
        trainer.fit(
            f"fold{number}",
            children,
            [film for film in adults if film.part != str(number)],
            schedule.fold,
            start,
            1e-3,
            2 + number,
        )
        for number in range(FOLDS)
    )
    return Segmenters(shipped, folds)


class _Trainer:
    def __init__(
        self,
        squares: Mapping[str, Squares],
        tune: Sequence[Squares],
        out: Path,
        schedule: Schedule,
        report: Report,
    ) -> None:
        self._squares, self._tune = squares, tune
        self._out, self._schedule, self._report = out, schedule, report

    def fit(
        self,
        name: str,
        children: Sequence[FilmFile],
        adults: Sequence[FilmFile],
        steps: int,
        start: "Mapping[str, Tensor] | None",
        rate: float,
        number: int,
    ) -> "nn.Module":
        """One training."""
        films = [*children, *adults]
        share = ADULT_SHARE if adults else 0.0
        shares = [(1 - share) / len(children)] * len(children)
        shares += [share / max(1, len(adults))] * len(adults)
        seed = self._schedule.seed + number
        job = Job(
            name=name,
            make_net=segmenter,
            batch=Films(
                [self._squares[film.name] for film in films], shares, seed, self._schedule.batch
            ),
            loss=loss_of(),
            steps=steps,
            seed=seed,
            data=fingerprint(films),
            learning_rate=rate,
            measure=measure_of(self._tune),
            start_from=start,
        )
        return fit(job, self._out / name, self._report)
