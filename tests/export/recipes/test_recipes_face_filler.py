from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest
import torch
from cropped import people_crops

from mien_export.data.crops import Crops
from mien_export.data.hole_pairs import HolePairs
from mien_export.data.masked_faces import MaskedFaces
from mien_export.networks.face_filler import FaceFiller, ServedFaceFiller
from mien_export.networks.face_prior import FacePrior
from mien_export.recipes import face_filler as recipe
from mien_export.recipes.edit_step import Stage
from mien_export.recipes.mask_export import export_face_filler
from mien_service.engine.manifest import load_manifest

# torch 2.x's exporter asks its own deprecated question while it copies tree specs.
pytestmark = pytest.mark.filterwarnings(r"ignore:`isinstance\(treespec, LeafSpec\)` is deprecated:FutureWarning")

CPU = torch.device("cpu")
SPLITS = ("train", "validation", "reserved", "train")


@pytest.fixture
def packs(monkeypatch: pytest.MonkeyPatch) -> Crops:
    """Four people, of whom two may be trained on."""
    crops = people_crops(64, "anna", "ben", "carla", "dora")
    for row, split in zip(crops.rows, SPLITS, strict=True):
        row["split"] = split
    cover = np.zeros(crops.pixels.shape[:3], np.uint8)
    cover[:, 40:60, 20:50] = 255
    monkeypatch.setattr(recipe, "load_crops", lambda *_: crops)
    monkeypatch.setattr(recipe, "load_overlays", lambda *_: MaskedFaces(crops.pixels, cover, crops.meshes, crops.rows))
    return crops


def test_who_is_reserved_is_neither_trained_on_nor_shown(packs: Crops) -> None:
    training, held_out = recipe._faces("celeba", 64, CPU)
    np.testing.assert_array_equal(training.pixels[..., :3].numpy(), packs.pixels[[0, 3]])
    np.testing.assert_array_equal(held_out.pixels[..., :3].numpy(), packs.pixels[[1]])


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("packs")
def test_a_training_is_exported_and_gone_on_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "SHIPPED", tmp_path / "none.onnx")
    training, held_out = recipe._faces("celeba", 64, CPU)
    pairs = HolePairs([(training, 1.0)], held_out, FacePrior())
    settings = replace(recipe.SETTINGS, stages=(Stage(192, 2, 1.0),))
    trainer = recipe.trainer(pairs, tmp_path, settings)
    for i in range(3):
        terms = trainer.step(0.7 + i / 10)
        assert {"changed", "perceptual", "adversarial"} <= terms.keys()
    trainer.save()
    assert cv2.imread(str(tmp_path / "sheet.png")) is not None

    weights = tmp_path / "weights"
    (weights / "cards").mkdir(parents=True)
    (weights / "cards" / "face_filler.md").write_text("a card")
    export_face_filler(tmp_path / "checkpoint.pt", weights)
    assert load_manifest(weights).entry("face_filler").task == "/unmask"
    net = trainer.average.model
    assert isinstance(net, FaceFiller)
    image = torch.rand(1, 5, 256, 256)
    session = onnxruntime.InferenceSession(weights / "face_filler.onnx", providers=["CPUExecutionProvider"])
    [found] = session.run(None, {"image": image.numpy()})
    with torch.no_grad():
        np.testing.assert_allclose(found, ServedFaceFiller(net)(image).numpy(), atol=0.02)

    monkeypatch.setattr(recipe, "SHIPPED", weights / "face_filler.onnx")
    again = recipe.trainer(pairs, tmp_path / "later", settings).net
    for mine, theirs in zip(again.parameters(), net.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-3, rtol=1e-3)
