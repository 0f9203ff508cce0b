from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from skimage.color import rgb2lab

from mien_export.networks.cycle_gan import CycleGan
from mien_export.quality.illustrators import (
    DULLER,
    GAUSSIAN,
    PLAIN_FILTER,
    SEED,
    SUBSTANCES,
    UNCHANGED,
    Illustrator,
    baselines,
    gaussian_and_sharpen,
    graded,
    laid,
    unsharp,
)
from mien_export.quality.skin_regions import skin
from mien_export.quality.turners import square
from mien_export.quality.wrinkles import LineMeter
from mien_service.faces.align import AlignedFace, align
from mien_service.faces.face import Face, RgbImage


@pytest.fixture
def by_name(tmp_path: Path) -> dict[str, Illustrator]:
    """The baselines; the seed's network has learned nothing."""
    file = tmp_path / "checkpoint.pt"
    torch.save({"average": CycleGan().state_dict()}, file)
    return baselines(file)


def test_without_a_checkpoint_the_seeds_design_is_left_out(tmp_path: Path) -> None:
    assert list(baselines(tmp_path / "none.pt")) == [UNCHANGED, PLAIN_FILTER, GAUSSIAN]


@pytest.mark.parametrize("name", [UNCHANGED, PLAIN_FILTER, GAUSSIAN, SEED])
def test_every_baseline_starts_at_the_photo(
    name: str, by_name: dict[str, Illustrator], photo: RgbImage, aligned: AlignedFace
) -> None:
    none, half, full = by_name[name](photo, aligned, SUBSTANCES[0], (0.0, 0.5, 1.0))
    assert none.shape == half.shape == full.shape == photo.shape
    assert full.dtype == np.uint8
    np.testing.assert_array_equal(none, photo)
    if name == UNCHANGED:
        np.testing.assert_array_equal(full, photo)
    else:
        changes = [np.abs(one.astype(int) - photo).mean() for one in (half, full)]
        assert changes[0] == pytest.approx(changes[1] / 2, rel=0.2)


def test_no_baseline_knows_a_substance(by_name: dict[str, Illustrator], photo: RgbImage, aligned: AlignedFace) -> None:
    for illustrate in by_name.values():
        [one], [other] = (illustrate(photo, aligned, substance, [1.0]) for substance in ("smoking", "drugs"))
        np.testing.assert_array_equal(one, other)


def test_the_plain_filter_darkens_dulls_and_sharpens(
    by_name: dict[str, Illustrator], photo: RgbImage, aligned: AlignedFace
) -> None:
    [made] = by_name[PLAIN_FILTER](photo, aligned, "alcohol", [1.0])
    before, after = square(photo, aligned), square(made, aligned)
    area = skin(aligned.landmarks, before.shape)
    was, became = (rgb2lab(one)[area].mean(axis=0) for one in (before, after))
    assert became[0] - was[0] == pytest.approx(-10, abs=1)
    np.testing.assert_allclose(became[1:], DULLER * was[1:], atol=1)
    meter = LineMeter(before, area)
    lines = meter.read(after)
    assert lines.energy > 1.2 * meter.energy
    assert lines.new < 0.05


def test_sharpening_is_as_wide_on_a_large_photo(photo: RgbImage, face: Face, aligned: AlignedFace) -> None:
    large = np.asarray(cv2.resize(photo, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8)
    box = face.box.scaled(2)
    twice = align(large, Face(box, face.landmarks * 2 + 0.5, face.pose, face.score))
    filtering = baselines(Path("none.pt"))[PLAIN_FILTER]
    squares = [
        square(filtering(one, known, "alcohol", [1.0])[0], known) for one, known in ((photo, aligned), (large, twice))
    ]
    assert np.abs(squares[0].astype(int) - squares[1]).mean() < 3


def test_gaussian_and_sharpen_makes_noise_softer_and_flat_areas_stay(random: np.random.Generator) -> None:
    flat = np.full((40, 40, 3), 90, np.float32)
    np.testing.assert_allclose(gaussian_and_sharpen(flat, 1.0), flat, atol=1e-3)
    noisy = flat + random.normal(0, 8, flat.shape).astype(np.float32)
    assert gaussian_and_sharpen(noisy, 1.0).std() < 0.8 * noisy.std()


def test_an_unsharp_mask_adds_what_the_blur_takes(random: np.random.Generator) -> None:
    picture = random.uniform(0, 255, (30, 30, 3)).astype(np.float32)
    soft = cv2.GaussianBlur(picture, (0, 0), 2.0)
    np.testing.assert_allclose(unsharp(picture, 2.0, 0.0), picture)
    np.testing.assert_allclose(unsharp(picture, 2.0, 0.5), 1.5 * picture - 0.5 * soft, atol=1e-3)


def test_a_square_is_laid_where_it_was_cut(photo: RgbImage, aligned: AlignedFace) -> None:
    painted = aligned.crop.astype(np.float32)
    painted[100:160, 100:160] = (255, 0, 0)
    made = laid(photo, painted, aligned.transform)
    assert made.shape == photo.shape
    again = square(np.clip(np.rint(made), 0, 255).astype(np.uint8), aligned)
    assert np.abs(again[108:152, 108:152].astype(int) - (255, 0, 0)).max() < 3
    assert np.abs(again[20:90, 20:236].astype(int) - aligned.crop[20:90, 20:236]).mean() < 3
    small = np.full((256, 256, 3), 0, np.float32)
    shrunk = aligned.transform.copy()
    shrunk[:, :] *= 8
    np.testing.assert_array_equal(laid(photo, small, shrunk)[-1, -1], photo[-1, -1])


def test_severities_are_mixed_linearly_and_rounded(photo: RgbImage, aligned: AlignedFace) -> None:
    illustrate = graded(lambda one, _: np.full(one.shape, 300, np.float32))
    made = illustrate(photo, aligned, "drugs", (0.25, 1.0))
    np.testing.assert_array_equal(made[0], np.clip(np.rint(photo + 0.25 * (300.0 - photo)), 0, 255).astype(np.uint8))
    assert (made[1] == 255).all()
