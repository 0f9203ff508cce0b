import cv2
import numpy as np
import torch

from mien_export.data.toon_batches import ToonBatches
from mien_export.data.toon_pairs import SIDE, ToonPairs

CPU = torch.device("cpu")
BRIGHTER = 90


def pairs(count: int, seed: int, brighter: int = BRIGHTER) -> ToonPairs:
    """Return smooth grey photos and toons that are brighter by as much; with 0 they are the photos themselves."""
    coarse = np.random.default_rng(seed).uniform(40, 120, (count, 6, 6))
    photos = np.stack([cv2.resize(one, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) for one in coarse])
    grey = np.repeat(photos.clip(0, 255)[..., None], 3, axis=3).astype(np.uint8)
    return ToonPairs(grey, grey + np.uint8(brighter), [f"{i}.webp" for i in range(count)])


def batches(seed: int = 0) -> ToonBatches:
    sources = {"as it is": pairs(3, 1, 0), "brighter": pairs(3, 2)}
    return ToonBatches(sources, pairs(2, 3), CPU, seed)


def test_a_condition_tells_the_style_that_a_pair_has() -> None:
    batch = batches().batch(24, 64)
    assert batch.source.shape == batch.target.shape == (24, 3, 64, 64)
    assert batch.condition.shape == (24, 2)
    assert set(batch.condition.sum(dim=1).tolist()) == {1.0}
    difference = (batch.target - batch.source).mean(dim=(1, 2, 3))
    brighter = batch.condition[:, 1] == 1
    assert 4 < int(brighter.sum()) < 20
    assert difference[~brighter].abs().max() < 0.06
    assert difference[brighter].min() > 0.15


def test_all_of_the_square_is_redrawn() -> None:
    batch = batches().batch(4, 64)
    assert batch.region.shape == (4, 1, 64, 64)
    assert batch.region.min() == 1
    assert batch.extra.shape == (4, 0, 64, 64)
    torch.testing.assert_close(batch.real, batch.target)


def test_toons_are_sharp_and_some_photos_are_not() -> None:
    """Photos and toons are the same fine pattern here: what a photo lacks of it was enlarged away."""
    fine = np.random.default_rng(0).integers(60, 200, (3, SIDE, SIDE, 1)).astype(np.uint8).repeat(3, axis=3)
    batch = ToonBatches({"alike": ToonPairs(fine, fine, list("abc"))}, pairs(2, 3), CPU).batch(60, 256)
    kept = batch.source.std(dim=(1, 2, 3)) / batch.target.std(dim=(1, 2, 3))
    coarser = kept < 0.75
    assert 5 < int(coarser.sum()) < 40
    assert kept[~coarser].min() > 0.75
    assert kept.min() > 0.1
    torch.testing.assert_close(batch.source.mean(dim=(2, 3)), batch.target.mean(dim=(2, 3)), atol=0.02, rtol=0)


def test_the_sheet_shows_each_portrait_in_every_style_and_stays_the_same() -> None:
    made = batches(seed=1)
    shown = made.shown(64)
    assert len(shown.source) == 4
    assert shown.condition.argmax(dim=1).tolist() == [0, 1, 0, 1]
    torch.testing.assert_close(shown.source[0], shown.source[1])
    assert not torch.equal(shown.source[1], shown.source[2])
    made.batch(4, 64)
    torch.testing.assert_close(made.shown(64).target, shown.target)
