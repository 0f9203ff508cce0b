import cv2
import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from painted import in_photo, square_at

from mien_service.faces.sheet import TILE_HEIGHT, TILE_WIDTH, Box, sheet_over

PLACES, SIDES, TILTS = st.floats(-200, 800), st.floats(60, 1500), st.floats(-180, 180)


@settings(max_examples=60)
@example(seed=1, n=32, side=79.0, tilt=1.0, x=0.0, y=16.0)
@given(st.integers(0, 2**32 - 1), st.sampled_from([32, 64, 128]), SIDES, TILTS, PLACES, PLACES)
def test_tiles_cover_what_is_touched_once(seed: int, n: int, side: float, tilt: float, x: float, y: float) -> None:
    random = np.random.default_rng(seed)
    field = np.zeros((n, n), np.float32)
    for _ in range(3):
        top, left = random.integers(0, n - 4, 2)
        field[top : top + random.integers(1, n // 2), left : left + random.integers(1, n // 2)] = random.random()
    transform = square_at(side, x, y, tilt)
    sheet = sheet_over(field > 0, transform)
    assert sheet is not None
    resampled = sheet.resampled(field, cv2.INTER_LINEAR)
    used = resampled > 0
    covered = np.zeros((400, 600), int)
    for tile in sheet.tiles(used, 600, 400):
        width, height = tile.size
        assert 0 < width <= TILE_WIDTH
        assert 0 < height <= TILE_HEIGHT
        covered[tile.slices] += 1
    assert covered.max(initial=0) <= 1
    everywhere = sheet.at(resampled, Box(0, 0, 600, 400), np.empty((400, 600), np.float32))
    assert (covered[everywhere > 0] == 1).all(), "what the field changes is worked on"


@settings(max_examples=60)
@given(st.sampled_from([32, 64, 128, 256]), SIDES, TILTS)
def test_a_sheet_shows_a_field_where_the_square_does(n: int, side: float, tilt: float) -> None:
    rows, columns = np.mgrid[0:n, 0:n].astype(np.float32) / n
    field = 100 * columns + 50 * rows
    touched = np.zeros((n, n), bool)
    touched[n // 4 : n // 2, n // 3 : 2 * n // 3] = True
    transform = square_at(side, 300, 200, tilt)
    sheet = sheet_over(touched, transform)
    assert sheet is not None
    photo = np.zeros((400, 600, 3), np.uint8)
    inside = in_photo(touched.astype(np.float32), transform, photo) == 1
    wanted = in_photo(field, transform, photo)
    whole = np.zeros((400, 600), np.float32)
    for tile in sheet.tiles(np.ones(sheet.size[::-1], bool), 600, 400):
        whole[tile.slices] = sheet.at(sheet.resampled(field), tile)
    assert np.abs(whole - wanted)[inside].max(initial=0) < 0.6
