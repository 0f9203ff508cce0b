import cv2
import numpy as np
import pytest
from bench import composite
from painted import as_photo, disc, in_photo, shaded, square_at, square_of, with_paint


def with_grain(pixels: np.ndarray, deviation: float, blur: float, *, coloured: bool = True) -> np.ndarray:
    channels = 3 if coloured else 1
    noise = np.random.default_rng(3).standard_normal((*pixels.shape[:2], channels), np.float32)
    if blur:
        noise = cv2.GaussianBlur(noise, (0, 0), blur).reshape(noise.shape)
    return as_photo(pixels + noise * (deviation / noise.std()))


def sharpness_match(out: np.ndarray, transform: np.ndarray) -> float:
    """Return the Laplacian variance within the disc over that of the ring around it."""
    laplacian = cv2.Laplacian(cv2.cvtColor(out, cv2.COLOR_RGB2GRAY).astype(np.float32), cv2.CV_32F)
    within = in_photo(disc(128, 0.23), transform, out) == 1
    ring = (in_photo(disc(128, 0.35), transform, out) > 0) & (in_photo(disc(128, 0.28), transform, out) == 0)
    return float(laplacian[within].var() / laplacian[ring].var())


@pytest.mark.parametrize("side", [115, 230, 600, 1200])
@pytest.mark.parametrize(("deviation", "blur"), [(3, 0), (8, 0), (15, 0), (8, 0.6), (6, 1.0)])
def test_paint_gets_the_photos_grain(side: int, deviation: float, blur: float) -> None:
    transform = square_at(side, side / 2, side / 2)
    clean = shaded(side, side)
    colour = square_of(clean, transform, 128) + np.array((6, -5, 4))
    out = with_paint(with_grain(clean, deviation, blur), transform, colour, disc(128))
    assert 0.6 < sharpness_match(out, transform) < 1.3


def test_grain_of_one_colour_stays_of_one_colour() -> None:
    clean = np.full((400, 400, 3), 130, np.float32)
    photo = with_grain(clean, 8, 0, coloured=False)
    transform = square_at(400, 200, 200)
    out = with_paint(photo, transform, np.array((160, 130, 90)), disc(128), grey=True)
    assert (out[..., 0] == out[..., 1]).all()
    assert (out[..., 1] == out[..., 2]).all()
    assert 0.6 < sharpness_match(out, transform) < 1.3


@pytest.mark.parametrize("side", [115, 600])
def test_a_clean_photo_gets_none(side: int) -> None:
    photo = as_photo(shaded(side, side))
    transform = square_at(side, side / 2, side / 2)
    out = with_paint(photo, transform, square_of(photo, transform, 128), disc(128))
    assert np.abs(out.astype(int) - photo).max() <= 2


def test_paint_as_grainy_as_the_photo_gets_no_more() -> None:
    photo = with_grain(shaded(256, 256), 10, 0)
    transform = square_at(256, 127.5, 127.5)
    colour = with_grain(shaded(256, 256), 10, 0)[::-1, ::-1].astype(np.float32)
    colour += shaded(256, 256) - shaded(256, 256)[::-1, ::-1]
    out = with_paint(photo, transform, colour, disc(256))
    assert 0.7 < sharpness_match(out, transform) < 1.3


def test_hair_beside_smooth_skin_is_not_taken_for_grain() -> None:
    photo = as_photo(shaded(400, 400))
    photo[:, 330:][:, ::3] = 20
    transform = square_at(400, 200, 200)
    out = with_paint(photo, transform, square_of(photo, transform, 128), disc(128))
    laplacian = cv2.Laplacian(cv2.cvtColor(out, cv2.COLOR_RGB2GRAY).astype(np.float32), cv2.CV_32F)
    assert laplacian[in_photo(disc(128, 0.2), transform, out) == 1].std() < 2


@pytest.mark.parametrize("name", ["ben", "emil"])
def test_a_small_face_is_not_mottled(name: str) -> None:
    """What a clean small photo is too fine for its paint to show, stubble and hair, is no grain."""
    scene = composite.scene(name, 60, grain=False, edge=False)
    error = composite.ours(scene).astype(np.float32) - scene.photo
    colour = error - error.mean(axis=2, keepdims=True)
    mottles = cv2.GaussianBlur(colour, (0, 0), 1) - cv2.GaussianBlur(colour, (0, 0), 6)
    inside = cv2.erode((scene.matte > 0.99).astype(np.uint8), np.ones((5, 5))) == 1
    assert mottles[inside].std() < 1.2


def test_one_photo_and_one_edit_give_one_answer() -> None:
    photo = with_grain(shaded(300, 300), 8, 0)
    transform = square_at(280, 150, 150)
    once, again = (with_paint(photo, transform, np.array((140, 140, 140)), disc(128)) for _ in range(2))
    assert np.array_equal(once, again)
