"""A small graph in place of the descriptor faceres."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from mien_export.networks.descriptor import DESCRIPTOR_OUTPUT

SIDE = 224


def node(kind: str, taken: str, given: str, **attributes: object) -> onnx.NodeProto:
    return helper.make_node(kind, taken.split(), [given], **attributes)


def small_faceres() -> onnx.ModelProto:
    """Return a graph with every kind of node that faceres has, small, of random weights."""
    rng = np.random.default_rng(3)
    weights = {
        "stem": rng.normal(0, 0.01, (8, 3, 3, 3)),
        "bias": rng.normal(0, 0.3, 8),
        "deep": rng.normal(0, 0.5, (8, 1, 3, 3)),
        "wide": rng.normal(0, 0.5, (12, 8, 1, 1)),
        "scale": rng.uniform(0.5, 1.5, (1, 8, 1, 1)),
        "shift": rng.normal(0, 0.3, (1, 8, 1, 1)),
        "head": rng.normal(0, 0.5, (12, 2)),
        "zero": np.zeros(()),
        "six": np.full((), 6.0),
    }
    initializers = [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()]
    initializers.append(numpy_helper.from_array(np.array([2, 3]), "axes"))
    nodes = [
        node("Transpose", "input", "first", perm=[0, 3, 1, 2]),
        node("Conv", "first stem bias", "a", kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, 1, 1]),
        node("Conv", "a deep", "b", kernel_shape=[3, 3], pads=[1, 1, 1, 1], group=8),
        node("Mul", "b scale", "c"),
        node("Add", "c shift", "d"),
        node("Relu", "d", "e"),
        node("Min", "e six", "f"),
        node("Max", "f zero", "g"),
        node("Conv", "g wide", "h", kernel_shape=[1, 1]),
        node("GlobalAveragePool", "h", "pooled"),
        node("Squeeze", "pooled axes", DESCRIPTOR_OUTPUT),
        node("MatMul", f"{DESCRIPTOR_OUTPUT} head", "logits"),
        node("Softmax", "logits", "age"),
    ]
    image = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["n", SIDE, SIDE, 3])
    outputs = [
        helper.make_tensor_value_info(DESCRIPTOR_OUTPUT, TensorProto.FLOAT, ["n", 12]),
        helper.make_tensor_value_info("age", TensorProto.FLOAT, ["n", 2]),
    ]
    graph = helper.make_graph(nodes, "small", [image], outputs, initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)


def write_faceres(data: Path) -> Path:
    """Write the graph into a folder of packs, where faceres lies, and return its file."""
    made = data / "judges" / "faceres.onnx"
    made.parent.mkdir(parents=True)
    onnx.save(small_faceres(), made)
    return made
