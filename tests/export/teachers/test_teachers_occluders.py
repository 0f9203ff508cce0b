from collections.abc import Callable
from pathlib import Path

import heads
import numpy as np
import pytest

from mien_export.teachers import occluders
from mien_export.teachers.occluders import Masks, Occluder
from mien_service.faces.face import Mesh, RgbImage

EYE = 60
SEEDS = range(8)
NAMES = ("mask", "glasses", "hat", "hand", "scarf", "shape")

OVER = {"mask": (17, 61, 291), "hat": (10,), "scarf": (152,)}
"""Mesh points that something always lies over."""

CLEAR_OF = {"mask": (10, 151), "glasses": (10, 17, 61, 291, 152), "hat": (4, 17, 152), "scarf": (10, 151)}
"""Mesh points that it never reaches."""


@pytest.fixture
def masks(data: Path) -> Masks:
    heads.write_masks(data)
    return Masks()


@pytest.fixture
def occluder(masks: Masks) -> Callable[[str], Occluder]:
    return lambda name: masks.lay if name == "mask" else getattr(occluders, name)


@pytest.fixture
def picture(random: np.random.Generator) -> RgbImage:
    return random.integers(60, 200, (240, 250, 3)).astype(np.uint8)


@pytest.fixture
def mesh() -> Mesh:
    return heads.head(EYE, 125, 100)


def cover_at(cover: np.ndarray, mesh: Mesh, points: tuple[int, ...]) -> np.ndarray:
    places = np.rint(mesh[list(points), :2]).astype(int)
    return cover[places[:, 1], places[:, 0]]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_covered_is_not_touched(
    name: str, occluder: Callable[[str], Occluder], picture: RgbImage, mesh: Mesh
) -> None:
    before, shape_before = picture.copy(), mesh.copy()
    for seed in SEEDS:
        covered, cover = occluder(name)(picture, mesh, np.random.default_rng(seed))
        assert (covered.shape, covered.dtype) == (picture.shape, np.uint8)
        assert (cover.shape, cover.dtype) == (picture.shape[:2], np.float32)
        assert 0 <= cover.min() <= cover.max() <= 1
        assert 0 < (cover > 0.04).mean() < 0.8
        np.testing.assert_array_equal(covered[cover == 0], picture[cover == 0])
        assert (covered != picture)[cover > 0.04].any()
    np.testing.assert_array_equal(picture, before)
    np.testing.assert_array_equal(mesh, shape_before)


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_gives_one_picture_and_another_seed_another(
    name: str, occluder: Callable[[str], Occluder], picture: RgbImage, mesh: Mesh
) -> None:
    one, again, other = (occluder(name)(picture, mesh, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one[0], again[0])
    np.testing.assert_array_equal(one[1], again[1])
    assert (one[0] != other[0]).any()


@pytest.mark.parametrize("name", OVER)
@pytest.mark.parametrize("roll", [0, 40])
def test_a_cover_lies_over_its_part_of_the_face(
    name: str, roll: float, occluder: Callable[[str], Occluder], picture: RgbImage
) -> None:
    mesh = heads.head(EYE, 125, 100, heads.rotation(0, 0, roll))
    for seed in SEEDS:
        _, cover = occluder(name)(picture, mesh, np.random.default_rng(seed))
        assert cover_at(cover, mesh, OVER[name]).min() > 0.9


@pytest.mark.parametrize("name", CLEAR_OF)
@pytest.mark.parametrize("roll", [0, 40])
def test_a_cover_keeps_clear_of_the_rest(
    name: str, roll: float, occluder: Callable[[str], Occluder], picture: RgbImage
) -> None:
    mesh = heads.head(EYE, 125, 100, heads.rotation(0, 0, roll))
    for seed in SEEDS:
        _, cover = occluder(name)(picture, mesh, np.random.default_rng(seed))
        assert cover_at(cover, mesh, CLEAR_OF[name]).max() == 0


def test_glasses_darken_both_eyes_more_or_less(picture: RgbImage, mesh: Mesh) -> None:
    white = np.full_like(picture, 255)
    eyes = np.stack([(mesh[33] + mesh[133]) / 2, (mesh[263] + mesh[362]) / 2])
    found: list[float] = []
    for seed in range(20):
        worn, cover = occluders.glasses(white, mesh, np.random.default_rng(seed))
        shades = cover_at(cover, eyes, (0, 1))
        assert shades[0] == pytest.approx(shades[1], abs=0.01)
        assert cover_at(worn, eyes, (0, 1)).max() < 255
        found.append(float(shades[0]))
    assert min(found) < 0.2 < 0.8 < max(found), "clear ones and sunglasses"


def test_a_hand_reaches_the_face_in_its_own_colour(mesh: Mesh) -> None:
    skin = np.full((240, 250, 3), (200, 150, 120), np.uint8)
    inside = np.zeros((240, 250), bool)
    low, high = mesh[:, :2].min(axis=0).astype(int), mesh[:, :2].max(axis=0).astype(int)
    inside[low[1] : high[1], low[0] : high[0]] = True
    for seed in SEEDS:
        covered, cover = occluders.hand(skin, mesh, np.random.default_rng(seed))
        assert (cover[inside] > 0.9).any()
        shown = covered[cover > 0.99].astype(float)
        assert shown[:, 0].mean() > shown[:, 1].mean() > shown[:, 2].mean()


@pytest.mark.parametrize(("yaw", "side"), [(0, "front"), (-45, "left"), (45, "right")])
def test_a_mask_is_seen_from_the_side_that_the_face_shows(
    yaw: float, side: str, masks: Masks, picture: RgbImage
) -> None:
    mesh = heads.head(EYE, 125, 100, heads.rotation(yaw, 0, 0))
    laid = (masks.lay(picture, mesh, np.random.default_rng(seed))[0] for seed in range(12))
    colours = {tuple(int(channel) for channel in cover_at(worn, mesh, (17,))[0]) for worn in laid}
    assert colours & set(heads.MASK_COLOURS.values()) == {heads.MASK_COLOURS[side]}
    assert len(colours) > 3, "most masks are dyed"


@pytest.mark.parametrize("name", NAMES)
def test_a_face_may_reach_past_the_picture(name: str, occluder: Callable[[str], Occluder], picture: RgbImage) -> None:
    for x, y, eye in ((0, 0, 80), (249, 239, 80), (-60, 100, 50), (125, 100, 4), (125, 100, 400)):
        mesh = heads.head(eye, x, y)
        for seed in SEEDS:
            covered, cover = occluder(name)(picture, mesh, np.random.default_rng(seed))
            assert covered.shape == picture.shape
            np.testing.assert_array_equal(covered[cover == 0], picture[cover == 0])
