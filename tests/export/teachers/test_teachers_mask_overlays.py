from pathlib import Path

import heads
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from mien_export.teachers import mask_overlays
from mien_export.teachers.mask_overlays import MaskOverlays, anchors_on
from mien_service.faces.face import Mesh, RgbImage

EYE = 60
MESH = heads.head(EYE, 125, 100)
SEEDS = st.integers(0, 2**31 - 1)


@pytest.fixture
def overlays(data: Path, monkeypatch: pytest.MonkeyPatch) -> MaskOverlays:
    """Masks only, of their templates' own cut."""
    heads.write_masks(data)
    monkeypatch.setattr(mask_overlays, "SCARF_SHARE", 0.0)
    monkeypatch.setattr(mask_overlays, "WIDE_SHARE", 0.0)
    return MaskOverlays()


@pytest.fixture
def picture(random: np.random.Generator) -> RgbImage:
    return random.integers(60, 200, (240, 250, 3)).astype(np.uint8)


def at(image: np.ndarray, mesh: Mesh, *points: int) -> np.ndarray:
    places = np.rint(mesh[list(points), :2]).astype(int)
    return image[places[:, 1], places[:, 0]]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SEEDS)
def test_a_mask_is_worn_over_the_lower_face(overlays: MaskOverlays, seed: int) -> None:
    picture = np.full((240, 250, 3), 150, np.uint8)
    worn = overlays.wear(picture, MESH, np.random.default_rng(seed))
    assert (worn.pixels.shape, worn.pixels.dtype) == (picture.shape, np.uint8)
    assert (worn.cover.shape, worn.cover.dtype) == (picture.shape[:2], np.float32)
    assert 0 <= worn.cover.min() <= worn.cover.max() <= 1
    assert at(worn.cover, MESH, 10, 151).max() == 0, "the forehead shows"
    assert at(worn.cover, MESH, 17)[0] > 0.9 or at(worn.cover, MESH, 152)[0] > 0.5, "mouth or chin does not"


def test_most_masks_cover_mouth_and_nose_and_some_only_the_mouth(overlays: MaskOverlays, picture: RgbImage) -> None:
    covers = [overlays.wear(picture, MESH, np.random.default_rng(seed)).cover for seed in range(60)]
    mouth, nose = (np.mean([at(cover, MESH, point)[0] > 0.5 for cover in covers]) for point in (17, 4))
    assert mouth > 0.9
    assert 0.6 < nose < mouth


def test_a_seed_gives_one_mask(overlays: MaskOverlays, picture: RgbImage) -> None:
    one, again, other = (overlays.wear(picture, MESH, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.pixels, again.pixels)
    np.testing.assert_array_equal(one.cover, again.cover)
    assert (one.cover != other.cover).any()


def test_far_from_the_mask_nothing_changes_and_beside_it_lies_a_shadow(overlays: MaskOverlays) -> None:
    plain = np.full((240, 250, 3), 180, np.uint8)
    darker = 0
    for seed in range(12):
        worn = overlays.wear(plain, MESH, np.random.default_rng(seed))
        assert (worn.pixels[:40] == plain[:40]).all()
        beside = worn.pixels[worn.cover == 0]
        assert beside.max() == 180
        darker += beside.min() < 170
    assert darker >= 10


def test_in_a_dark_photo_a_mask_is_dark(overlays: MaskOverlays) -> None:
    light, dark = (np.full((240, 250, 3), level, np.uint8) for level in (190, 40))
    for seed in range(6):
        shown = [overlays.wear(photo, MESH, np.random.default_rng(seed)) for photo in (light, dark)]
        levels = [worn.pixels[worn.cover > 0.95].mean() for worn in shown]
        assert levels[1] < 0.9 * levels[0]


def test_a_lamp_at_one_side_lights_that_side_of_the_mask(overlays: MaskOverlays) -> None:
    def gain(photo: RgbImage, seed: int) -> float:
        worn = overlays.wear(photo, MESH, np.random.default_rng(seed))
        solid = worn.cover > 0.95
        left, right = (worn.pixels[:, side][solid[:, side]].mean() for side in (slice(0, 125), slice(125, 250)))
        return float(right / left)

    slope = np.linspace(60, 220, 250)[None, :, None]
    even, lit = (np.broadcast_to(level, (240, 250, 3)).astype(np.uint8) for level in (np.float64(140), slope))
    assert np.mean([gain(lit, seed) / gain(even, seed) for seed in range(20)]) > 1.05


def test_straps_lead_to_the_ears(overlays: MaskOverlays, picture: RgbImage, monkeypatch: pytest.MonkeyPatch) -> None:
    reach: dict[float, float] = {}
    for share in (0.0, 1.0):
        monkeypatch.setattr(mask_overlays, "STRAP_SHARE", share)
        covers = [overlays.wear(picture, MESH, np.random.default_rng(seed)).cover for seed in range(8)]
        widths = [np.ptp(np.flatnonzero((cover > 0.3).any(axis=0))) for cover in covers]
        reach[share] = float(np.mean(widths))
    assert reach[1.0] > reach[0.0] + 2


@settings(max_examples=50)
@given(SEEDS, st.floats(-40, 40))
def test_the_top_of_a_mask_lies_above_its_bottom_on_the_face(seed: int, roll: float) -> None:
    mesh = heads.head(EYE, 125, 100, heads.rotation(0, 0, roll))
    target = anchors_on(mesh, np.random.default_rng(seed))
    down = mesh[152, :2] - mesh[10, :2]
    assert target.shape == (6, 2)
    assert ((target[3:].mean(axis=0) - target[:3].mean(axis=0)) @ down) > 0


def test_a_face_may_reach_past_the_picture(overlays: MaskOverlays, picture: RgbImage) -> None:
    for x, y, eye in ((0, 0, 80), (249, 239, 80), (-60, 100, 50), (125, 100, 4), (125, 100, 400)):
        for seed in range(8):
            worn = overlays.wear(picture, heads.head(eye, x, y), np.random.default_rng(seed))
            assert worn.pixels.shape == picture.shape
            assert np.isfinite(worn.cover).all()


def test_wide_cloth_reaches_further_down(
    overlays: MaskOverlays, picture: RgbImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lowest() -> float:
        covers = [overlays.wear(picture, MESH, np.random.default_rng(seed)).cover for seed in range(12)]
        return float(np.mean([np.argwhere(cover > 0.5)[:, 0].max() for cover in covers]))

    narrow = lowest()
    monkeypatch.setattr(mask_overlays, "WIDE_SHARE", 1.0)
    assert lowest() > narrow + EYE / 10


def test_a_scarf_is_a_mask_where_it_hides_the_mouth(
    overlays: MaskOverlays, picture: RgbImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mask_overlays, "SCARF_SHARE", 1.0)
    worn = [overlays.wear(picture, MESH, np.random.default_rng(seed)) for seed in range(30)]
    hidden = [(at(one.cover, MESH, 61, 291) > 0.5).all() for one in worn]
    assert 3 < sum(hidden) < 27
    for one, over_mouth in zip(worn, hidden, strict=True):
        assert (one.pixels != picture).any()
        assert (one.cover.max() > 0.5) == over_mouth
        if over_mouth:
            np.testing.assert_array_equal(one.pixels[one.cover == 0], picture[one.cover == 0])
