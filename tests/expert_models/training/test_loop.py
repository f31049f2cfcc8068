"""The training loop: what was killed goes on to the very same weights."""

from pathlib import Path

import pytest
import torch
from torch import nn

from expert_models.training.loop import Job, Progress, fit
from medmm.errors import InputError


class StoppedError(Exception):
    """Stands for a kill between two steps."""


def batch(step: int) -> dict[str, torch.Tensor]:
    draw = torch.Generator().manual_seed(step)
    film = torch.randn((4, 1, 8, 8), generator=draw)
    return {"film": film, "truth": film.mean((1, 2, 3))}


def loss(net: nn.Module, one: dict[str, torch.Tensor]) -> torch.Tensor:
    return ((net(one["film"]).float().mean((1, 2, 3)) - one["truth"]) ** 2).mean()


def job(steps: int = 12, **fields: object) -> Job:
    def net() -> nn.Module:
        return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 1, 3))

    return Job(
        "tiny", net, batch, loss, steps, seed=5, warm_up=2, measure_every=4,
        measure=lambda made: {"weight": float(made[0].weight.detach().sum())}, **fields,
    )  # fmt: skip


def state(net: nn.Module) -> bytes:
    return b"".join(value.numpy().tobytes() for value in net.state_dict().values())


def ignored(_: Progress) -> None:
    pass


def test_a_stopped_training_goes_on_to_the_same_weights(tmp_path: Path):
    whole = fit(job(), tmp_path / "whole", ignored)

    def stop_late(now: Progress) -> None:
        if now.step == 10:
            raise StoppedError

    with pytest.raises(StoppedError):
        fit(job(), tmp_path / "cut", stop_late)
    assert state(fit(job(), tmp_path / "cut", ignored)) == state(whole)
    rows = torch.load(tmp_path / "cut" / "state.pt", weights_only=True)["curve"]
    assert [row["step"] for row in rows] == [4, 8, 12]


def test_a_finished_training_is_not_done_again(tmp_path: Path):
    first = fit(job(), tmp_path, ignored)
    steps: list[int] = []
    assert state(fit(job(), tmp_path, lambda now: steps.append(now.step))) == state(first)
    assert steps == []


def test_the_loss_falls(tmp_path: Path):
    fit(job(steps=200), tmp_path, ignored)
    rows = torch.load(tmp_path / "state.pt", weights_only=True)["curve"]
    assert rows[-1]["loss"] < 0.5 * rows[0]["loss"]


def test_the_checkpoint_of_another_training_is_refused(tmp_path: Path):
    fit(job(), tmp_path, ignored)
    for other in (job(steps=13), job(data="other films")):
        with pytest.raises(InputError, match="another training"):
            fit(other, tmp_path, ignored)


def test_a_damaged_or_hostile_checkpoint_is_refused_and_never_run(tmp_path: Path):
    import pickle

    class Trap:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "ran",))

    for content in (b"", b"PK\x03\x04 cut", pickle.dumps(Trap())):
        (tmp_path / "state.pt").write_bytes(content)
        with pytest.raises(InputError, match="no checkpoint"):
            fit(job(), tmp_path, ignored)
    assert not (tmp_path / "ran").exists()
