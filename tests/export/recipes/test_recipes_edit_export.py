from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from mien_export.networks.edit_net import EditNet
from mien_export.onnx import ParityError, read_initializers
from mien_export.recipes import edit_export
from mien_export.recipes.edit_export import edit_outputs, export_edit
from mien_export.recipes.loop import load_shipped

NARROW = (8, 16, 16, 24)
SIDE = 64

pytestmark = pytest.mark.filterwarnings(
    # torch 2.x's exporter asks its own deprecated question while it copies tree specs, and notes that the second
    # input's batch has the name of the first one's: that is what is meant.
    r"ignore:`isinstance\(treespec, LeafSpec\)` is deprecated:FutureWarning",
    "ignore:# The axis name. batch will not be used:UserWarning",
)

KINDS = [
    pytest.param((2, 1, True), id="painting-conditioned"),
    pytest.param((0, 0, False), id="plain"),
]


def learned(condition_size: int, extra: int, paint: bool) -> EditNet:
    """Return a network with no weight where it started."""
    net = EditNet(condition_size, extra, NARROW, paint=paint)
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(1)
        for parameter in net.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return net.eval()


@pytest.fixture(scope="module", params=KINDS)
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[EditNet, Path]:
    """A network and its file."""
    net, file = learned(*request.param), tmp_path_factory.mktemp("export") / "edit.onnx"
    export_edit(net, SIDE, file)
    return net, file


def test_the_file_answers_as_the_network_for_any_batch(exported: tuple[EditNet, Path]) -> None:
    net, file = exported
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    names = ["flow", "residual", "alpha", "paint"] if net.paints else ["flow", "residual", "alpha"]
    assert [one.name for one in session.get_outputs()] == names
    for n in (1, 3):
        inputs = [torch.rand(n, net.channels, SIDE, SIDE)]
        inputs += [torch.rand(n, net.condition_size)] if net.condition_size else []
        feed = {one.name: value.numpy() for one, value in zip(session.get_inputs(), inputs, strict=True)}
        with torch.no_grad():
            wanted = net(*inputs)
        for found, want, said in zip(session.run(None, feed), wanted, edit_outputs(net, SIDE), strict=True):
            assert found.shape == (n, *said.shape)
            np.testing.assert_allclose(found, want.numpy(), atol=edit_export.PACKED_BOUND)
            assert said.range is not None
            assert said.range[0] <= found.min() <= found.max() <= said.range[1]


def test_the_graph_samples_no_grid(exported: tuple[EditNet, Path]) -> None:
    kinds = {node.op_type for node in onnx.load(exported[1]).graph.node}
    assert "Conv" in kinds
    assert not {kind for kind in kinds if "Grid" in kind or "Sequence" in kind or "Loop" in kind}


def test_the_files_weights_have_the_networks_names(exported: tuple[EditNet, Path]) -> None:
    net, file = exported
    assert read_initializers(file).keys() >= net.state_dict().keys()
    other = EditNet(net.condition_size, net.channels - 3, NARROW, paint=net.paints)
    load_shipped(other, file)
    torch.testing.assert_close(other.state_dict(), net.state_dict(), rtol=1e-3, atol=1e-4)


def test_a_file_that_answers_otherwise_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edit_export, "PACKED_BOUND", 1e-9)
    with pytest.raises(ParityError):
        export_edit(learned(0, 0, paint=False), SIDE, tmp_path / "edit.onnx")
