from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest
import torch
from faceres_graph import write_faceres

from mien_export.data.turned_batches import SeedPairs, TurnedPairs
from mien_export.data.turned_heads import KINDS, TurnedHeads
from mien_export.networks.head_refiner import HeadRefiner, ServedHeadRefiner
from mien_export.recipes import head_refiner as recipe
from mien_export.recipes import seed_frontalizer
from mien_export.recipes.edit_step import Stage
from mien_export.recipes.head_refiner_export import export_head_refiner
from mien_service.engine.manifest import load_manifest
from mien_service.faces.refining import CHANNELS, SIDE

# torch 2.x's exporter asks its own deprecated question while it copies tree specs.
pytestmark = pytest.mark.filterwarnings(r"ignore:`isinstance\(treespec, LeafSpec\)` is deprecated:FutureWarning")

CPU = torch.device("cpu")


def heads(kind: str) -> TurnedHeads:
    """Return five views of a kind, the first held out; the truth is redder than the turned head."""
    random = np.random.default_rng(KINDS.index(kind))
    coarse = random.uniform(60, 200, (5, 10, 10, 3))
    head = np.stack([cv2.resize(one, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) for one in coarse])
    maps = np.full((5, SIDE, SIDE, CHANNELS - 6), 255.0)
    truth = head + np.array([40, 0, 0])
    pixels = np.concatenate([head, head, maps, truth, head], axis=3).clip(0, 255).astype(np.uint8)
    return TurnedHeads(pixels, np.arange(5) == 0)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_training_learns_is_exported_and_gone_on_from(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_faceres(data)
    monkeypatch.setattr(recipe, "SHIPPED", tmp_path / "none.onnx")
    monkeypatch.setattr(recipe, "CENTRED_ON", 8)
    pairs = TurnedPairs([heads(kind) for kind in KINDS], 1, CPU)
    settings = replace(recipe.SETTINGS, stages=(Stage(64, 4, 1.0),), rate=3e-3, discriminator_from=0.5)
    trainer = recipe.trainer(pairs, tmp_path, settings)
    first = [float(trainer.step(0.1)["changed"]) for _ in range(4)]
    for _ in range(30):
        terms = trainer.step(0.2)
    assert {"changed", "perceptual", "identity", "paint", "flow_smooth"} <= terms.keys()
    assert np.mean([float(trainer.step(0.6)["changed"]) for _ in range(4)]) < 0.8 * np.mean(first)
    trainer.save()
    assert cv2.imread(str(tmp_path / "sheet.png")) is not None

    weights = tmp_path / "weights"
    (weights / "cards").mkdir(parents=True)
    (weights / "cards" / "head_refiner.md").write_text("a card")
    export_head_refiner(tmp_path / "checkpoint.pt", weights)
    assert load_manifest(weights).entry("head_refiner").task == "/frontalize"
    net = trainer.average.model
    assert isinstance(net, HeadRefiner)
    image = torch.rand(1, CHANNELS, SIDE, SIDE)
    session = onnxruntime.InferenceSession(weights / "head_refiner.onnx", providers=["CPUExecutionProvider"])
    with torch.no_grad():
        for mine, theirs in zip(
            session.run(None, {"image": image.numpy()}), ServedHeadRefiner(net)(image), strict=True
        ):
            np.testing.assert_allclose(mine, theirs.numpy(), atol=0.05)

    monkeypatch.setattr(recipe, "SHIPPED", weights / "head_refiner.onnx")
    again = recipe.trainer(pairs, tmp_path / "later", settings).net
    for mine, theirs in zip(again.parameters(), net.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, atol=2e-3, rtol=2e-3)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_seeds_design_learns_from_the_same_pairs(tmp_path: Path) -> None:
    pairs = SeedPairs([heads(kind) for kind in KINDS], 1, CPU)
    settings = replace(seed_frontalizer.SETTINGS, stages=(Stage(64, 4, 1.0),), discriminator_from=0.5)
    trainer = seed_frontalizer.trainer(pairs, tmp_path, settings)
    first = [float(trainer.step(0.1)["changed"]) for _ in range(3)]
    for _ in range(25):
        trainer.step(0.2)
    last = [trainer.step(0.6) for _ in range(3)]
    assert "discriminator" in last[0]
    assert np.mean([float(terms["changed"]) for terms in last]) < 0.8 * np.mean(first)
    trainer.save()
    assert seed_frontalizer.trainer(pairs, tmp_path, settings).checkpoint.step == trainer.checkpoint.step
