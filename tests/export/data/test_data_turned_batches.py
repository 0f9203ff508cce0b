import numpy as np
import pytest
import torch

from mien_export.data.turned_batches import KNOWN_WEIGHT, SHARES, SeedPairs, TurnedPairs, turned_batch
from mien_export.data.turned_heads import KINDS, TurnedHeads
from mien_service.faces.refining import CHANNELS, SIDE

CPU = torch.device("cpu")
LEVELS = {"photos": 60, "people": 120, "real": 180}


def heads(kind: str) -> TurnedHeads:
    """Return three views of a kind, each plane of one level; the first is held out and darker."""
    pixels = np.full((3, SIDE, SIDE, CHANNELS + 6), LEVELS[kind], np.uint8)
    pixels[0] -= 40
    pixels[..., 3:6] += 10
    pixels[..., 6:CHANNELS] = 255
    pixels[..., CHANNELS : CHANNELS + 3] += 20
    pixels[..., CHANNELS + 3 :] += 30
    return TurnedHeads(pixels, np.array([True, False, False]))


@pytest.fixture
def pairs() -> TurnedPairs:
    return TurnedPairs([heads(kind) for kind in KINDS], 1, CPU)


def test_real_heads_come_last_and_only_what_was_seen_counts() -> None:
    views = torch.rand(5, CHANNELS + 6, 32, 32)
    views[:, 6], views[:, 8] = 0.4, 1.0
    views[3:, 6, :16] = 1.0
    batch = turned_batch(views, real=2)
    torch.testing.assert_close(batch.target[:3], views[:3, CHANNELS : CHANNELS + 3])
    torch.testing.assert_close(batch.target[3:], batch.source[3:])
    assert (batch.region[:3] == 1).all()
    assert (batch.region[3:, :, :16] == KNOWN_WEIGHT).all()
    assert not batch.region[3:, :, 16:].any()
    assert (batch.looked_at() == 1).all()
    assert batch.person is not None
    torch.testing.assert_close(batch.person, batch.real)
    assert torch.cat([batch.source, batch.extra], dim=1).shape == (5, CHANNELS, 32, 32)


def test_what_does_not_turn_with_the_head_is_not_held_to_the_mesh_warp() -> None:
    views = torch.ones(2, CHANNELS + 6, 16, 16)
    views[:, 8, :, :8] = 0.5
    batch = turned_batch(views, real=2)
    assert not batch.region[..., :8].any()
    assert (batch.region[..., 8:] == KNOWN_WEIGHT).all()


def test_batches_hold_each_kind_and_nobody_who_is_held_out(pairs: TurnedPairs) -> None:
    batch = pairs.batch(20, 32)
    counts = [round(20 * share) for share in SHARES]
    assert len(batch.source) == sum(counts) == 20
    shown = pairs.shown(32)
    assert len(shown.source) == len(KINDS)
    levels = [255 * float(one.mean()) for one in shown.source]
    assert levels == pytest.approx([LEVELS[kind] - 40 for kind in KINDS], abs=0.5)
    # Colours vary, but not by as much as who is held out was darkened.
    of_photos = 255 * batch.source[: counts[0]].mean(dim=(1, 2, 3))
    assert of_photos.min() > 0.6 * LEVELS["photos"]
    torch.testing.assert_close(batch.region[-counts[-1] :], torch.full((counts[-1], 1, 32, 32), KNOWN_WEIGHT))


def test_all_pictures_of_a_view_take_on_the_same_colours(pairs: TurnedPairs) -> None:
    batch = pairs.batch(20, SIDE)
    ratio = batch.real.mean(dim=(1, 2, 3)) / batch.source.mean(dim=(1, 2, 3))
    lighter = torch.tensor([(level + 20) / level for kind in KINDS for level in [LEVELS[kind]]])
    counts = torch.tensor([round(20 * share) for share in SHARES])
    torch.testing.assert_close(ratio, lighter.repeat_interleave(counts), atol=0.16, rtol=0)


def test_the_seeds_network_sees_the_photo_and_no_real_heads() -> None:
    batch = SeedPairs([heads(kind) for kind in KINDS], 1, CPU).shown(64)
    assert len(batch.source) == 2
    for kind, before, truth in zip(KINDS, batch.source, batch.target, strict=False):
        assert 255 * float(before.mean()) == pytest.approx(LEVELS[kind] - 10, abs=0.5)
        assert 255 * float(truth.mean()) == pytest.approx(LEVELS[kind] - 20, abs=0.5)
    assert (batch.region == 1).all()
    assert batch.extra.shape[1] == 0
