import numpy as np
import pytest
import torch
from cropped import people_crops

from mien_export.data import hole_pairs
from mien_export.data.hole_pairs import HoleFaces, HolePairs, hole_faces
from mien_export.data.masked_faces import MaskedFaces
from mien_export.networks.face_prior import FacePrior

CPU = torch.device("cpu")
SIDE = 64


@pytest.fixture(scope="module")
def faces() -> HoleFaces:
    """Three people, on the first of whom a mask lies in the crop's middle; the others wear none."""
    crops = people_crops(SIDE, "ben", "carla", "gina")
    cover = np.zeros(crops.pixels.shape[:3], np.uint8)
    cover[0, 30:42, 30:42] = 255
    return hole_faces(crops, MaskedFaces(crops.pixels, cover, crops.meshes, crops.rows), CPU)


@pytest.fixture
def pairs(faces: HoleFaces) -> HolePairs:
    return HolePairs([(faces, 1.0)], faces, FacePrior())


def test_crops_come_with_their_holes(faces: HoleFaces) -> None:
    assert faces.pixels.shape == (3, 72, 72, 5)
    assert [int(faces.pixels[i, ..., 3].sum()) for i in range(3)] == [12 * 12 * 255, 0, 0]
    shares = (faces.pixels[..., 4] > 0).float().mean(dim=(1, 2))
    assert 0.08 < shares.min() < shares.max() < 0.3


def test_a_source_differs_from_its_target_in_the_hole_only(pairs: HolePairs) -> None:
    batch = pairs.batch(12, SIDE)
    assert batch.extra.shape == (12, 2, SIDE, SIDE)
    torch.testing.assert_close(batch.extra[:, :1], batch.region)
    assert set(batch.region.unique().tolist()) == {0.0, 1.0}
    hole = batch.region.expand_as(batch.source) == 1
    torch.testing.assert_close(batch.source[~hole], batch.target[~hole])
    assert (batch.source - batch.target)[hole].abs().mean() > 0.02
    assert batch.region.mean(dim=(1, 2, 3)).min() > 0.005


def test_for_some_the_coarse_filling_is_the_truths_own(faces: HoleFaces, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hole_pairs, "DRAWN_SHARE", 0.5)
    prior = FacePrior(components=2)
    size = prior.mean.numel()
    prior.components[0] = 1 / size**0.5
    prior.noise.fill_(1e-3)
    batch = HolePairs([(faces, 1.0)], faces, prior).batch(40, SIDE)
    drawn = batch.extra[:, 1].flatten(1)
    assert set(drawn.unique().tolist()) == {0.0, 1.0}
    is_drawn = drawn[:, 0] == 1
    assert 5 < int(is_drawn.sum()) < 35
    # Of brightness, the one thing that the prior knows, the truth's own has what the rest only hints at.
    misses = (batch.source - batch.target).mean(dim=(1, 2, 3)).abs()
    assert misses[is_drawn].mean() < misses[~is_drawn].mean()


@pytest.mark.parametrize(("lower", "free"), [(1.0, 0.0), (0.0, 1.0), (0.0, 0.0)])
def test_holes_are_of_three_kinds(lower: float, free: float, faces: HoleFaces, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hole_pairs, "LOWER_SHARE", lower)
    monkeypatch.setattr(hole_pairs, "FREE_SHARE", free)
    masked = HoleFaces(faces.pixels[:1])
    region = HolePairs([(masked, 1.0)], masked, FacePrior()).batch(16, SIDE).region
    shares = region.mean(dim=(1, 2, 3))
    if lower:
        assert 0.08 < shares.min() < shares.max() < 0.35
    elif free:
        assert shares.std() > 0.03
    else:
        assert shares.max() < 0.08, "the mask in the middle, grown a little"


def test_what_is_shown_is_the_same_each_time_and_the_likeliest(pairs: HolePairs) -> None:
    one, again = pairs.shown(SIDE), pairs.shown(SIDE)
    torch.testing.assert_close(one.source, again.source, rtol=0, atol=0)
    assert one.extra[:, 1].abs().max() == 0
    assert len(one.source) == 3
