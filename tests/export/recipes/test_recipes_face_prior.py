from pathlib import Path

import numpy as np
import pytest
import torch
from cropped import crops_of

from mien_export.networks.face_prior import COMPONENTS, SIDE, FacePrior
from mien_export.recipes import face_prior as recipe
from mien_export.recipes.face_prior import shipped_prior
from mien_service.engine.manifest import load_manifest
from mien_service.faces import prior as served


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the model of 300 blurred noises, of which every tenth is held out."""
    folder = tmp_path / "weights"
    (folder / "cards").mkdir(parents=True)
    (folder / "cards" / "face_prior.md").write_text("a card")
    small = np.random.default_rng(0).random((300, 6, 6, 3))
    pixels = np.stack([np.kron(one, np.ones((30, 30, 1))) * 255 for one in small])
    pixels = np.clip(pixels + np.random.default_rng(1).normal(0, 40, pixels.shape), 0, 255).astype(np.uint8)
    pixels[::10] = 255
    rows = [{"file": f"{i}.webp", "split": "train" if i % 10 else "validation"} for i in range(300)]
    monkeypatch.setattr(recipe, "load_crops", lambda pack, size: {("celeba", 160): crops_of(pixels, rows)}[pack, size])
    recipe.export_face_prior(folder)
    return folder


def test_the_model_is_of_training_people_and_in_the_manifest(weights: Path) -> None:
    prior = shipped_prior(weights)
    assert prior.mean.mean().item() == pytest.approx(0.5, abs=0.02), "the held-out people are white"
    assert prior.components.shape == (COMPONENTS, 3 * SIDE * SIDE)
    entry = load_manifest(weights).entry("face_prior")
    assert (entry.kind, entry.task) == ("table", "/unmask")


def test_the_service_fills_as_training_does(weights: Path) -> None:
    rng = np.random.default_rng(1)
    face = np.kron(rng.random((8, 8, 3)), np.ones((16, 16, 1))).astype(np.float32)
    hole = np.zeros((128, 128), np.float32)
    hole[64:, 20:100] = 1
    with np.load(weights / "face_prior.npz") as saved:
        mine = served.FacePrior(dict(saved)).fill(face, hole)
    image = torch.from_numpy(face).permute(2, 0, 1)[None]
    theirs = shipped_prior(weights)(image, torch.from_numpy(hole)[None, None])[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(mine, theirs, atol=2e-3)


def test_without_a_model_nothing_is_made_up(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        shipped_prior(tmp_path)


def test_it_starts_as_no_model() -> None:
    assert FacePrior().components.abs().max() == 0
