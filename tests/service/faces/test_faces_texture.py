import cv2
import numpy as np
import pytest
from painted import as_photo, disc, in_photo, square_at, with_paint

from mien_service.faces.texture import Texture

SIDE = 900
"""The square's side: 128 pixels of paint are 7 photo pixels wide each."""

SKIN = np.array((205, 160, 140), np.float32)
TRANSFORM = square_at(SIDE, SIDE / 2, SIDE / 2)


def skin(deviation: float, softness: float, side: int = SIDE) -> np.ndarray:
    """Return skin with pores: light and dark, softer than any grain."""
    noise = np.random.default_rng(3).standard_normal((side, side), np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), softness)
    return SKIN + noise[..., None] * (deviation / noise.std())


def laplacian(out: np.ndarray) -> np.ndarray:
    return cv2.Laplacian(cv2.cvtColor(out, cv2.COLOR_RGB2GRAY).astype(np.float32), cv2.CV_32F)


def inside(out: np.ndarray, radius: float = 0.2) -> np.ndarray:
    return in_photo(disc(128, radius), TRANSFORM, out) == 1


def beside(out: np.ndarray) -> np.ndarray:
    return (in_photo(disc(128, 0.35), TRANSFORM, out) > 0) & (in_photo(disc(128, 0.3), TRANSFORM, out) == 0)


@pytest.mark.parametrize(("deviation", "softness"), [(2, 0.8), (5, 0.8), (5, 1.3), (8, 1.6)])
def test_enlarged_paint_gets_the_skins_texture(deviation: float, softness: float) -> None:
    photo = as_photo(skin(deviation, softness))
    out = with_paint(photo, TRANSFORM, SKIN, disc(128))
    assert 0.6 < laplacian(out)[inside(out)].var() / laplacian(out)[beside(out)].var() < 1.3
    deviations = [cv2.cvtColor(out, cv2.COLOR_RGB2GRAY)[where(out)].std() for where in (inside, beside)]
    assert 0.6 < deviations[0] / deviations[1] < 1.2
    np.testing.assert_array_equal(out, with_paint(photo, TRANSFORM, SKIN, disc(128)))


def test_smooth_skin_stays_smooth() -> None:
    photo = as_photo(np.broadcast_to(SKIN, (SIDE, SIDE, 3)))
    out = with_paint(photo, TRANSFORM, SKIN, disc(128))
    assert np.abs(out.astype(int) - photo).max() <= 1


def test_what_is_no_skin_lends_no_texture() -> None:
    """Red cloth below and dark hair beside smooth skin, both rough."""
    photo = np.broadcast_to(SKIN, (SIDE, SIDE, 3)).copy()
    rough = np.random.default_rng(3).normal(0, 25, (SIDE, SIDE, 1))
    photo[660:] = (np.array((190, 30, 40)) + rough)[660:]
    photo[:, 650:] = (np.array((50, 40, 35)) + rough)[:, 650:]
    out = with_paint(as_photo(photo), TRANSFORM, SKIN, disc(128))
    assert laplacian(out)[inside(out)].std() < 2


def test_a_wrinkle_is_no_weave() -> None:
    """Lines of one direction around the paint become no lines within it."""
    photo = skin(2, 1.0)
    photo[::24] -= 25
    out = with_paint(as_photo(photo), TRANSFORM, SKIN, disc(128)).astype(np.float32).mean(axis=2)
    down, across = (np.diff(out, axis=axis)[300:600, 300:600].std() for axis in (0, 1))
    assert 0.8 < down / across < 1.25


def test_pores_fade_in_the_dark() -> None:
    texture = Texture(np.ones((256, 256, 3), np.float32), 160)
    strength = texture.strength(np.array([[[0, 0, 0], [80, 80, 80], [160, 160, 160], [255, 255, 255]]], np.uint8))
    np.testing.assert_allclose(strength, [[0, 0.5, 1, 1]])


def test_paint_as_fine_as_the_photo_is_left_to_its_own() -> None:
    transform = square_at(128, 64, 64)
    photo = as_photo(skin(6, 2.5, 128))
    out = with_paint(photo, transform, SKIN, disc(128))
    middle = in_photo(disc(128, 0.15), transform, out) == 1
    assert cv2.cvtColor(out, cv2.COLOR_RGB2GRAY)[middle].std() < 2


def test_brows_beside_the_paint_are_no_texture() -> None:
    """Dark, rough bars of hair on smooth skin above the paint, as above a mask."""
    photo = np.broadcast_to(SKIN, (SIDE, SIDE, 3)).copy()
    rough = np.random.default_rng(3).normal(0, 30, (SIDE, SIDE, 1))
    for left in (260, 480):
        photo[150:190, left : left + 160] = (np.array((150, 115, 100)) + rough)[150:190, left : left + 160]
    out = with_paint(as_photo(photo), TRANSFORM, SKIN, disc(128))
    assert laplacian(out)[inside(out)].std() < 2
