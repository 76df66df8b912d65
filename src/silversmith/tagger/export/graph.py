"""The ONNX graph of a tagger's network, built node by node: no tracing, no torch in the result.

Inputs ids, mask, shapes: int64 [batch, length], right-padded, mask 0 on padding. Output scores: float32
[batch, length, outputs], one row a piece; the reader picks each word's first piece.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["build_graph"]

OPSET, IR = 20, 9
Weights = dict[str, NDArray[np.float32]]


class _Graph:
    """Nodes and constants as they are added; each node has one output, named by count."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, value: NDArray[Any]) -> str:
        """A constant; its name."""
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Any) -> Any:
        """A node; the name of its output (or a list of names)."""
        from onnx import helper

        names = [f"{kind.lower()}_{len(self.nodes)}_{number}" for number in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names[0] if outputs == 1 else names

    def linear(self, x: str, name: str, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> str:
        """x @ weight.T + bias."""
        product = self.add("MatMul", x, self.constant(f"{name}.weight", weight.T))
        return str(self.add("Add", product, self.constant(f"{name}.bias", bias)))

    def norm(self, x: str, name: str, weights: Weights, epsilon: float) -> str:
        """Layer norm over the last axis."""
        parts = [self.constant(f"{name}.{part}", weights[f"{name}.{part}"]) for part in ("weight", "bias")]
        return str(self.add("LayerNormalization", x, *parts, axis=-1, epsilon=epsilon))


def build_graph(weights: Weights, config: dict[str, Any]) -> Any:
    """The onnx.ModelProto of a network's state. config: the trunk's (width, heads, blocks ...)."""
    from onnx import TensorProto, helper

    graph = _Graph()
    x = _entrance(graph, weights, config)
    bias = _attention_bias(graph, weights, config)
    for number in range(config["blocks"]):
        x = _block(graph, x, bias, f"trunk.blocks.{number}", weights, config)
    scores = graph.linear(x, "out", weights["out.weight"], weights["out.bias"])
    graph.add("Identity", scores)
    graph.nodes[-1].output[0] = "scores"
    axes = ["batch", "length"]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, axes) for name in ("ids", "mask", "shapes")
    ]
    outputs = [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [*axes, len(weights["out.bias"])])]
    made = helper.make_graph(graph.nodes, "tagger", inputs, outputs, graph.constants)
    return helper.make_model(
        made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR, producer_name="silversmith"
    )


def _entrance(graph: _Graph, weights: Weights, config: dict[str, Any]) -> str:
    """Words, places and letter shapes, normalised."""
    words = graph.add("Gather", graph.constant("words", weights["trunk.words.weight"]), "ids")
    two = graph.constant("two", np.array([2], np.int64))
    end = graph.add("Add", _length(graph), two)
    axis = graph.constant("axis_0", np.array([0], np.int64))
    places = graph.add("Slice", graph.constant("places", weights["trunk.places.weight"]), two, end, axis)
    x = graph.add("Add", words, places)
    if "shapes.weight" in weights:
        x = graph.add(
            "Add", x, graph.add("Gather", graph.constant("shape_table", weights["shapes.weight"]), "shapes")
        )
    return graph.norm(x, "trunk.norm", weights, config["epsilon"])


def _length(graph: _Graph) -> str:
    """Pieces of the longest window, int64 [1]."""
    first, second = (graph.constant(f"axis_{number}", np.array([number], np.int64)) for number in (1, 2))
    return str(graph.add("Slice", graph.add("Shape", "ids"), first, second))


def _attention_bias(graph: _Graph, weights: Weights, config: dict[str, Any]) -> str:
    """What is added to attention scores: -1e9 on padding, and the relative bias if there is one."""
    there = graph.add("Cast", "mask", to=1)
    minus = graph.add("Sub", there, graph.constant("one_float", np.array(1, np.float32)))
    padding = graph.add("Mul", minus, graph.constant("huge", np.array(1e9, np.float32)))
    padding = graph.add("Unsqueeze", padding, graph.constant("middle", np.array([1, 2], np.int64)))
    relative = weights["trunk.relative.weight"]
    if not relative.any():
        return str(padding)
    longest = config["positions"]
    table = graph.constant("relative", relative[_buckets(longest, config["buckets"])])
    scalar = graph.add("Squeeze", _named(graph, "Slice"))
    zero, one = (graph.constant(f"number_{value}", np.array(value, np.int64)) for value in (0, 1))
    place = graph.add("Range", zero, scalar, one)
    rows, columns = (graph.add("Unsqueeze", place, f"axis_{number}") for number in (1, 0))
    offset = graph.add("Sub", rows, columns)
    shifted = graph.add("Add", offset, graph.constant("longest", np.array(longest, np.int64)))
    bias = graph.add("Transpose", graph.add("Gather", table, shifted), perm=[2, 0, 1])
    return str(graph.add("Add", bias, padding))


def _named(graph: _Graph, kind: str) -> str:
    """The output of the first node of a kind."""
    return str(next(one.output[0] for one in graph.nodes if one.op_type == kind))


def _buckets(longest: int, buckets: int) -> NDArray[np.int64]:
    """Bucket of every offset -longest .. longest, as the trunk computes it."""
    half, exact = buckets // 2, buckets // 4
    offset = np.arange(-longest, longest + 1)
    distance = np.abs(offset)
    far = np.log(np.maximum(distance, 1).astype(np.float32) / exact) / np.float32(np.log(128 / exact))
    far = np.minimum(exact + (far * (half - exact)).astype(np.int64), half - 1)
    return half * (offset < 0) + np.where(distance < exact, distance, far)


def _block(graph: _Graph, x: str, bias: str, name: str, weights: Weights, config: dict[str, Any]) -> str:
    """One post-layer-norm block; the scale of attention is folded into the query's weights."""
    width, heads = config["width"], config["heads"]
    scale = np.ones(3 * width, np.float32)
    scale[:width] = (width // heads) ** -0.5
    qkv = graph.linear(
        x, f"{name}.qkv", weights[f"{name}.qkv.weight"] * scale[:, None], weights[f"{name}.qkv.bias"] * scale
    )
    apart = graph.constant(f"{name}.apart", np.array([0, 0, heads, width // heads], np.int64))
    q, k, v = (
        graph.add("Transpose", graph.add("Reshape", part, apart), perm=perm)
        for part, perm in zip(
            graph.add("Split", qkv, outputs=3, axis=2, num_outputs=3),
            ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]),
            strict=True,
        )
    )
    share = graph.add("Softmax", graph.add("Add", graph.add("MatMul", q, k), bias), axis=-1)
    mixed = graph.add("Transpose", graph.add("MatMul", share, v), perm=[0, 2, 1, 3])
    joined = graph.add("Reshape", mixed, graph.constant(f"{name}.joined", np.array([0, 0, width], np.int64)))
    parts = {
        part: (weights[f"{name}.{part}.weight"], weights[f"{name}.{part}.bias"])
        for part in ("out", "up", "down")
    }
    x = graph.add("Add", x, graph.linear(joined, f"{name}.out", *parts["out"]))
    x = graph.norm(x, f"{name}.norm1", weights, config["epsilon"])
    inner = graph.add("Gelu", graph.linear(x, f"{name}.up", *parts["up"]))
    x = graph.add("Add", x, graph.linear(inner, f"{name}.down", *parts["down"]))
    return graph.norm(x, f"{name}.norm2", weights, config["epsilon"])
