"""The training of /toonify's network on a few pairs, its export, and going on from what is shipped."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest
import torch

from mien_export.data.toon_batches import ToonBatches
from mien_export.data.toon_pairs import SIDE, ToonPairs
from mien_export.recipes import toon_net as recipe
from mien_export.recipes.edit_step import Stage
from mien_export.recipes.toon_export import export_toon_net
from mien_service.engine.manifest import load_manifest
from mien_service.tasks.toon_styles import LEARNED

# torch 2.x's exporter asks its own deprecated question while it copies tree specs, and notes that the second input's
# batch has the name of the first one's: that is what is meant.
pytestmark = pytest.mark.filterwarnings(
    r"ignore:`isinstance\(treespec, LeafSpec\)` is deprecated:FutureWarning",
    "ignore:# The axis name. batch will not be used:UserWarning",
)

CPU = torch.device("cpu")
SHIFTS = {"cel": (50, 0, 0), "sketch": (0, 50, 0)}
"""The colour that each style's toons have more than their photos."""


def pairs(style: str, count: int = 4) -> ToonPairs:
    coarse = np.random.default_rng(len(style)).uniform(60, 180, (count, 32, 32, 3))
    photos = np.stack([cv2.resize(one, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) for one in coarse])
    photos = photos.clip(50, 200).astype(np.uint8)
    toons = (photos.astype(int) + np.array(SHIFTS[style])).clip(0, 255).astype(np.uint8)
    return ToonPairs(photos, toons, [f"{i}.webp" for i in range(count)])


def batches() -> ToonBatches:
    return ToonBatches({style: pairs(style) for style in LEARNED}, pairs("cel", 1), CPU)


def test_every_style_has_pairs() -> None:
    assert set(LEARNED) == set(SHIFTS)


def test_an_untrained_network_changes_nothing() -> None:
    fields = recipe.network().fields(torch.rand(1, 3, 64, 64), torch.eye(len(LEARNED))[:1])
    assert not fields.flow.any()
    assert not fields.residual.any()
    assert fields.paint is None


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_training_learns_styles_is_exported_and_gone_on_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "SHIPPED", tmp_path / "none.onnx")
    settings = replace(recipe.SETTINGS, stages=(Stage(64, 8, 1.0),), rate=3e-3, discriminator_from=0.9, warm_up_steps=5)
    trainer = recipe.trainer(batches(), tmp_path, settings)
    first = [float(trainer.step(0.1)["changed"]) for _ in range(4)]
    for _ in range(120):
        terms = trainer.step(0.3)
    assert {"changed", "perceptual"} <= terms.keys()
    assert np.mean([float(trainer.step(0.5)["changed"]) for _ in range(4)]) < 0.8 * np.mean(first)
    trainer.save()
    assert cv2.imread(str(tmp_path / "sheet.png")) is not None

    weights = tmp_path / "weights"
    (weights / "cards").mkdir(parents=True)
    (weights / "cards" / "toon_net.md").write_text("a card")
    export_toon_net(tmp_path / "checkpoint.pt", weights)
    entry = load_manifest(weights).entry("toon_net")
    assert (entry.task, entry.commercial_use) == ("/toonify", False)
    session = onnxruntime.InferenceSession(weights / entry.file, providers=["CPUExecutionProvider"])
    image = np.random.default_rng(0).uniform(0, 1, (1, 3, 64, 96)).astype(np.float32)
    condition = np.eye(len(LEARNED), dtype=np.float32)[:1]
    flow, change = session.run(None, {"image": image, "condition": condition})
    assert flow.shape == (1, 2, 64, 96)
    assert change.shape == (1, 3, 64, 96)

    monkeypatch.setattr(recipe, "SHIPPED", weights / entry.file)
    gone_on = recipe.trainer(batches(), tmp_path / "again", settings)
    assert float(gone_on.step(0.3)["changed"]) < np.mean(first)
