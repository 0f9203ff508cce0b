from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from mien_export.networks.descriptor import DESCRIPTOR_OUTPUT, FaceDescriptor, OnnxModule, UnsupportedNode

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


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "data" / "judges" / "faceres.onnx"
    made.parent.mkdir(parents=True)
    monkeypatch.setenv("MIEN_DATA", str(tmp_path / "data"))
    onnx.save(small_faceres(), made)
    return made


@pytest.fixture
def squares() -> torch.Tensor:
    return torch.rand(4, 3, 64, 64, generator=torch.Generator().manual_seed(2))


def test_it_answers_as_onnx_runtime_does(file: Path) -> None:
    images = np.random.default_rng(0).uniform(0, 255, (3, SIDE, SIDE, 3)).astype(np.float32)
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    [wanted] = session.run([DESCRIPTOR_OUTPUT], {"input": images})
    found = OnnxModule(file, DESCRIPTOR_OUTPUT)(torch.from_numpy(images))
    assert wanted.std() > 0.1
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-4, atol=1e-4)


def test_a_node_of_an_unknown_kind_is_refused_where_it_is_needed(file: Path) -> None:
    with pytest.raises(UnsupportedNode, match=r"faceres\.onnx: MatMul, Softmax"):
        OnnxModule(file, "age")


def test_it_is_frozen_and_has_a_gradient(file: Path, squares: torch.Tensor) -> None:
    descriptor = FaceDescriptor(file)
    assert list(descriptor.parameters()) == []
    squares.requires_grad_()
    one, other = descriptor(squares)[:2]
    (one * other).sum().backward()
    assert squares.grad is not None
    assert squares.grad[:2].abs().mean() > 0


def test_only_the_face_is_looked_at(squares: torch.Tensor, file: Path) -> None:
    descriptor = FaceDescriptor(file)
    framed = torch.ones_like(squares)
    framed[:, :, 6:-6, 6:-6] = squares[:, :, 6:-6, 6:-6]
    torch.testing.assert_close(descriptor(framed), descriptor(squares))


@pytest.mark.usefixtures("file")
def test_descriptors_are_centred_and_of_unit_length(squares: torch.Tensor) -> None:
    descriptor = FaceDescriptor()
    before = descriptor(squares)
    torch.testing.assert_close(before.norm(dim=1), torch.ones(4))
    descriptor.centre_on(squares.split(3))
    after = descriptor(squares)
    torch.testing.assert_close(after.norm(dim=1), torch.ones(4))
    # Of four centred points the middle is at 0: they look away from each other.
    assert (before @ before.T).min() > 0.9
    assert (after @ after.T).mean() < 0.3
    assert (after @ after.T).min() < 0
