from dataclasses import replace

import cv2
import numpy as np
import pytest
from face_points import TILTS, face_at
from hypothesis import given, settings
from hypothesis import strategies as st

from mien_service.faces.align import CROP_SIZE, Affine, apply, at_resolution, crop_transform, invert, scale_of
from mien_service.faces.composite import INVENTED_FROM, apply_edit, apply_layer, invented, without_colour
from mien_service.faces.edit import Edit, Layer, no_edit

SIZES = st.sampled_from([32, 64, 128, 256])
SEEDS = st.integers(0, 2**32 - 1)
PLACES = st.floats(-400, 900)
FACES = st.floats(60, 500)


def photo_of(random: np.random.Generator, height: int = 300, width: int = 400) -> np.ndarray:
    coarse = random.integers(0, 256, (height // 8 + 2, width // 8 + 2, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def fields(random: np.random.Generator, n: int, *, everything: bool = True) -> Edit:
    """Return random fields with alpha in a random rectangle."""
    alpha = np.zeros((n, n), np.float32)
    top, left = random.integers(0, n - 8, 2)
    alpha[top : top + n // 2, left : left + n // 2] = random.random()
    residual = random.normal(0, 80, (n, n, 3)).astype(np.float32)
    flow = random.normal(0, 2, (n, n, 2)).astype(np.float32)
    paint = np.concatenate([random.uniform(0, 255, (n, n, 3)), random.random((n, n, 1))], axis=2).astype(np.float32)
    return Edit(residual, alpha, flow, paint) if everything else Edit(residual, alpha, flow)


def disc(n: int, x: float, y: float, radius: float) -> np.ndarray:
    """Return alpha 1 within a disc, falling softly to 0 within two pixels."""
    rows, columns = np.mgrid[0:n, 0:n]
    return np.clip((radius - np.hypot(columns - x, rows - y)) / 2 + 0.5, 0, 1).astype(np.float32)


@given(SEEDS, SIZES, FACES, TILTS, PLACES, PLACES)
def test_strength_zero_changes_nothing(seed: int, n: int, width: float, tilt: float, x: float, y: float) -> None:
    random = np.random.default_rng(seed)
    photo = photo_of(random)
    transform = crop_transform(face_at(width, tilt, x, y))
    assert np.array_equal(apply_edit(photo, transform, fields(random, n).scaled(0)), photo)


@given(SEEDS, SIZES, FACES, TILTS, PLACES, PLACES)
def test_an_edit_anywhere_keeps_the_photos_shape(
    seed: int, n: int, width: float, tilt: float, x: float, y: float
) -> None:
    random = np.random.default_rng(seed)
    photo = photo_of(random)
    before = photo.copy()
    out = apply_edit(photo, crop_transform(face_at(width, tilt, x, y)), fields(random, n))
    assert out.shape == photo.shape
    assert out.dtype == np.uint8
    assert np.array_equal(photo, before), "the photo itself is never written to"


@given(SEEDS, SIZES, FACES, TILTS, PLACES, PLACES)
def test_what_is_said_to_be_painted_is_all_that_paint_changes(
    seed: int, n: int, width: float, tilt: float, x: float, y: float
) -> None:
    random = np.random.default_rng(seed)
    photo, transform = photo_of(random), crop_transform(face_at(width, tilt, x, y))
    matte = np.zeros((n, n, 1), np.float32)
    top, left = random.integers(0, n - 8, 2)
    matte[top : top + n // 3, left : left + n // 3] = 1
    paint = np.concatenate([random.uniform(0, 255, (n, n, 3)).astype(np.float32), matte], axis=2)
    nothing = np.zeros((n, n), np.float32)
    edit = Edit(np.zeros((n, n, 3), np.float32), nothing, None, paint)
    touched = invented(photo.shape[:2], transform, edit)
    changed = (apply_edit(photo, transform, edit) != photo).any(axis=2)
    assert not (changed & ~touched).any()


def with_twin(n: int, flow: tuple[float, float], matte: float) -> Edit:
    """Return an edit that does nothing but fetch the middle of the square from elsewhere."""
    twin = np.zeros((n, n, 3), np.float32)
    twin[..., :2] = flow
    twin[n // 4 : -n // 4, n // 4 : -n // 4, 2] = matte
    return Edit(np.zeros((n, n, 3), np.float32), np.ones((n, n), np.float32), twin=twin)


@given(SEEDS, FACES, TILTS, PLACES, PLACES, st.floats(-20, 20), st.floats(-20, 20))
def test_a_twin_fetches_what_a_flow_would(
    seed: int, width: float, tilt: float, x: float, y: float, right: float, down: float
) -> None:
    photo, transform = photo_of(np.random.default_rng(seed)), crop_transform(face_at(width, tilt, x, y))
    twin = with_twin(32, (right, down), 1.0)
    flow = Edit(twin.residual, twin.alpha, np.full((32, 32, 2), (right, down), np.float32))
    fetched, moved = (apply_edit(photo, transform, edit) for edit in (twin, flow))
    inner = np.array([[100, 100], [155, 100], [155, 155], [100, 155]], np.float32)
    corners = apply(invert(transform), inner)
    mask = cv2.fillConvexPoly(np.zeros(photo.shape[:2], np.uint8), np.rint(corners).astype(np.int32), 1) > 0
    np.testing.assert_allclose(fetched[mask].astype(int), moved[mask].astype(int), atol=2)


@given(SEEDS, FACES, TILTS, PLACES, PLACES)
def test_what_a_twin_changes_is_said_to_be_invented(seed: int, width: float, tilt: float, x: float, y: float) -> None:
    photo, transform = photo_of(np.random.default_rng(seed)), crop_transform(face_at(width, tilt, x, y))
    edit = with_twin(32, (5.0, -3.0), 1.0)
    # Of black and white a share of the twin can be read: from INVENTED_FROM on it is to be told.
    step = np.where(photo[..., :1] < 128, 0, 255).astype(np.uint8).repeat(3, axis=2)
    changed = np.abs(apply_edit(step, transform, edit).astype(int) - step).max(axis=2) > 255 * INVENTED_FROM + 2
    assert not (changed & ~invented(photo.shape[:2], transform, edit)).any()
    nothing = with_twin(32, (5.0, -3.0), 0.0)
    assert np.array_equal(apply_edit(photo, transform, nothing), photo)
    faint = with_twin(32, (5.0, -3.0), INVENTED_FROM / 2)
    for unseen in (nothing, faint):
        assert not invented(photo.shape[:2], transform, unseen).any()


def test_an_edit_without_paint_paints_nothing() -> None:
    edit = Edit(np.ones((32, 32, 3), np.float32), np.ones((32, 32), np.float32))
    assert not invented((60, 80), crop_transform(face_at(40, 0, 40, 30)), edit).any()


def moved_by_half(photo: np.ndarray) -> np.ndarray:
    """Return a photo, all of whose middle is the face's square, moved by half a pixel."""
    side = photo.shape[0]
    whole = np.array([[CROP_SIZE / side, 0, 0], [0, CROP_SIZE / side, 0]])
    still = np.zeros((side, side, 3), np.float32)
    return apply_edit(
        photo, whole, Edit(still, np.ones((side, side), np.float32), np.full((side, side, 2), 0.5, np.float32))
    )


@pytest.mark.parametrize(("side", "kept"), [(160, 0.45), (320, 0.25)])
def test_detail_a_pixel_wide_survives_a_move_best_in_small_pictures(side: int, kept: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3)).astype(np.uint8)
    middle = slice(side // 4, -side // 4)
    sharpness = [cv2.Laplacian(one, cv2.CV_32F)[middle, middle].var() for one in (noise, moved_by_half(noise))]
    found = sharpness[1] / sharpness[0]
    assert found == pytest.approx(kept, abs=0.05)


@given(SEEDS, SIZES, FACES, TILTS, st.floats(0, 400), st.floats(0, 300))
def test_pixels_outside_alpha_are_the_photos(seed: int, n: int, width: float, tilt: float, x: float, y: float) -> None:
    random = np.random.default_rng(seed)
    photo = photo_of(random)
    transform = crop_transform(face_at(width, tilt, x, y))
    edit = fields(random, n, everything=False)
    changed = (apply_edit(photo, transform, edit) != photo).any(axis=2)
    # Enlarging by cubic interpolation reaches two of the field's pixels beyond.
    reach = cv2.dilate((edit.alpha > 0).astype(np.uint8), np.ones((7, 7), np.uint8))
    assert not (changed & ~seen_in(photo, transform, reach)).any()


def seen_in(photo: np.ndarray, transform: Affine, mask: np.ndarray) -> np.ndarray:
    """Return where in the photo the square's mask lies, by going through every pixel."""
    height, width = photo.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width]
    points = np.stack([columns.ravel(), rows.ravel()], axis=1).astype(np.float32)
    places = np.rint(apply(at_resolution(transform, len(mask)), points)).astype(int)
    inside = ((places >= 0) & (places < len(mask))).all(axis=1)
    out = np.zeros(len(points), bool)
    out[inside] = mask[places[inside, 1], places[inside, 0]] > 0
    return out.reshape(height, width)


@pytest.mark.parametrize("n", [64, 128, 256, 512])
@pytest.mark.parametrize(("width", "tilt"), [(60, 0), (150, 20), (300, -75), (700, 180)])
def test_a_colour_lands_where_it_should(n: int, width: float, tilt: float) -> None:
    side = int(2.5 * width)
    photo = np.full((side, side, 3), 100, np.uint8)
    transform = crop_transform(face_at(width, tilt, side / 2, side / 2))
    x, y, radius = 0.4 * n, 0.62 * n, 0.15 * n
    residual = np.zeros((n, n, 3), np.float32)
    residual[..., 0] = 60
    out = apply_edit(photo, transform, Edit(residual, disc(n, x, y, radius)))
    assert (out[..., 1:] == 100).all()
    change = out[..., 0].astype(np.float64) - 100
    assert change.max() == 60
    rows, columns = np.mgrid[0:side, 0:side]
    seen = np.array([(columns * change).sum(), (rows * change).sum()]) / change.sum()
    to_square = at_resolution(transform, n)
    (wanted,) = apply(invert(to_square), np.array([[x, y]], np.float32))
    assert np.abs(seen - wanted).max() < 0.5
    area = np.pi * (radius / scale_of(to_square)) ** 2
    assert change.sum() / 60 == pytest.approx(area, rel=0.08)


@pytest.mark.parametrize("n", [64, 128, 256, 512])
@pytest.mark.parametrize("tilt", [0, 15, -60, 90, 170])
@pytest.mark.parametrize("shift", [(4, 0), (0, -5), (3, 7)])
def test_a_constant_flow_moves_the_picture_by_it(n: int, tilt: float, shift: tuple[int, int]) -> None:
    photo = photo_of(np.random.default_rng(n), 500, 500)
    transform = crop_transform(face_at(200, tilt, 250, 250))
    in_square = transform[:, :2] @ np.array(shift) * n / CROP_SIZE
    flow = np.broadcast_to(in_square.astype(np.float32), (n, n, 2)).copy()
    alpha = disc(n, n / 2, n / 2, 0.4 * n)
    out = apply_edit(photo, transform, Edit(np.zeros((n, n, 3), np.float32), alpha, flow))
    whole = seen_in(photo, transform, (disc(n, n / 2, n / 2, 0.33 * n) == 1).astype(np.uint8))
    moved = np.roll(photo, (-shift[1], -shift[0]), axis=(0, 1))
    assert whole.sum() > 5000
    difference = np.abs(out[whole].astype(int) - moved[whole])
    assert difference.max() <= 3
    assert difference.mean() < 0.3


def test_flow_reaches_over_the_windows_edge_and_repeats_the_photos() -> None:
    photo = np.zeros((300, 300, 3), np.uint8)
    photo[:, 0] = 200
    transform = crop_transform(face_at(200, 0, 20, 150))
    flow = np.zeros((64, 64, 2), np.float32)
    flow[..., 0] = -20
    alpha = np.ones((64, 64), np.float32)
    out = apply_edit(photo, transform, Edit(np.zeros((64, 64, 3), np.float32), alpha, flow))
    assert (out[140:160, :20] == 200).all()


def test_residuals_are_held_within_black_and_white() -> None:
    photo = np.full((300, 300, 3), 128, np.uint8)
    transform = crop_transform(face_at(150, 0, 150, 150))
    alpha = np.ones((64, 64), np.float32)
    for sign, wanted in ((1, 255), (-1, 0)):
        residual = np.full((64, 64, 3), 10_000.0 * sign, np.float32)
        assert (apply_edit(photo, transform, Edit(residual, alpha))[140:160, 140:160] == wanted).all()


def test_a_grey_photo_stays_grey() -> None:
    random = np.random.default_rng(4)
    photo = np.repeat(photo_of(random)[..., :1], 3, axis=2)
    out = apply_edit(photo, crop_transform(face_at(150, 10, 200, 150)), fields(random, 64, everything=False), grey=True)
    assert not np.array_equal(out, photo)
    assert (out[..., 0] == out[..., 1]).all()
    assert (out[..., 1] == out[..., 2]).all()


def smooth(random: np.random.Generator, channels: int, low: float, high: float) -> np.ndarray:
    coarse = random.uniform(low, high, (5, 5, channels)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (128, 128), interpolation=cv2.INTER_CUBIC), np.float32).reshape(128, 128, -1)


def smooth_edit(random: np.random.Generator) -> Edit:
    alpha = np.clip(smooth(random, 1, -0.3, 1.2)[..., 0], 0, 1)
    paint = np.dstack([smooth(random, 3, 60, 200), np.clip(smooth(random, 1, -1.5, 1), 0, 1)])
    return Edit(smooth(random, 3, -15, 15), alpha, smooth(random, 2, -1.5, 1.5), paint, match_paint=False)


@settings(max_examples=20)
@given(SEEDS)
def test_two_edits_in_one_are_one_after_the_other(seed: int) -> None:
    random = np.random.default_rng(seed)
    coarse = random.integers(40, 216, (8, 8, 3)).astype(np.uint8)
    photo = np.asarray(cv2.resize(coarse, (256, 256), interpolation=cv2.INTER_CUBIC), np.uint8)
    whole = np.eye(2, 3)
    one, other = smooth_edit(random), smooth_edit(random)
    wanted = apply_edit(apply_edit(photo, whole, one), whole, other).astype(np.float64)
    together = apply_edit(photo, whole, one.then(other)).astype(np.float64)
    assert np.abs(together - wanted).mean() < 0.15 * np.abs(wanted - photo).mean()


@pytest.mark.parametrize("painted", [False, True])
def test_nothing_before_or_after_an_edit_leaves_it_as_it_is(painted: bool) -> None:
    random = np.random.default_rng(0)
    photo, whole, edit = photo_of(random, 256, 256), np.eye(2, 3), smooth_edit(random)
    edit = edit if painted else replace(edit, paint=None, flow=None)
    wanted = apply_edit(photo, whole, edit)
    assert (wanted != photo).any()
    for both in (no_edit(128).then(edit), edit.then(no_edit(128))):
        assert (both.paint is None, both.flow is None) == (not painted, not painted)
        assert np.abs(apply_edit(photo, whole, both).astype(int) - wanted).max() <= 1
    np.testing.assert_array_equal(apply_edit(photo, whole, no_edit(128).then(no_edit(128))), photo)


def test_paint_is_laid_over_as_it_is_where_it_needs_no_matching() -> None:
    random = np.random.default_rng(0)
    photo = np.clip(random.normal(120, 12, (200, 200, 3)), 0, 255).astype(np.uint8)
    transform = crop_transform(face_at(150, 0, 25, 25))
    nothing = np.zeros((64, 64), np.float32)
    paint = np.full((64, 64, 4), 140, np.float32)
    paint[..., 3] = disc(64, 32, 32, 14)
    edit = Edit(np.zeros((64, 64, 3), np.float32), nothing, None, paint)
    covered = invented(photo.shape[:2], transform, edit)
    solid = cv2.erode(covered.astype(np.uint8), np.ones((25, 25), np.uint8)) > 0
    plain = apply_edit(photo, transform, replace(edit, match_paint=False))
    matched = apply_edit(photo, transform, edit)
    assert solid.sum() > 100
    assert (plain[solid] == 140).all()
    assert np.abs(matched[solid].astype(int) - 140).mean() > 3, "colour and grain of what lies around"
    np.testing.assert_array_equal(plain[~covered], photo[~covered])


def test_paint_covers_what_was_there() -> None:
    photo = np.full((300, 300, 3), 50, np.uint8)
    transform = crop_transform(face_at(150, 0, 150, 150))
    nothing = np.zeros((64, 64), np.float32)
    paint = np.zeros((64, 64, 4), np.float32)
    paint[..., :3] = (250, 10, 90)
    paint[..., 3] = disc(64, 32, 32, 10)
    out = apply_edit(photo, transform, Edit(np.zeros((64, 64, 3), np.float32), nothing, None, paint))
    (middle,) = np.rint(apply(invert(at_resolution(transform, 64)), np.array([[32, 32]], np.float32))).astype(int)
    assert out[middle[1], middle[0]].tolist() == [250, 10, 90]
    assert (out[:10] == 50).all()


def test_an_edit_that_touches_nothing_returns_the_photo() -> None:
    photo = photo_of(np.random.default_rng(1))
    faint = Edit(np.full((64, 64, 3), 99, np.float32), np.full((64, 64), 0.029, np.float32))
    assert np.array_equal(apply_edit(photo, crop_transform(face_at(150, 0, 200, 150)), faint), photo)


@settings(max_examples=60)
@given(st.integers(-60, 60), st.integers(-60, 60), st.integers(1, 50), st.integers(1, 50))
def test_a_layer_is_cut_off_at_the_photos_edge(left: int, top: int, width: int, height: int) -> None:
    photo = np.full((40, 40, 3), 9, np.uint8)
    pixels = np.full((height, width, 4), 255, np.uint8)
    out = apply_layer(photo, Layer(pixels, left, top))
    wanted = photo.copy()
    wanted[max(top, 0) : max(top + height, 0), max(left, 0) : max(left + width, 0)] = 255
    assert np.array_equal(out, wanted)


def test_a_layer_is_blended_by_its_alpha() -> None:
    photo = np.full((10, 10, 3), 100, np.uint8)
    pixels = np.zeros((2, 2, 4), np.uint8)
    pixels[0, 0] = (200, 200, 200, 51)
    out = apply_layer(photo, Layer(pixels, 3, 3))
    assert out[3, 3].tolist() == [120, 120, 120]
    assert (np.delete(out.reshape(-1, 3), 33, axis=0) == 100).all()


@given(SEEDS, st.floats(-3, 3))
def test_scaling_scales_every_field(seed: int, strength: float) -> None:
    edit = fields(np.random.default_rng(seed), 32)
    scaled = edit.scaled(strength)
    assert np.allclose(scaled.residual, edit.residual * strength, atol=1e-3)
    assert scaled.flow is not None
    assert edit.flow is not None
    assert np.allclose(scaled.flow, edit.flow * strength, atol=1e-4)
    assert np.array_equal(scaled.alpha, edit.alpha)
    assert scaled.paint is not None
    assert scaled.paint[..., 3].min() >= 0
    assert scaled.paint[..., 3].max() <= 1


def test_without_colour_each_channel_is_the_mean_and_grey_stays_what_it_is() -> None:
    grey = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    np.testing.assert_array_equal(without_colour(grey), grey)
    np.testing.assert_array_equal(without_colour(np.array([[[200, 40, 60]]], np.uint8)), [[[100, 100, 100]]])
