import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien_service.faces.sticker import WIDEST_OUTLINE, own_colours, sticker

HEAD = np.array([220, 120, 90], np.float32)
BEHIND = np.array([20, 200, 40], np.float32)


def disc(height: int, width: int, radius: float, soft: float = 2.0) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    away = np.hypot(x - (width - 1) / 2, y - (height - 1) / 2)
    return np.clip((radius - away) / soft + 0.5, 0, 1).astype(np.float32)


def mixed(alpha: np.ndarray) -> np.ndarray:
    """Return a head of one colour before a ground of another."""
    return np.rint(alpha[..., None] * HEAD + (1 - alpha[..., None]) * BEHIND).astype(np.uint8)


def centre(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    return picture[top : top + height, left : left + width]


@given(st.integers(30, 200), st.integers(30, 200), st.floats(0, WIDEST_OUTLINE))
def test_a_sticker_holds_the_cutout_and_its_outline(height: int, width: int, outline: float) -> None:
    alpha = disc(height, width, min(height, width) * 0.4)
    made = sticker(mixed(alpha), alpha, outline)
    assert made.dtype == np.uint8
    assert made.shape[2] == 4
    rim = (made.shape[0] - height) / 2
    assert rim == (made.shape[1] - width) / 2
    assert rim >= outline * max(height, width)
    opacity = made[..., 3]
    assert not opacity[[0, -1]].any()
    assert not opacity[:, [0, -1]].any()
    assert (centre(opacity, height, width) >= np.floor(255 * alpha)).all()


def test_without_an_outline_the_opacity_is_alpha() -> None:
    alpha = disc(90, 120, 30)
    made = sticker(mixed(alpha), alpha)
    np.testing.assert_array_equal(centre(made[..., 3], 90, 120), np.rint(255 * alpha))
    assert made[..., 3].sum() == np.rint(255 * alpha).sum()


@given(st.floats(0, WIDEST_OUTLINE), st.floats(0, WIDEST_OUTLINE), st.integers(0, 100))
def test_a_wider_outline_reaches_everywhere_a_narrower_does(one: float, other: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    alpha = np.asarray(cv2.resize((rng.random((5, 4)) > 0.5).astype(np.float32), (80, 100)), np.float32)
    picture = mixed(alpha)
    thin, wide = (sticker(picture, alpha, width)[..., 3] for width in sorted((one, other)))
    # At the very rim an outline is smoothed by what lies within it alone.
    assert (centre(wide, *thin.shape) >= thin.astype(int) - 3).all()


@pytest.mark.parametrize("side", [400, 1300])
@pytest.mark.parametrize("outline", [0.03, 0.1])
def test_an_outline_is_white_and_as_wide_as_asked(outline: float, side: int) -> None:
    radius, width = 0.3 * side, outline * side
    alpha = disc(side, side, radius)
    made = sticker(mixed(alpha), alpha, outline)
    row = made[made.shape[0] // 2]
    middle, edge = made.shape[1] / 2, int(np.flatnonzero(row[:, 3] > 127)[0])
    assert middle - edge == pytest.approx(radius + width, abs=max(2, 0.003 * side))
    assert (row[edge + 1 : edge + round(width) - 5, :3] == 255).all()
    partly = (made[..., 3] > 0) & (made[..., 3] < 255)
    assert partly.sum() > np.pi * (radius + width), "its edge is antialiased"


def test_an_outline_does_not_show_within_the_head() -> None:
    alpha = disc(200, 200, 70)
    plain, outlined = (centre(sticker(mixed(alpha), alpha, width), 200, 200) for width in (0.0, 0.05))
    np.testing.assert_array_equal(plain[alpha == 1], outlined[alpha == 1])


def test_no_fringe_of_the_ground_is_left() -> None:
    alpha = disc(240, 240, 80, soft=14)
    made = centre(sticker(mixed(alpha), alpha), 240, 240)
    half = (alpha > 0.1) & (alpha < 0.9)
    assert np.abs(made[half][:, :3] - HEAD).mean() < 8
    assert np.abs(mixed(alpha)[half] - HEAD).mean() > 45, "as the picture has it there is one"


def test_transparent_pixels_tell_nothing_of_what_was_there() -> None:
    alpha = disc(200, 200, 50)
    secret = mixed(alpha)
    secret[alpha == 0] = np.random.default_rng(0).integers(0, 256, ((alpha == 0).sum(), 3), np.uint8)
    made = centre(sticker(secret, alpha), 200, 200)
    hidden = made[alpha == 0][:, :3].astype(float)
    assert np.abs(np.corrcoef(hidden[:, 0], secret[alpha == 0][:, 0])[0, 1]) < 0.1


def test_whole_pixels_keep_their_colours() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (90, 70, 3), np.uint8)
    alpha = disc(90, 70, 25)
    np.testing.assert_allclose(own_colours(picture, alpha)[alpha == 1], picture[alpha == 1], atol=1e-3)


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """Return the largest difference of two stickers, seen on black, and of their opacities."""
    seen, opacity = [], []
    for made in (one, other):
        opacity.append(made[..., 3].astype(float))
        seen.append(made[..., :3] * opacity[-1][..., None] / 255)
    return max(float(np.abs(seen[0] - seen[1]).max()), float(np.abs(opacity[0] - opacity[1]).max()))


@given(st.integers(20, 90), st.integers(20, 90), st.integers(0, 100))
def test_a_mirrored_or_turned_picture_gives_a_mirrored_or_turned_sticker(height: int, width: int, seed: int) -> None:
    picture = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    alpha = disc(height, width, 0.35 * min(height, width), soft=6)
    made = sticker(picture, alpha, 0.05)
    flipped = sticker(picture[:, ::-1].copy(), alpha[:, ::-1].copy(), 0.05)
    assert difference(flipped[:, ::-1], made) <= 3
    turned = sticker(picture.transpose(1, 0, 2).copy(), alpha.T.copy(), 0.05)
    assert difference(turned.transpose(1, 0, 2), made) <= 3


def test_other_sizes_and_widths_are_refused() -> None:
    alpha = disc(40, 40, 10)
    with pytest.raises(ValueError, match="sizes differ"):
        sticker(np.zeros((40, 41, 3), np.uint8), alpha)
    for outline in (-0.01, WIDEST_OUTLINE + 0.01):
        with pytest.raises(ValueError, match="outline"):
            sticker(mixed(alpha), alpha, outline)
