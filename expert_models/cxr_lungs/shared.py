"""Nets and looks that one process shares: each film is looked at once."""

from importlib.resources import files
from pathlib import Path
from threading import RLock
from weakref import WeakKeyDictionary

from expert_models.cxr_lungs import gate, segmentation
from expert_models.cxr_lungs.card import GATE, LUNGS, PACKAGE, card
from expert_models.cxr_lungs.film import Gray, brightness
from expert_models.cxr_lungs.gate import Gate
from expert_models.cxr_lungs.segmentation import Passes
from expert_models.onnx_net import OnnxNet, onnx_net
from medmm.nouns import Picture, Upright

_gates: WeakKeyDictionary[Picture, Gate] = WeakKeyDictionary()
_lock = RLock()


def net(name: str, threads: int = 1) -> OnnxNet:
    """One of the nets that the card names.

    Raises:
        MissingError: its file is missing or is another than the card says.
    """
    return onnx_net(Path(str(files(PACKAGE) / name)), card().weights[name], threads)


def upright_film(picture: Picture, upright: Upright) -> Gray:
    """Brightness ``[row, column]`` in [0, 1], head up, as a reader faces the patient."""
    return upright.turned(brightness(picture.array, inverted=picture.inverted))


def gate_of(picture: Picture, upright: Upright) -> Gate:
    """What the gate says of a picture."""
    with _lock:
        if picture not in _gates:
            _gates[picture] = gate.look(net(GATE), upright_film(picture, upright))
        return _gates[picture]


def passes_of(film: Gray, threads: int) -> Passes:
    """Both lungs of an upright film (brightness)."""
    return segmentation.segment(net(LUNGS, threads), film)
