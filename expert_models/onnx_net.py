"""A net from an ONNX file, checked by hash before it runs, loaded once for each process."""

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from medmm.errors import MissingError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Tensor = NDArray[np.float32]


class OnnxNet:
    """A net of one input and one output, float32, on the CPU."""

    def __init__(self, session: "InferenceSession") -> None:
        self._session = session
        self._input = session.get_inputs()[0].name

    def __call__(self, batch: Tensor) -> Tensor:
        """``[n, channel, row, column]`` into what the net gives for it."""
        (out,) = self._session.run(None, {self._input: np.ascontiguousarray(batch, np.float32)})
        return np.asarray(out, dtype=np.float32)


@cache
def onnx_net(path: Path, sha256: str, threads: int = 1) -> OnnxNet:
    """The net in a file that has this sha256.

    Raises:
        MissingError: the file is not there, has other bytes, or is no net that can run here.
    """
    mend = "Run `medmm models verify`, and reinstall what brought it."
    try:
        content = path.read_bytes()
    except OSError as error:
        raise MissingError(f"The weights {path} cannot be read: {error.strerror}.", mend) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise MissingError(f"The weights {path} have other bytes than their card says.", mend)
    return OnnxNet(_session(path, content, threads))


def _session(path: Path, content: bytes, threads: int) -> "InferenceSession":
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = max(1, threads)
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Threads that spin while they wait take the core from everything else.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own kinds are private to it
        raise MissingError(
            f"The weights {path} cannot be loaded: {type(error).__name__}.",
            "Install the onnxruntime that the constraints name.",
        ) from error
