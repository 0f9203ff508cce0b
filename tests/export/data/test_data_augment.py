import math

import numpy as np
import pytest
import torch

from mien_export.data import augment
from mien_export.data.augment import jittered_squares, varied_colours
from mien_export.data.crops import MARGIN

SIZE, SIDE = 128, 144
RIM = (SIDE - SIZE) // 2


@pytest.fixture
def places() -> torch.Tensor:
    """64 crops in which red is the column, green the row, and blue tells left from right."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    picture = np.stack([columns, rows, 255 * (columns >= SIDE // 2)], axis=2).astype(np.uint8)
    return torch.from_numpy(picture).expand(64, -1, -1, -1)


def test_without_jitter_the_middle_is_cut() -> None:
    crops = torch.randint(0, 256, (3, SIDE, SIDE, 3), dtype=torch.uint8)
    squares = jittered_squares(crops, SIZE, MARGIN, jitter=False)
    wanted = crops[:, RIM:-RIM, RIM:-RIM].permute(0, 3, 1, 2).float() / 255
    torch.testing.assert_close(squares, wanted, atol=1e-4, rtol=0)


def test_without_jitter_another_size_shows_the_same_square(places: torch.Tensor) -> None:
    squares = jittered_squares(places[:1], 64, MARGIN, jitter=False)
    assert squares.shape == (1, 3, 64, 64)
    # Pixel i of 64 covers pixels 2i and 2i + 1 of the 128 that start at RIM.
    torch.testing.assert_close(squares[0, 0, 0] * 255, RIM + 0.5 + 2 * torch.arange(64.0), atol=0.01, rtol=0)


def test_jitter_moves_faces_but_not_far(places: torch.Tensor) -> None:
    squares = jittered_squares(places, SIZE, MARGIN) * 255
    inner = slice(32, 96)
    column, row = squares[:, 0, inner, inner], squares[:, 1, inner, inner]
    mirrored = squares[:, 2, 64, 32] > squares[:, 2, 64, 96]
    column = torch.where(mirrored[:, None, None], SIDE - 1 - column, column)
    plain = torch.arange(RIM + 32.0, RIM + 96)
    moved = torch.hypot(column - plain[None, None, :], row - plain[None, :, None])
    farthest = augment.SHIFT * SIDE * math.sqrt(2)
    radius = 32 * math.sqrt(2)
    assert moved.max() < farthest + radius * 1.05 * (augment.ZOOM + math.radians(augment.TURN_DEGREES))
    centre = moved[:, 32, 32]
    assert centre.max() < farthest + 1
    assert centre.std() > 0.5
    assert 15 < mirrored.sum() < 49


def test_jitter_differs_from_crop_to_crop_and_stays_in_range(places: torch.Tensor) -> None:
    squares = jittered_squares(places, SIZE, MARGIN)
    assert squares.shape == (64, 3, SIZE, SIZE)
    assert squares.min() >= 0
    assert squares.max() <= 1
    assert len({round(value, 5) for value in squares[:, 1, 64, 64].tolist()}) > 60


def test_jitter_turns_and_zooms(places: torch.Tensor) -> None:
    squares = jittered_squares(places, SIZE, MARGIN) * 255
    turn = torch.atan2(squares[:, 1, 64, 96] - squares[:, 1, 64, 32], torch.tensor(64.0)).rad2deg()
    assert turn.abs().max() < augment.TURN_DEGREES * 1.1
    assert turn.std() > 1
    zoom = (squares[:, 1, 96, 64] - squares[:, 1, 32, 64]) / 64
    assert zoom.min() > 1 - augment.ZOOM - 0.01
    assert zoom.max() < 1 + augment.ZOOM + 0.01
    assert zoom.std() > 0.01


def test_colours_stay_in_range_and_vary_within_bounds() -> None:
    images = torch.full((200, 3, 4, 4), 0.5)
    varied = varied_colours(images)
    assert varied.shape == images.shape
    bound = 0.5 * (augment.BRIGHTNESS + augment.TINT)
    assert (varied - 0.5).abs().max() <= bound + 1e-6
    assert varied.mean(dim=(1, 2, 3)).std() > 0.02
    assert len({round(value, 5) for value in varied[:, 0, 0, 0].tolist()}) > 190


def test_colours_are_clamped() -> None:
    varied = varied_colours(torch.rand(64, 3, 8, 8).round())
    assert varied.min() == 0
    assert varied.max() == 1


def test_contrast_changes_but_the_mean_only_by_brightness(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(augment, "BRIGHTNESS", 0.0)
    monkeypatch.setattr(augment, "TINT", 0.0)
    monkeypatch.setattr(augment, "GREY_SHARE", 0.0)
    images = 0.3 + 0.4 * torch.rand(50, 3, 8, 8)
    varied = varied_colours(images)
    torch.testing.assert_close(varied.mean(dim=(2, 3)), images.mean(dim=(2, 3)))
    gain = varied.std(dim=(2, 3)) / images.std(dim=(2, 3))
    assert 1 - augment.CONTRAST - 0.01 < gain.min() < 0.9
    assert 1.1 < gain.max() < 1 + augment.CONTRAST + 0.01


def test_about_the_given_share_becomes_grey() -> None:
    images = torch.tensor([0.3, 0.5, 0.6]).view(1, 3, 1, 1).expand(2000, 3, 2, 2)
    varied = varied_colours(images)
    is_grey = (varied.amax(dim=1) - varied.amin(dim=1)).amax(dim=(1, 2)) < 1e-6
    assert 0.05 < is_grey.float().mean() < 0.11


@pytest.mark.parametrize(("share", "spread"), [(1.0, 0.0), (0.0, 0.1)])
def test_grey_means_all_channels_alike(share: float, spread: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(augment, "GREY_SHARE", share)
    varied = varied_colours(torch.tensor([0.3, 0.5, 0.6]).view(1, 3, 1, 1).expand(32, 3, 2, 2))
    found = (varied.amax(dim=1) - varied.amin(dim=1)).amax(dim=(1, 2))
    assert (found >= spread).all()
    assert share == 0 or found.max() < 1e-6
