from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from mien_export.data.masked_faces import MaskedFaces
from mien_export.networks.mask_segmenter import MaskSegmenter, ServedMaskSegmenter
from mien_export.recipes import mask_segmenter as recipe
from mien_export.recipes.mask_segmenter import SegmenterData, Source, losses

CPU = torch.device("cpu")


def masked(count: int, side: int, level: int, file: str = "{}.webp", split: str = "train") -> MaskedFaces:
    """Return grey faces whose lower half is red where it is covered; the last one is held out."""
    pixels = np.full((count, side, side, 3), level, np.uint8)
    cover = np.zeros((count, side, side), np.uint8)
    pixels[:, side // 2 :] = (230, 20, 20)
    cover[:, side // 2 :] = 255
    rows = [{"file": file.format(i), "split": split} for i in range(count - 1)]
    meshes = np.zeros((count, 468, 3), np.float32)
    return MaskedFaces(pixels, cover, meshes, [*rows, {"file": "held_out.webp", "split": "validation"}])


@pytest.fixture
def packs(monkeypatch: pytest.MonkeyPatch) -> None:
    levels = {"celeba": 40, "utkface": 80, "stylegan": 120}
    monkeypatch.setattr(recipe, "PACK_SIZES", {"celeba": 64, "utkface": 64, "stylegan": 96})
    monkeypatch.setattr(recipe, "STAGES", ((32, 4, 0.5), (64, 2, 0.5)))
    monkeypatch.setattr(recipe, "load_overlays", lambda pack, size: masked(5, round(size * 1.125), levels[pack]))
    monkeypatch.setattr(recipe, "load_segmented", lambda *_: masked(4, 108, 160, "training/{}.webp", ""))
    monkeypatch.setattr(recipe, "load_crops", lambda _, size: masked(6, round(size * 1.125), 200))


@pytest.mark.usefixtures("packs")
def test_only_training_people_are_trained_on() -> None:
    sources = recipe.load_sources(CPU)
    counts = {name: len(source.pixels) for name, source in sources.items()}
    assert counts == {"celeba": 4, "utkface": 4, "stylegan": 4, "segmented": 3, "bare": 5}
    assert sources["bare"].pixels[..., 3].max() == 0
    assert counts.keys() == recipe.SOURCE_SHARES.keys()


@pytest.mark.usefixtures("packs")
def test_batches_are_of_every_size() -> None:
    data = SegmenterData(CPU)
    seen: set[tuple[int, ...]] = set()
    for _ in range(30):
        images, covers = data.batch()
        seen.add(tuple(images.shape))
        assert covers.shape == (len(images), 1, *images.shape[2:])
        assert 0 <= covers.min() <= covers.max() <= 1
    assert seen == {(4, 3, 32, 32), (2, 3, 64, 64)}


def test_a_jittered_cover_stays_on_its_mask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "badly_photographed", lambda images: images)
    faces = masked(3, 72, 30)
    faces.pixels[:, :36] = (30, 20, 20)
    source = Source(torch.from_numpy(np.concatenate([faces.pixels, faces.cover[..., None]], axis=3)))
    images, covers = source.batch(64, 12)
    red = (images[:, :1] * 255 - 30) / 200
    torch.testing.assert_close(red, covers, atol=0.02, rtol=0)


def test_losses_fall_as_the_answer_nears_the_truth() -> None:
    cover = torch.zeros(2, 1, 16, 16)
    cover[0, :, 8:] = 1
    terms = [losses((2 * cover - 1) * sureness, cover) for sureness in (-4.0, 0.0, 4.0)]
    totals = [sum(term.item() for term in one.values()) for one in terms]
    assert totals == sorted(totals, reverse=True)
    assert totals[-1] < 0.1
    bare = losses(torch.full((1, 1, 8, 8), -9.0), torch.zeros(1, 1, 8, 8))
    assert bare["dice"] == 0
    assert bare["entropy"] < 0.001


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("packs")
def test_a_training_learns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "SHIPPED", tmp_path / "none.onnx")
    saved = torch.load(recipe.train(10 / 60, tmp_path), weights_only=True)
    assert saved["step"] > 0
    assert cv2.imread(str(tmp_path / "sheet.png")).shape == (3 * 3 * 256, 10 * 256, 3)
    net = MaskSegmenter()
    net.load_state_dict(saved["average"])
    images = torch.from_numpy(masked(2, 64, 120).pixels).permute(0, 3, 1, 2).float() / 255
    found = ServedMaskSegmenter(net.eval())(images)
    assert found[:, :, 40:].mean() > found[:, :, :24].mean() + 0.1
