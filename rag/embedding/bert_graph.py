"""A BERT sentence encoder as an ONNX graph, built from its weights without torch.

Devlin et al., BERT, NAACL 2019 (doi:10.18653/v1/N19-1423), post-norm layers with the exact (erf)
GELU; the vector is the mean over the tokens that are no padding, scaled to unit length, as in
Reimers and Gurevych, Sentence-BERT, EMNLP 2019 (doi:10.18653/v1/D19-1410).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto

OPSET = 17
# What is added to the score of a padded place, so that softmax gives it nothing.
CLOSED = np.float32(-1e9)

Weights = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class BertShape:
    """The sizes that the weights alone do not tell."""

    layers: int
    heads: int
    norm_epsilon: float


def bert_graph(weights: Weights, shape: BertShape) -> bytes:
    """The encoder as the bytes of an ONNX file.

    Inputs ``ids`` and ``mask``: int64 ``[n, token]``, mask 1 for a token and 0 for padding.
    Output ``vectors``: float32 ``[n, d]`` of unit length.

    Raises:
        KeyError: a weight is missing.
    """
    from onnx import TensorProto, checker, helper

    graph = _Graph(weights)
    hidden = _embeddings(graph, shape)
    closed = _closed(graph)
    for number in range(shape.layers):
        hidden = _layer(graph, f"encoder.layer.{number}", hidden, closed, shape)
    _pooled(graph, hidden)
    axes = ["n", "token"]
    made = helper.make_graph(
        graph.nodes,
        "bert",
        [helper.make_tensor_value_info(name, TensorProto.INT64, axes) for name in ("ids", "mask")],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["n", graph.width])],
        graph.initializers,
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = 8
    checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


class _Graph:
    """Nodes and constants as they are added; every step's output has a name of its own."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.width = int(weights["embeddings.word_embeddings.weight"].shape[1])
        self.nodes: list[NodeProto] = []
        self.initializers: list[TensorProto] = []
        self._there: dict[str, str] = {}

    def step(self, kind: str, *inputs: str, out: str = "", **attributes: Any) -> str:
        """Add a node with one output, and name it."""
        from onnx import helper

        name = out or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, name: str, value: Any) -> str:
        """A fixed tensor under a name, kept once."""
        from onnx import numpy_helper

        if name not in self._there:
            self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
            self._there[name] = name
        return name

    def weight(self, name: str, *, turned: bool = False) -> str:
        """A weight as it is, or turned for a product from the right."""
        value = np.asarray(self.weights[name], np.float32)
        return self.constant(name, value.T if turned else value)

    def whole(self, *values: int) -> str:
        """A vector of int64."""
        return self.constant(f"int_{'_'.join(map(str, values))}", np.array(values, np.int64))

    def dense(self, name: str, value: str) -> str:
        """A linear layer: x W' + b."""
        product = self.step("MatMul", value, self.weight(f"{name}.weight", turned=True))
        return self.step("Add", product, self.weight(f"{name}.bias"))

    def norm(self, name: str, value: str, epsilon: float) -> str:
        """Layer normalisation over the last axis."""
        scale, shift = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.step("LayerNormalization", value, scale, shift, axis=-1, epsilon=epsilon)


def _embeddings(graph: _Graph, shape: BertShape) -> str:
    """Words, places and the one segment, summed and normalised: ``[n, token, d]``."""
    words = graph.step("Gather", graph.weight("embeddings.word_embeddings.weight"), "ids")
    length = graph.step("Slice", graph.step("Shape", "ids"), graph.whole(1), graph.whole(2))
    places = graph.step(
        "Slice",
        graph.weight("embeddings.position_embeddings.weight"),
        graph.whole(0),
        length,
        graph.whole(0),
    )
    segment = graph.weights["embeddings.token_type_embeddings.weight"][0]
    placed = graph.step("Add", words, places)
    summed = graph.step("Add", placed, graph.constant("segment", segment))
    return graph.norm("embeddings.LayerNorm", summed, shape.norm_epsilon)


def _closed(graph: _Graph) -> str:
    """``[n, 1, 1, token]``: 0 for a token, very negative for padding."""
    from onnx import TensorProto

    open_ = graph.step("Cast", "mask", out="open", to=TensorProto.FLOAT)
    padding = graph.step("Sub", graph.constant("one", np.float32(1)), open_)
    scores = graph.step("Mul", padding, graph.constant("closed", CLOSED))
    return graph.step("Unsqueeze", scores, graph.whole(1, 2))


def _layer(graph: _Graph, name: str, value: str, closed: str, shape: BertShape) -> str:
    """Attention and the two dense layers, each added to its input and normalised after."""
    attended = graph.dense(
        f"{name}.attention.output.dense", _attention(graph, name, value, closed, shape)
    )
    value = graph.norm(
        f"{name}.attention.output.LayerNorm",
        graph.step("Add", attended, value),
        shape.norm_epsilon,
    )
    wide = _gelu(graph, graph.dense(f"{name}.intermediate.dense", value))
    narrow = graph.dense(f"{name}.output.dense", wide)
    return graph.norm(
        f"{name}.output.LayerNorm", graph.step("Add", narrow, value), shape.norm_epsilon
    )


def _attention(graph: _Graph, name: str, value: str, closed: str, shape: BertShape) -> str:
    """Scaled dot products over all heads: ``[n, token, d]``."""
    head = graph.width // shape.heads
    split = graph.whole(0, 0, shape.heads, head)

    def heads(part: str, *order: int) -> str:
        made = graph.dense(f"{name}.attention.self.{part}", value)
        return graph.step("Transpose", graph.step("Reshape", made, split), perm=list(order))

    query, key = heads("query", 0, 2, 1, 3), heads("key", 0, 2, 3, 1)
    scaled = graph.step(
        "Mul", graph.step("MatMul", query, key), graph.constant("scale", np.float32(head**-0.5))
    )
    shares = graph.step("Softmax", graph.step("Add", scaled, closed), axis=-1)
    mixed = graph.step("MatMul", shares, heads("value", 0, 2, 1, 3))
    joined = graph.step("Transpose", mixed, perm=[0, 2, 1, 3])
    return graph.step("Reshape", joined, graph.whole(0, 0, graph.width))


def _gelu(graph: _Graph, value: str) -> str:
    """x/2 (1 + erf(x/sqrt 2)), Hendrycks and Gimpel 2016."""
    root = graph.constant("root_two", np.float32(2**0.5))
    raised = graph.step("Erf", graph.step("Div", value, root))
    shifted = graph.step("Add", raised, graph.constant("one", np.float32(1)))
    halved = graph.step("Mul", value, graph.constant("half", np.float32(0.5)))
    return graph.step("Mul", halved, shifted)


def _pooled(graph: _Graph, hidden: str) -> None:
    """The mean over tokens, at unit length, as the output ``vectors``."""
    weights = graph.step("Unsqueeze", "open", graph.whole(2))
    kept = graph.step("Mul", hidden, weights)
    # The count of tokens falls out of the scaling to unit length.
    total = graph.step("ReduceSum", kept, graph.whole(1), keepdims=0)
    graph.step("LpNormalization", total, out="vectors", axis=-1, p=2)
