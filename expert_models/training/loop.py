"""The one training loop: seeded, resumable at any step, averaged weights, mixed precision.

A batch depends on the seed and its step alone, so a run that was killed goes on to the weights
that it would have had.
"""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expert_models.training import checkpoint

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

Batch = Mapping[str, "Tensor"]
Row = dict[str, float]


@dataclass(frozen=True)
class Job:
    """One training: a net, its batches by step, its loss, its schedule.

    ``make_net`` is called after seeding. ``measure`` gives figures of the averaged net, taken
    every ``measure_every`` steps and at the end. ``average`` is the decay of the averaged weights.
    ``data`` is a hash of what is trained on: a checkpoint of other data is refused.
    """

    name: str
    make_net: Callable[[], "nn.Module"]
    batch: Callable[[int], Batch]
    loss: Callable[["nn.Module", Batch], "Tensor"]
    steps: int
    seed: int
    data: str = ""
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    warm_up: int = 50
    average: float = 0.99
    measure: Callable[["nn.Module"], Row] | None = None
    measure_every: int = 250
    start_from: Mapping[str, "Tensor"] | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is."""

    job: str
    step: int
    steps: int
    loss: float
    seconds: float
    figures: Row


Report = Callable[[Progress], None]


def device() -> "torch.device":
    """A GPU if there is one."""
    import torch

    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def half_precision(place: "torch.device") -> bool:
    """Whether bfloat16 is faster than float32 there: on GPUs, and CPUs with instructions for it."""
    import torch

    if place.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())  # noqa: SLF001  no public way


def fit(job: Job, folder: Path, report: Report) -> "nn.Module":
    """Train, or go on from the last checkpoint in ``folder``; the averaged net, on the CPU.

    Writes ``folder/state.pt`` as it goes. A job that was finished is only loaded.
    """
    import torch

    place = device()
    torch.manual_seed(job.seed)
    net = job.make_net()
    if job.start_from is not None:
        net.load_state_dict(dict(job.start_from))
    state = _State(job, _laid(net.to(place), torch.channels_last), folder / "state.pt")
    state.load()
    with ThreadPoolExecutor(1) as ahead:
        _steps(job, state, place, ahead, report)
    return _laid(state.averaged.module.cpu(), torch.contiguous_format).eval()


def _laid(net: "nn.Module", layout: "torch.memory_format") -> "nn.Module":
    """The net with its weights in one layout; torch's own signature leaves that out."""
    laid: nn.Module = net.to(memory_format=layout)  # type: ignore[call-overload]
    return laid


def _steps(
    job: Job, state: "_State", place: "torch.device", ahead: ThreadPoolExecutor, report: Report
) -> None:
    import torch

    half = half_precision(place)
    coming = ahead.submit(job.batch, state.step) if state.step < job.steps else None
    while coming is not None:
        batch = {
            name: values.to(place, memory_format=torch.channels_last)
            if values.ndim == 4
            else values.to(place)
            for name, values in coming.result().items()
        }
        more = state.step + 1 < job.steps
        coming = ahead.submit(job.batch, state.step + 1) if more else None
        began = time.monotonic()
        state.net.train()
        with torch.autocast(place.type, dtype=torch.bfloat16, enabled=half):
            loss = job.loss(state.net, batch)
        state.advance(float(loss.detach()), loss, time.monotonic() - began)
        if state.step % job.measure_every == 0 or state.step == job.steps:
            state.measure()
            state.save()
        if state.step % 10 == 0 or state.step == job.steps:
            report(state.progress())


class _State:
    """Net, averaged net, optimiser, step and curve: what a checkpoint holds."""

    def __init__(self, job: Job, net: "nn.Module", path: Path) -> None:
        import torch
        from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

        self.job, self.net, self.path = job, net, path
        self.averaged = AveragedModel(
            net,
            multi_avg_fn=get_ema_multi_avg_fn(job.average),  # type: ignore[no-untyped-call]
            use_buffers=True,
        )
        self.optimiser = torch.optim.AdamW(
            net.parameters(), lr=job.learning_rate, weight_decay=job.weight_decay
        )
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimiser, self._rate)
        self.step, self.seconds, self.curve = 0, 0.0, list[Row]()
        self._recent: list[float] = []

    @property
    def _identity(self) -> dict[str, str | int]:
        job = self.job
        return {"job": job.name, "steps": job.steps, "seed": job.seed, "data": job.data}

    def _rate(self, step: int) -> float:
        """A straight warm-up, then half a cosine down to one hundredth."""
        from math import cos, pi

        if step < self.job.warm_up:
            return (step + 1) / self.job.warm_up
        done = (step - self.job.warm_up) / max(1, self.job.steps - self.job.warm_up)
        return 0.01 + 0.99 * 0.5 * (1 + cos(pi * min(1.0, done)))

    def advance(self, value: float, loss: "Tensor", seconds: float) -> None:
        """One step of the optimiser."""
        import torch

        began = time.monotonic()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimiser.step()
        self.schedule.step()
        self.averaged.update_parameters(self.net)
        self.step += 1
        self.seconds += seconds + time.monotonic() - began
        self._recent.append(value)

    def measure(self) -> None:
        """A row of the curve."""
        row: Row = {"step": self.step, "loss": sum(self._recent) / max(1, len(self._recent))}
        self._recent = []
        if self.job.measure is not None:
            row |= self.job.measure(self.averaged.module.eval())
        self.curve.append(row)

    def progress(self) -> Progress:
        """For the one who waits."""
        loss = self._recent[-1] if self._recent else self.curve[-1]["loss"]
        figures = self.curve[-1] if self.curve else {}
        return Progress(self.job.name, self.step, self.job.steps, loss, self.seconds, figures)

    def save(self) -> None:
        """Write the checkpoint whole or not at all."""
        checkpoint.write(
            self.path,
            {
                **self._identity,
                "step": self.step,
                "seconds": self.seconds,
                "curve": self.curve,
                "net": self.net.state_dict(),
                "averaged": self.averaged.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "schedule": self.schedule.state_dict(),
            },
        )

    def load(self) -> None:
        """Go on from the checkpoint if there is one of this job."""
        saved: dict[str, Any] | None = checkpoint.read(self.path, self._identity)
        if saved is None:
            return
        self.net.load_state_dict(saved["net"])
        self.averaged.load_state_dict(saved["averaged"])
        self.optimiser.load_state_dict(saved["optimiser"])
        self.schedule.load_state_dict(saved["schedule"])
        self.step, self.seconds, self.curve = saved["step"], saved["seconds"], saved["curve"]
