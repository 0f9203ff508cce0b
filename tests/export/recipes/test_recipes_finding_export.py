from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from mien_export.networks.face_detector import FaceDetector
from mien_export.networks.mesh_net import MeshNet
from mien_export.onnx import ParityError
from mien_export.recipes import finding_export
from mien_export.recipes.finding_export import DETECTIONS, MESH, PICTURE, SQUARE
from mien_service.engine.sessions import fits
from mien_service.faces import detect, landmarks

# torch 2.x's exporter asks its own deprecated question while it copies tree specs.
pytestmark = pytest.mark.filterwarnings(r"ignore:`isinstance\(treespec, LeafSpec\)` is deprecated:FutureWarning")

EXPORTERS: dict[type[nn.Module], Callable[[Path, Path], None]] = {
    MeshNet: finding_export.export_mesh_net,
    FaceDetector: finding_export.export_face_detector,
}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("network", EXPORTERS)
def test_a_file_that_answers_otherwise_is_not_shipped(
    network: type[nn.Module], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parity check stands between training and the manifest; what was there before stays."""
    torch.save({"average": network().state_dict()}, tmp_path / "checkpoint.pt")
    weights = tmp_path / "weights"
    weights.mkdir()
    (weights / "mesh_net.onnx").write_bytes(b"before")
    monkeypatch.setattr(finding_export, "PARITY_BOUND", -1.0)
    with pytest.raises(ParityError):
        EXPORTERS[network](tmp_path / "checkpoint.pt", weights)
    assert [(file.name, file.read_bytes()) for file in weights.iterdir()] == [("mesh_net.onnx", b"before")]


def test_the_services_inputs_fit_the_manifests_entries() -> None:
    square = torch.zeros(2, 3, landmarks.INPUT_SIDE, landmarks.INPUT_SIDE).numpy()
    assert fits(SQUARE.entry(), square)
    for height, width in ((detect.MULTIPLE, 5 * detect.MULTIPLE), (960, 640)):
        assert fits(PICTURE.entry(), torch.zeros(1, 3, height, width).numpy())


def test_outputs_are_named_as_the_networks_name_them() -> None:
    with torch.no_grad():
        mesh = MeshNet().eval()(torch.zeros(1, 3, 128, 128))
        detections = FaceDetector().eval()(torch.zeros(1, 3, 32, 32))
    for answer, tensors in ((mesh, MESH), (detections, DETECTIONS)):
        assert answer._fields == tuple(tensor.name for tensor in tensors)
        assert all(fits(tensor.entry(), part.numpy()) for tensor, part in zip(tensors, answer, strict=True))
