from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from mien_export.onnx import ParityError, Tensor, export, file_sha256, pack_half, update_manifest
from mien_export.recipes import repack as module
from mien_export.recipes.repack import repack
from mien_service.engine.manifest import WeightEntry, load_manifest

IMAGE = Tensor("image", (3, 32, 32), "a picture", (0.0, 1.0))
OUT = Tensor("out", (512, 32, 32), "features")

pytestmark = pytest.mark.filterwarnings(r"ignore:`isinstance\(treespec, LeafSpec\)` is deprecated:FutureWarning")


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """A weights folder with one network."""
    torch.manual_seed(0)
    file = tmp_path / "small.onnx"
    export(nn.Conv2d(3, 512, 7, padding=3), [IMAGE], [OUT], file)
    pack_half(file)
    entry = WeightEntry(
        name="small",
        kind="network",
        file=file.name,
        sha256=file_sha256(file),
        task="/x",
        version="1.2.3",
        inputs=(IMAGE.entry(),),
        outputs=(OUT.entry(),),
        card="cards/small.md",
        licence="none",
        commercial_use=False,
    )
    (tmp_path / "cards").mkdir()
    (tmp_path / entry.card).write_text("# small")
    update_manifest(tmp_path, entry)
    return tmp_path


def test_the_file_shrinks_and_its_version_rises(shipped: Path) -> None:
    before = (shipped / "small.onnx").stat().st_size
    repack("small", shipped)
    assert (shipped / "small.onnx").stat().st_size < 0.7 * before
    entry = load_manifest(shipped).entry("small")
    assert entry.version == "1.2.4"
    assert entry.sha256 == file_sha256(shipped / "small.onnx")
    names = {one.name for one in onnx.load(shipped / "small.onnx").graph.initializer}
    assert {"weight.byte", "weight.scale"} <= names


def test_a_network_whose_answers_change_keeps_its_file(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BOUND", 1e-9)
    before = (shipped / "small.onnx").read_bytes()
    with pytest.raises(ParityError, match="small differs"):
        repack("small", shipped)
    assert (shipped / "small.onnx").read_bytes() == before
    assert load_manifest(shipped).entry("small").version == "1.2.3"
    assert sorted(file.name for file in shipped.iterdir()) == ["cards", "manifest.json", "small.onnx"]


def test_what_is_asked_are_people_and_beside_them_nothing() -> None:
    asked = module.example(Tensor("image", (5, 32, 32), "x").entry())
    assert asked.shape == (2, 5, 32, 32)
    assert asked[:, :3].std() > 0.05
    assert not asked[:, 3:].any()
    np.testing.assert_array_equal(module.example(Tensor("condition", (4,), "x").entry()), np.ones((2, 4)))
