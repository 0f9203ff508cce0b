"""Regions of skin, their colour, and their blotches."""

import cv2
import numpy as np
import people
import pytest
from skimage.color import lab2rgb, rgb2lab

from mien_export.quality import blotches, skin_colour, skin_regions
from mien_export.quality.regions import Mask, face_oval
from mien_service.faces.align import AlignedFace
from mien_service.faces.face import RgbImage

SQUARE = (256, 256, 3)


@pytest.fixture(scope="module")
def skin(aligned: AlignedFace) -> Mask:
    return skin_regions.skin(aligned.landmarks, SQUARE)


def shifted(square: RgbImage, *change: float, where: np.ndarray | float = 1.0) -> RgbImage:
    """Return the picture with `change` added to L*, a*, b*, weighted by `where` (h, w)."""
    lab = rgb2lab(square) + np.multiply.outer(where, np.array(change))
    return np.rint(np.clip(lab2rgb(lab), 0, 1) * 255).astype(np.uint8)


def everywhere(picture: RgbImage) -> Mask:
    return np.ones(picture.shape[:2], np.bool_)


def test_skin_is_cheek_and_forehead_but_no_feature(aligned: AlignedFace, skin: Mask) -> None:
    points = aligned.landmarks
    features = [
        points[36:42].mean(axis=0),
        points[42:48].mean(axis=0),
        points[48:68].mean(axis=0),
        points[19],
        points[8],
    ]
    cheek, forehead = (points[2] + points[31]) / 2, 2 * points[27] - points[29]
    assert not any(skin[int(y), int(x)] for x, y in features)
    assert all(skin[int(y), int(x)] for x, y in (cheek, forehead))
    assert not (skin & ~face_oval(points, SQUARE)).any()


def test_cheeks_and_nose_are_skin_without_chin_and_forehead(aligned: AlignedFace, skin: Mask) -> None:
    part = skin_regions.cheeks_and_nose(aligned.landmarks, SQUARE)
    rows = np.nonzero(part)[0]
    assert not (part & ~skin).any()
    assert 0.25 < part.sum() / skin.sum() < 0.75
    assert aligned.landmarks[17:27, 1].mean() < rows.min()
    assert rows.max() < aligned.landmarks[8, 1]


@pytest.mark.parametrize(
    ("colour", "lab"), [((255, 255, 255), (100, 0, 0)), ((0, 0, 0), (0, 0, 0)), ((255, 0, 0), (53.24, 80.09, 67.20))]
)
def test_known_colours_have_their_lab(colour: tuple[int, int, int], lab: tuple[float, ...]) -> None:
    picture = np.full((4, 5, 3), colour, np.uint8)
    np.testing.assert_allclose(skin_colour.mean_colour(picture, everywhere(picture)), lab, atol=0.05)


def test_a_planted_shift_is_read_back(aligned: AlignedFace, skin: Mask) -> None:
    found = skin_colour.colour_shift(aligned.crop, shifted(aligned.crop, -6, 4, 2), skin)
    np.testing.assert_allclose(found, (-6, 4, 2), atol=0.6)


def test_only_the_region_is_read(aligned: AlignedFace, skin: Mask) -> None:
    changed = aligned.crop.copy()
    changed[~skin] = 0
    assert skin_colour.colour_difference(aligned.crop, changed, skin) == 0
    assert skin_colour.colour_difference(aligned.crop, changed, ~skin) > 10


def test_difference_of_greys_is_ciede2000s() -> None:
    grey, darker = np.full((4, 4, 3), 150, np.uint8), np.full((4, 4, 3), 120, np.uint8)
    lightness = [skin_colour.mean_colour(picture, everywhere(picture))[0] for picture in (grey, darker)]
    middle = (np.mean(lightness) - 50) ** 2
    expected = (lightness[0] - lightness[1]) / (1 + 0.015 * middle / np.sqrt(20 + middle))
    assert skin_colour.colour_difference(grey, darker, everywhere(grey)) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("colour", "angle", "tone"),
    [
        ((70.0, 10.0, 20.0), 45.0, "light"),
        ((80.0, 10.0, 15.0), 63.4, "very light"),
        ((60.0, 10.0, 17.3), 30.0, "intermediate"),
        ((55.0, 10.0, 20.0), 14.0, "tan"),
        ((50.0, 10.0, 20.0), 0.0, "brown"),
        ((30.0, 10.0, 15.0), -53.1, "dark"),
    ],
)
def test_typology_angles_and_their_bins(colour: tuple[float, ...], angle: float, tone: str) -> None:
    found = skin_colour.typology_angle(np.array(colour))
    assert found == pytest.approx(angle, abs=0.1)
    assert skin_colour.tone_of(found) == tone


def test_the_generated_people_are_sorted_from_light_to_dark() -> None:
    angles = [
        skin_colour.typology_angle(skin_colour.mean_colour(people.person(name), patch(people.person(name))))
        for name in ("gina", "farid")
    ]
    assert angles[0] > 45 > 41 > angles[1]


def patch(photo: RgbImage) -> Mask:
    """Return the middle of the face, between the eyes and the mouth."""
    mask = np.zeros(photo.shape[:2], np.bool_)
    mask[520:600, 400:620] = True
    return mask


def test_tone_means_are_held_against_the_pooled_mean() -> None:
    angles = np.array([60.0] * 60 + [-40.0] * 40 + [20.0] * 10)
    readings = np.array([5.0] * 60 + [8.0] * 40 + [3.0] * 10)
    light, tan, dark = skin_colour.tone_means(angles, readings)
    pooled = (5 * 60 + 8 * 40 + 3 * 10) / 110
    assert [one.tone for one in (light, tan, dark)] == ["very light", "tan", "dark"]
    assert dark.ratio == pytest.approx(8 / pooled)
    assert (light.n, light.counts, dark.n, dark.counts, tan.n, tan.counts) == (60, True, 40, True, 10, False)


def test_no_faces_have_no_tones() -> None:
    with pytest.raises(ValueError, match="no faces"):
        skin_colour.tone_means(np.zeros(0), np.zeros(0))


def discs(places: list[tuple[int, int]], radius: int) -> np.ndarray:
    """Return (256, 256) with a soft-edged disc of height 1 at each place."""
    field = np.zeros((256, 256), np.float64)
    for place in places:
        cv2.circle(field, place, radius, 1.0, -1)
    return np.asarray(cv2.GaussianBlur(field, (0, 0), 0.7))


GRID = [(x, y) for y in (90, 125, 160) for x in (70, 105, 140, 175)]
FLAT = np.full(SQUARE, (205, 160, 140), np.uint8)


@pytest.mark.parametrize("radius", [4, 6, 9])
@pytest.mark.parametrize("count", [1, 5, 12])
def test_planted_blotches_are_counted(count: int, radius: int) -> None:
    made = shifted(FLAT, 0, 8, 0, where=discs(GRID[:count], radius))
    assert blotches.blotch_count(made, everywhere(FLAT)) == count
    assert blotches.new_blotches(FLAT, made, everywhere(FLAT)) == count


def test_faint_patches_pale_ones_and_even_redness_are_no_blotches() -> None:
    spots = discs(GRID, 6)
    for change in (shifted(FLAT, 0, 3, 0, where=spots), shifted(FLAT, 0, -9, 0, where=spots), shifted(FLAT, 0, 8, 0)):
        assert blotches.blotch_count(change, everywhere(FLAT)) == 0


def test_what_is_not_skin_is_not_counted_and_does_not_leak(aligned: AlignedFace, skin: Mask) -> None:
    painted = aligned.crop.copy()
    painted[~skin] = (255, 0, 60)
    assert blotches.blotch_count(painted, skin) == blotches.blotch_count(aligned.crop, skin)
    assert blotches.new_blotches(aligned.crop, painted, skin) == 0


def test_new_blotches_are_counted_on_a_face_that_has_some(aligned: AlignedFace, skin: Mask) -> None:
    rows, columns = np.nonzero(cv2.erode(skin.astype(np.uint8), np.ones((19, 19))))
    places = [(int(columns[i]), int(rows[i])) for i in (0, len(rows) // 2, len(rows) - 1)]
    first = shifted(aligned.crop, 0, 9, 0, where=discs(places, 5))
    assert blotches.new_blotches(aligned.crop, first, skin) == len(places)
    assert blotches.new_blotches(first, first, skin) == 0
    assert blotches.new_blotches(first, shifted(first, -5, 6, 0), skin) == 0


def test_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="256"):
        blotches.blotch_count(np.zeros((128, 128, 3), np.uint8), np.ones((128, 128), np.bool_))
