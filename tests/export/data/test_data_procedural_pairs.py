import numpy as np
import pytest
import torch
from cropped import people_crops

from mien_export.data import procedural_pairs
from mien_export.data.crops import MARGIN, Crops
from mien_export.data.procedural_pairs import ProceduralPairs, changed

SIDE = 128
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def crops() -> Crops:
    return people_crops(SIDE, "ben", "gina", "carla")


@pytest.fixture(scope="module")
def pairs(crops: Crops) -> ProceduralPairs:
    return ProceduralPairs(crops.at([0, 1]), crops.at([2]), CPU)


def test_lips_grow_redder_and_eyes_larger_and_nothing_else_changes(pairs: ProceduralPairs, crops: Crops) -> None:
    shown = pairs.shown(SIDE)
    assert shown.source.shape == shown.target.shape == (1, 3, SIDE, SIDE)
    rim = round(SIDE * (MARGIN - 1) / 2)
    plain = torch.from_numpy(crops.pixels[2, rim:-rim, rim:-rim]).permute(2, 0, 1) / 255
    torch.testing.assert_close(shown.source[0], plain, rtol=0, atol=0.01)
    difference = (shown.target - shown.source)[0]
    rows, columns = torch.nonzero(difference.abs().amax(dim=0) > 0.05).unbind(1)
    mouth = difference[:, 85:100, 52:76]
    assert mouth[0].max() > 0.15
    assert mouth[1].min() < -0.03
    assert ((rows < 80) & (columns < 60)).sum() > 20, "the left eye"
    assert ((rows < 80) & (columns > 68)).sum() > 20, "the right eye"
    assert rows.min() > 0.3 * SIDE
    assert rows.max() < 0.85 * SIDE
    assert 0.02 < (shown.region > 0).float().mean() < 0.25
    assert shown.condition.tolist() == [[1]]


def test_an_eye_grows_about_its_middle() -> None:
    rows, columns = np.mgrid[:64, :64]
    disc = torch.from_numpy((np.hypot(rows - 30, columns - 32) < 6).astype(np.float32)).expand(1, 3, 64, 64)
    eyes = torch.tensor([[[32.0, 30, 20], [0, 0, 1]]])
    lips = torch.zeros(1, 1, 64, 64)
    grown = changed(disc, lips, eyes, torch.ones(1, 1))
    radius = [(one[0, 0].sum() / np.pi).sqrt().item() for one in (disc, grown)]
    assert 1.2 < radius[1] / radius[0] < 1.7
    middle = (grown[0, 0].sum(dim=0) * torch.arange(64)).sum() / grown[0, 0].sum()
    assert middle.item() == pytest.approx(32, abs=0.1)
    torch.testing.assert_close(changed(disc, lips, eyes, torch.zeros(1, 1)), disc, rtol=0, atol=1e-5)


def test_batches_vary_alike_before_and_after(pairs: ProceduralPairs) -> None:
    batch = pairs.batch(12, SIDE)
    assert batch.source.shape == (12, 3, SIDE, SIDE)
    corner = (slice(None), slice(None), slice(0, 20), slice(0, 20))
    torch.testing.assert_close(batch.target[corner], batch.source[corner], rtol=0, atol=0.02)
    assert (batch.source - batch.source[:1]).abs().mean(dim=(1, 2, 3))[1:].min() > 0.01


def test_the_change_is_as_strong_as_the_condition_says(pairs: ProceduralPairs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(procedural_pairs, "STILL_SHARE", 0.4)
    batch = pairs.batch(24, 64)
    difference = (batch.target - batch.source).abs().mean(dim=(1, 2, 3))
    still = batch.condition[:, 0] == 0
    assert 2 < still.sum() < 20
    assert difference[still].max() < 1e-4
    assert not batch.region[still].any()
    strengths = batch.condition[~still, 0]
    assert procedural_pairs.WEAKEST <= strengths.min() < strengths.max() <= 1
    together = torch.corrcoef(torch.stack([strengths, difference[~still]]))[0, 1]
    assert together > 0.6


def test_the_shown_faces_are_the_same_each_time(pairs: ProceduralPairs) -> None:
    torch.testing.assert_close(pairs.shown(64).target, pairs.shown(64).target, rtol=0, atol=0)
