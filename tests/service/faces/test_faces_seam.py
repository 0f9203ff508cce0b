import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from painted import as_photo, disc, in_photo, shaded, square_at, square_of, with_paint

ERRORS = st.tuples(*[st.floats(-30, 30)] * 3)
SIDES = st.floats(100, 500)


def error_within(out: np.ndarray, wanted: np.ndarray, inside: np.ndarray) -> float:
    return float(np.abs(out[inside].astype(float) - wanted[inside]).mean())


@settings(max_examples=25)
@given(ERRORS, SIDES, st.floats(-180, 180), st.sampled_from([64, 128, 256]))
def test_paint_in_the_wrong_colour_comes_out_in_the_photos(
    error: tuple[float, float, float], side: float, tilt: float, n: int
) -> None:
    photo = as_photo(shaded(400, 500))
    transform = square_at(side, 250, 200, tilt)
    out = with_paint(photo, transform, square_of(photo, transform, n) + error, disc(n))
    inside = in_photo(disc(n), transform, photo) > 0
    assert error_within(out, photo, inside) < 3


def test_an_error_that_slopes_is_followed_all_along_the_edge() -> None:
    photo = as_photo(shaded(400, 400))
    transform = square_at(380, 200, 200)
    slope = np.linspace(-40, 40, 128)[None, :, None]
    out = with_paint(photo, transform, square_of(photo, transform, 128) + slope, disc(128))
    inside = in_photo(disc(128), transform, photo) > 0
    # The best single colour would leave half of +-20 grey levels, about 10 in the mean.
    assert error_within(out, photo, inside) < 3


@pytest.mark.parametrize("colour", [(245, 240, 225), (20, 15, 12)])
def test_paint_unlike_what_it_borders_on_keeps_its_colour(colour: tuple[int, int, int]) -> None:
    photo = np.full((300, 300, 3), (150, 110, 120), np.uint8)
    transform = square_at(280, 150, 150)
    out = with_paint(photo, transform, np.array(colour), disc(128, 0.1))
    deep = in_photo(disc(128, 0.08), transform, photo) == 1
    assert (out[deep] == colour).all()


def test_a_collar_has_no_say_in_the_colour_of_skin() -> None:
    photo = np.full((400, 400, 3), (180, 140, 120), np.uint8)
    photo[260:] = (20, 20, 40)
    transform = square_at(390, 200, 200)
    out = with_paint(photo, transform, np.array((195, 150, 110)), disc(128))
    deep = in_photo(disc(128, 0.24), transform, photo) == 1
    deep[200:] = False
    assert np.abs(out[deep].astype(float) - (180, 140, 120)).max() <= 5
    low = in_photo(disc(128, 0.24), transform, photo) == 1
    low[:280] = False
    assert out[low].min(axis=0)[0] > 170, "no dark collar is carried up into the skin"


def test_what_the_paint_holds_outside_its_matte_does_not_show() -> None:
    photo = np.full((500, 500, 3), (180, 140, 120), np.uint8)
    transform = square_at(490, 250, 250)
    matte = (disc(64) > 0.5).astype(np.float32)
    colour = np.where(matte[..., None] > 0, np.array((180, 140, 120)), 0)
    out = with_paint(photo, transform, colour, matte)
    assert np.abs(out.astype(int) - photo).max() <= 3


@pytest.mark.parametrize("place", [(0, 200), (499, 200), (250, 0), (0, 0)])
def test_paint_that_the_photos_edge_cuts_is_matched_by_what_is_left(place: tuple[int, int]) -> None:
    photo = as_photo(shaded(400, 500))
    transform = square_at(300, *place)
    out = with_paint(photo, transform, square_of(photo, transform, 128) + np.array((18, -12, 9)), disc(128))
    inside = in_photo(disc(128), transform, photo) > 0
    inside &= (np.indices(inside.shape).min(axis=0) > 2) & (np.indices(inside.shape)[1] < 497)
    assert inside.sum() > 2000
    assert error_within(out, photo, inside) < 4


def test_paint_over_the_whole_photo_has_nothing_to_be_matched_to() -> None:
    photo = np.full((100, 100, 3), 120, np.uint8)
    out = with_paint(photo, square_at(400, 50, 50), np.array((130, 110, 100)), disc(128, 0.4))
    assert (out == (130, 110, 100)).all()


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.floats(60, 400), st.floats(-180, 180), st.floats(-50, 350), st.floats(-50, 350))
def test_pixels_that_no_matte_reaches_are_the_photos(seed: int, side: float, tilt: float, x: float, y: float) -> None:
    random = np.random.default_rng(seed)
    photo = random.integers(0, 256, (300, 300, 3)).astype(np.uint8)
    transform = square_at(side, x, y, tilt)
    out = with_paint(photo, transform, random.uniform(0, 255, (64, 64, 3)), disc(64))
    # Enlarging by cubic interpolation reaches two of the field's pixels beyond.
    reached = in_photo(disc(64, 0.25 + 4 / 64), transform, photo) > 0
    assert np.array_equal(out[~reached], photo[~reached])
