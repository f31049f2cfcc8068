"""A trained net into the two files that ship: safetensors to go on from, ONNX to run."""

import hashlib
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from medmm.errors import ExpertError, InputError

if TYPE_CHECKING:
    from torch import Tensor, nn

EQUAL_WITHIN = 1e-4
OPSET = 17


def save_safetensors(net: "nn.Module", path: Path) -> str:
    """The net's state, every tensor once; the file's sha256."""
    from safetensors.torch import save

    return _write(path, save(_once(net)))


def load_safetensors(net: "nn.Module", path: Path) -> "nn.Module":
    """The net with the state of a file.

    Raises:
        InputError: the file is of another net.
    """
    from safetensors.torch import load_file

    state = load_file(path)
    if state.keys() != _once(net).keys():
        raise InputError(f"{path} holds the weights of another net.")
    net.load_state_dict(state, strict=False)  # other names of the same weights are not in it
    return net.eval()


def _once(net: "nn.Module") -> "dict[str, Tensor]":
    """The state under one name for each weight: MONAI's nets hold some modules twice."""
    weights = [*net.named_parameters(), *net.named_buffers()]
    return {name: value.detach().contiguous() for name, value in weights}


def save_onnx(net: "nn.Module", sample: "Tensor", path: Path) -> str:
    """The net as ONNX, any batch and any sides; checked against torch on ``sample``.

    Returns:
        The file's sha256.

    Raises:
        ExpertError: the two differ by more than `EQUAL_WITHIN`.
    """
    import io

    import torch

    axes = {0: "n", 2: "row", 3: "column"}
    buffer = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        shapes = {"film": axes, "logits": axes if net(sample).ndim == 4 else {0: "n"}}
        torch.onnx.export(
            net.eval(),
            (sample,),
            buffer,  # type: ignore[arg-type]  # files open for writing are taken too
            dynamo=False,
            opset_version=OPSET,
            input_names=["film"],
            output_names=["logits"],
            dynamic_axes=shapes,
        )
    digest = _write(path, buffer.getvalue())
    gap = difference(net, path, digest, sample)
    if gap > EQUAL_WITHIN:
        raise ExpertError(f"{path} differs from torch by {gap:.2g}, more than {EQUAL_WITHIN}.")
    return digest


def difference(net: "nn.Module", path: Path, digest: str, sample: "Tensor") -> float:
    """The largest difference between torch and onnxruntime, in probabilities."""
    import torch

    from expert_models.onnx_net import onnx_net

    with torch.no_grad():
        ours = net(sample)
    theirs = torch.from_numpy(onnx_net(path, digest)(sample.numpy()))
    likely = torch.nn.functional.softmax if ours.ndim == 4 else _sigmoid
    return float(np.abs((likely(ours, 1) - likely(theirs, 1)).numpy()).max())


def _sigmoid(logits: "Tensor", _: int) -> "Tensor":
    return logits.sigmoid()


def _write(path: Path, content: bytes) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    return hashlib.sha256(content).hexdigest()
