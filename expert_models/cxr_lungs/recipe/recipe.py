"""The recipe of `cxr_lungs`: train, export, measure, fit the doubt, write the card."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from expert_models.training.loop import Progress

if TYPE_CHECKING:
    from torch import nn

    from expert_models.cxr_lungs.doubt import DoubtModel
    from expert_models.cxr_lungs.recipe.figures import Judged
    from expert_models.cxr_lungs.recipe.films import FilmFile
    from expert_models.cxr_lungs.recipe.measuring import Outcome
    from expert_models.cxr_lungs.recipe.others import Other
    from expert_models.cxr_lungs.recipe.schedule import Schedule
    from expert_models.cxr_lungs.segmentation import Net

Say = Callable[[str], None]
GATE_STEPS = 1500
SPOILED_ROUNDS = 2
TRAINED_STEP = 4


class CxrLungsRecipe:
    """The `medmm.seams.Recipe` behind the weights of `cxr_lungs`."""

    def train(
        self, data: Path, out: Path, *, shorten: int = 1, progress: Say = lambda _: None
    ) -> Sequence[Path]:
        """Train and measure on ``data/cxr_children`` and ``data/cxr_adult``.

        Other folders beside them (``vqa_rad``, ``ct_lung_nodule``) only serve the gate, as
        pictures that are no chest films; without them the gate learns from drawn ones alone.

        Raises:
            InputError: the data lack something, or ``out`` holds another training.
        """
        from expert_models.cxr_lungs.recipe.films import read_films
        from expert_models.cxr_lungs.recipe.others import read_others
        from expert_models.cxr_lungs.recipe.schedule import Schedule

        films, others = read_films(data), read_others(data)
        progress(f"{len(films)} films, {len(others)} other pictures in {data}")
        plan = Schedule().shortened(shorten)
        return _Run(films, others, out, plan, max(10, GATE_STEPS // shorten), progress).all()


@dataclass(frozen=True, eq=False)
class _Run:
    films: "Sequence[FilmFile]"
    others: "Sequence[Other]"
    out: Path
    plan: "Schedule"
    gate_steps: int
    say: Say

    def all(self) -> Sequence[Path]:
        """Every step in order; what is done is not done again."""
        from expert_models.cxr_lungs.recipe import card, gate_schedule, report, schedule
        from expert_models.onnx_net import onnx_net

        nets_ = schedule.train(self.films, self.out, self.plan, self.report)
        gate = gate_schedule.train_gate(
            self.films, self.others, self.out, self.gate_steps, self.plan.seed + 65, self.report
        )
        hashes = self.export("lungs", nets_.shipped, 224) | self.export("gate", gate, 128)
        self.say("measuring held-out films")
        lungs = onnx_net(self.out / "lungs.onnx", hashes["lungs.onnx"])
        measured = self.measure(lungs, nets_.folds)
        hashes["doubt.json"] = self.write_doubt(measured.model)
        seen = gate_schedule.look_at_held_out(
            onnx_net(self.out / "gate.onnx", hashes["gate.onnx"]), self.films, self.others
        )
        files = report.write(self.out, self.films, measured, seen)
        path = self.out / "card.toml"
        card.write(path, hashes, measured, seen, self.plan)
        return [*(self.out / name for name in hashes), path, *files]

    def report(self, now: Progress) -> None:
        """A line every 50 steps."""
        if now.step % 50 == 0 or now.step == now.steps:
            figures = ", ".join(f"{key} {value:.4g}" for key, value in now.figures.items()
                                if key != "step")  # fmt: skip
            self.say(
                f"{now.job}: step {now.step} of {now.steps}, loss {now.loss:.4f}, "
                f"{now.seconds:.0f} s{'; ' + figures if figures else ''}"
            )

    def export(self, name: str, net: "nn.Module", size: int) -> dict[str, str]:
        """Both files of a net and their hashes."""
        import torch

        from expert_models.training.export import save_onnx, save_safetensors

        draw = torch.Generator().manual_seed(self.plan.seed)
        sample = torch.randn((2, 1, size, size), generator=draw)
        return {
            f"{name}.safetensors": save_safetensors(net, self.out / f"{name}.safetensors"),
            f"{name}.onnx": save_onnx(net, sample, self.out / f"{name}.onnx"),
        }

    def measure(self, lungs: "Net", folds: "Sequence[nn.Module]") -> "Measured":
        """Every film by a net that never saw its patient, and the doubt fitted beside."""
        from expert_models.cxr_lungs.recipe import doubting, measuring
        from expert_models.cxr_lungs.recipe.figures import judged

        drawn = [film for film in self.films if film.mask is not None]
        children = [film for film in drawn if film.source == "children"]
        tune = [film for film in children if film.part == "tune"]
        held = [film for film in children if film.part == "test" and film.trusted]
        tuned = measuring.measure(lungs, tune)
        tuned += measuring.spoiled_films(lungs, tune, self.plan.seed, SPOILED_ROUNDS)
        by_fold = [self.fold(net, number, drawn) for number, net in enumerate(folds)]
        everything = [one for fold in by_fold for one in fold]
        model = doubting.fit([*tuned, *everything])
        children_rows = judged(measuring.measure(lungs, held), model)
        trained_rows = judged(measuring.measure(lungs, self.some_trained(children)), model)
        adults_rows = []
        for number, fold in enumerate(by_fold):
            others = [one for other in by_fold if other is not fold for one in other]
            # A fold's doubt is fitted without its adults, as its outlines are.
            own = doubting.fit([*tuned, *others])
            adults_rows += judged([one for one in fold if not one.spoiled], own)
            self.say(f"fold {number}: {len(fold)} outcomes")
        return Measured(model, children_rows, adults_rows, trained_rows)

    def some_trained(self, children: "Sequence[FilmFile]") -> "list[FilmFile]":
        """Every fourth trusted film that was trained on: how far the annotations can be met."""
        return [one for one in children if one.part == "train" and one.trusted][::TRAINED_STEP]

    def fold(self, net: "nn.Module", number: int, drawn: "Sequence[FilmFile]") -> "list[Outcome]":
        """The adults that one fold's net never saw, as they are and spoiled."""
        from expert_models.cxr_lungs.recipe import measuring

        run = measuring.torch_net(net)
        films = [one for one in drawn if one.source == "adults" and one.part == str(number)]
        spoiled = measuring.spoiled_films(run, films, self.plan.seed + number, 2 * SPOILED_ROUNDS)
        return [*measuring.measure(run, films), *spoiled]

    def write_doubt(self, model: "DoubtModel") -> str:
        """The doubt's numbers as JSON; the file's sha256."""
        import hashlib

        from expert_models.cxr_lungs.doubt import FEATURES

        content = (json.dumps({"features": FEATURES, **asdict(model)}, indent=1) + "\n").encode()
        (self.out / "doubt.json").write_bytes(content)
        return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True, eq=False)
class Measured:
    """The doubt that ships, and films with their estimates: held-out ones, and some trained on."""

    model: "DoubtModel"
    children: "Sequence[Judged]"
    adults: "Sequence[Judged]"
    trained: "Sequence[Judged]"
