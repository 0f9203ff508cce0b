from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from faceres_graph import SIDE, write_faceres

from mien_export.networks.descriptor import DESCRIPTOR_OUTPUT, FaceDescriptor, OnnxModule, UnsupportedNode


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MIEN_DATA", str(tmp_path / "data"))
    return write_faceres(tmp_path / "data")


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
