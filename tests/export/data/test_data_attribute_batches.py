import heads
import numpy as np
import pytest
import torch

from mien_export.data import attribute_batches
from mien_export.data.attribute_batches import EDITED, AttributePairs, alike_degraded, pairs_of, region_maps
from mien_export.data.attribute_pairs import PairPictures, PairTable
from mien_export.data.packs import is_held_out
from mien_service.tasks.attributes import Attribute

SMILING, MALE, BEARD = 0, 2, 3
MUSTACHE = EDITED.index(Attribute.MUSTACHE)
STILL = {"STILL": 0.0, "BACKWARDS": 0.0, "BETWEEN": 0.0, "MUSTACHES": 0.0}

LEVELS = [60, 90, 120, 150, 180, 200]
"""Grey level of each picture: two sources, then their targets."""


def table(seeds: tuple[int, int] = (0, 1)) -> PairTable:
    strengths = np.zeros((4, 4), np.float16)
    strengths[[0, 1, 2, 3], [SMILING, BEARD, MALE, SMILING]] = [1, 0.75, -1, -0.5]
    styles = np.zeros((4, 4), np.float16)
    styles[0] = [1, 0, -1, 0.5]
    return PairTable(
        np.array(seeds, np.int32),
        np.zeros((2, 5), np.float16),
        np.array([0, 0, 1, 1], np.int32),
        strengths,
        styles,
        np.zeros((4, 4), np.float16),
    )


def pictures() -> PairPictures:
    flat = np.stack([np.full((288, 288, 3), level, np.uint8) for level in LEVELS])
    meshes = np.stack([heads.head(70, 144, 130)] * 2)
    return PairPictures(flat[:2], meshes, flat[2:])


def pairs(monkeypatch: pytest.MonkeyPatch, shown: tuple[int, ...] = (), **shares: float) -> AttributePairs:
    for name, share in {**STILL, **shares}.items():
        monkeypatch.setattr(attribute_batches, name, share)
    return AttributePairs(table(), pictures(), EDITED, shown, torch.device("cpu"))


def levels_of(images: torch.Tensor) -> list[int]:
    """Return the nearest of LEVELS for each flat picture, by its index."""
    means = images.mean(dim=(1, 2, 3)) * 255
    return [int(np.abs(np.array(LEVELS) - float(mean)).argmin()) for mean in means]


def lowest(region: np.ndarray) -> int:
    """Return the lowest row of a region (s, s) in 0..1."""
    return int(np.nonzero((region > 0.3).any(axis=1))[0].max())


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures keep their grey level, so that they can be told apart."""
    torch.manual_seed(0)
    monkeypatch.setattr(attribute_batches, "varied_colours", lambda images: images)


def test_pairs_go_from_a_source_to_its_target_under_its_strengths(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = pairs(monkeypatch).batch(24, 64)
    assert batch.source.shape == batch.target.shape == (24, 3, 64, 64)
    assert batch.region.shape == (24, 1, 64, 64)
    assert batch.condition.shape == (24, len(EDITED) + 4)
    for source, target, condition in zip(
        levels_of(batch.source), levels_of(batch.target), batch.condition, strict=True
    ):
        pair = target - 2
        assert source == [0, 0, 1, 1][pair]
        np.testing.assert_allclose(condition[:4], table().strengths[pair], atol=1e-3)
        np.testing.assert_allclose(condition[len(EDITED) :], table().styles[pair], atol=1e-3)


def test_backwards_the_strengths_turn_and_no_style_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = pairs(monkeypatch, BACKWARDS=1.0).batch(24, 64)
    for source, target, condition in zip(
        levels_of(batch.source), levels_of(batch.target), batch.condition, strict=True
    ):
        pair = source - 2
        assert target == [0, 0, 1, 1][pair]
        np.testing.assert_allclose(condition[:4], -table().strengths[pair], atol=1e-3)
        assert (condition[len(EDITED) :] == 0).all()


def test_between_two_targets_the_strengths_are_subtracted(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = pairs(monkeypatch, BETWEEN=1.0).batch(40, 64)
    found = 0
    for source, target, condition in zip(
        levels_of(batch.source), levels_of(batch.target), batch.condition, strict=True
    ):
        if source < 2:
            continue
        found += 1
        assert target != source
        wanted = table().strengths[target - 2] - table().strengths[source - 2]
        np.testing.assert_allclose(condition[:4], wanted, atol=1e-3)
    assert found > 8


def test_a_face_may_be_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = pairs(monkeypatch, STILL=1.0).batch(8, 64)
    assert levels_of(batch.source) == levels_of(batch.target)
    assert (batch.condition == 0).all()
    assert (batch.region == 0).all()


def test_a_beard_stands_in_for_a_mustache_under_the_nose(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = pairs(monkeypatch, MUSTACHES=1.0).batch(40, 64)
    bearded = [i for i, target in enumerate(levels_of(batch.target)) if target == 3]
    assert bearded
    for i in bearded:
        assert batch.condition[i, BEARD] == 0
        assert batch.condition[i, MUSTACHE] == pytest.approx(0.75)
    whole = pairs(monkeypatch).batch(40, 64)
    beards = [i for i, target in enumerate(levels_of(whole.target)) if target == 3]
    assert lowest(batch.region[bearded].mean(dim=(0, 1)).numpy()) < lowest(
        whole.region[beards].mean(dim=(0, 1)).numpy()
    )


def test_people_that_are_held_out_are_shown_but_not_trained_on(monkeypatch: pytest.MonkeyPatch) -> None:
    held_out, trained = 6, 7
    assert [is_held_out(str(seed)) for seed in (held_out, trained)] == [True, False]
    pairs(monkeypatch, BACKWARDS=0.5)
    held = AttributePairs(table((held_out, trained)), pictures(), EDITED, (1,), torch.device("cpu"))
    batch = held.batch(30, 64)
    assert set(levels_of(batch.source)) | set(levels_of(batch.target)) <= {1, 4, 5}
    shown = held.shown(64)
    assert (levels_of(shown.source), levels_of(shown.target)) == ([0], [3])
    np.testing.assert_allclose(shown.condition[0, :4], table().strengths[1], atol=1e-3)


def test_a_network_of_few_attributes_sees_their_pairs_and_strengths_alone() -> None:
    assert pairs_of(table(), (Attribute.SMILING,)) == [0, 3]
    assert pairs_of(table(), (Attribute.BEARD, Attribute.MUSTACHE)) == [1]
    assert pairs_of(table(), EDITED) == [0, 1, 2, 3]
    beards = (Attribute.BEARD, Attribute.MUSTACHE)
    batch = AttributePairs(table(), pictures(), beards, (), torch.device("cpu")).batch(40, 64)
    assert batch.condition.shape == (40, 2 + 4)
    asked = {tuple(row) for row in batch.condition[:, :2].abs().tolist()}
    assert asked == {(0.75, 0.0), (0.0, 0.75), (0.0, 0.0)}
    smiles = AttributePairs(table(), pictures(), (Attribute.SMILING,), (), torch.device("cpu")).batch(40, 64)
    assert smiles.condition.shape == (40, 1 + 4)
    assert set(smiles.condition[:, 0].abs().tolist()) == {0.0, 0.5, 1.0}


def test_regions_lie_on_the_face() -> None:
    maps = region_maps(heads.head(70, 144, 130))
    assert maps.shape == (len(EDITED), attribute_batches.REGION_SIDE, attribute_batches.REGION_SIDE)
    for one in maps:
        assert one.max() == 255
        assert 0.01 < (one > 128).mean() < 0.5
        assert one[:10].max() == 0
    assert lowest(maps[MUSTACHE] / 255) < lowest(maps[BEARD] / 255)


def test_noise_and_blur_are_the_same_before_and_after() -> None:
    torch.manual_seed(1)
    before = torch.rand(6, 3, 32, 32) * 0.6 + 0.2
    both = alike_degraded(torch.cat([before, before], dim=3))
    one, other = both.chunk(2, dim=3)
    torch.testing.assert_close(one[..., 1:-1], other[..., 1:-1])
    assert (one - before).abs().mean() > 1e-3
