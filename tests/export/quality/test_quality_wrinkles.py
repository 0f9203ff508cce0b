from collections.abc import Callable

import cv2
import numpy as np
import people
import pytest
from skimage.color import lab2rgb

from mien_export.quality.regions import Mask
from mien_export.quality.skin_regions import skin
from mien_export.quality.wrinkles import DIRECTIONS, WAVELENGTHS, LineMeter, new_lines, wrinkle_energy, wrinkle_map
from mien_service.faces.align import AlignedFace, align
from mien_service.faces.face import Face, RgbImage

BAR = 0.30


def grey(lightness: np.ndarray) -> RgbImage:
    """Return a grey picture of L* (256, 256)."""
    lab = np.stack([lightness, np.zeros_like(lightness), np.zeros_like(lightness)], axis=2)
    return np.rint(lab2rgb(lab) * 255).astype(np.uint8)


def stripes(wavelength: float, angle: float, height: float = 6.0) -> RgbImage:
    rows, columns = np.mgrid[0:256, 0:256]
    across = columns * np.cos(angle) + rows * np.sin(angle)
    return grey(60 + height * np.sin(2 * np.pi * across / wavelength))


def everywhere() -> Mask:
    return np.ones((256, 256), np.bool_)


def unsharp(square: RgbImage, sigma: float, amount: float) -> RgbImage:
    soft = cv2.GaussianBlur(square, (0, 0), sigma)
    return np.asarray(cv2.addWeighted(square, 1 + amount, soft, -amount, 0), np.uint8)


def wrinkled(square: RgbImage, area: Mask) -> RgbImage:
    """Return the picture with thirty short dark curves, each with a lit side, drawn on the area."""
    random = np.random.default_rng(1)
    height = np.zeros((256, 256), np.float64)
    rows, columns = np.nonzero(area)
    along = np.linspace(-1, 1, 24)
    for i in random.integers(0, len(rows), 30):
        length, bend, angle = random.uniform(10, 18), random.uniform(-4, 4), random.uniform(-0.4, 0.4)
        x = columns[i] + along * length * np.cos(angle)
        y = rows[i] + along * length * np.sin(angle) + bend * along**2
        curve = np.stack([x, y], axis=1).round().astype(np.int32)
        cv2.polylines(height, [curve], False, 1.0, 1, cv2.LINE_AA)
    groove = cv2.GaussianBlur(height, (0, 0), 1.0) * area
    shading = -30 * groove + 30 * cv2.Sobel(groove, cv2.CV_64F, 0, 1) / 4
    return np.clip(np.rint(square + shading[..., None]), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def person(face_of: Callable[[RgbImage], Face]) -> AlignedFace:
    photo = people.small_person("ben")
    return align(photo, face_of(photo))


@pytest.fixture(scope="module")
def area(person: AlignedFace) -> Mask:
    return skin(person.landmarks, person.crop.shape)


def test_a_flat_picture_has_no_wrinkles() -> None:
    assert wrinkle_energy(grey(np.full((256, 256), 60.0)), everywhere()) == pytest.approx(0, abs=1e-3)


def test_a_slope_of_light_is_no_wrinkle() -> None:
    assert wrinkle_energy(grey(np.mgrid[0:256, 0:256][1] / 4 + 20.0), everywhere()) < 0.05


@pytest.mark.parametrize("wavelength", WAVELENGTHS)
@pytest.mark.parametrize("direction", [0.5, 1, 3, 4.5, 6])
def test_lines_of_every_direction_answer_alike(direction: float, wavelength: float) -> None:
    upright = wrinkle_energy(stripes(wavelength, 0), everywhere())
    assert 6 / 3 < upright < 6 / 1.8
    turned = wrinkle_energy(stripes(wavelength, direction * np.pi / DIRECTIONS), everywhere())
    assert turned == pytest.approx(upright, rel=0.25)


def test_energy_is_proportional_to_depth() -> None:
    shallow, deep = (wrinkle_energy(stripes(6, 0, height), everywhere()) for height in (6, 18))
    assert deep / shallow == pytest.approx(3, rel=0.05)


def test_grain_answers_far_less_than_lines_of_its_contrast() -> None:
    noise = np.random.default_rng(0).normal(60, 6 / np.sqrt(2), (256, 256))
    assert wrinkle_energy(grey(noise), everywhere()) < 0.3 * wrinkle_energy(stripes(6, 0), everywhere())


def test_the_map_is_where_the_line_is() -> None:
    lightness = np.full((256, 256), 60.0)
    lightness[100:103, 60:200] -= 10
    found = wrinkle_map(grey(lightness))
    assert found.shape == (256, 256)
    assert found[101, 130] > 0.8 * found.max()
    assert found[101, 130] > 50 * found[160, 130]


@pytest.mark.parametrize(("sigma", "amount"), [(1, 1), (2, 1), (1.3, 2.1), (4, 1)])
def test_sharpening_raises_the_energy_but_adds_no_lines(
    person: AlignedFace, area: Mask, sigma: float, amount: float
) -> None:
    sharp = unsharp(person.crop, sigma, amount)
    assert wrinkle_energy(sharp, area) > 1.25 * wrinkle_energy(person.crop, area)
    assert new_lines(person.crop, sharp, area) < 0.05


def test_blur_and_grain_add_no_lines(person: AlignedFace, area: Mask) -> None:
    soft = np.asarray(cv2.GaussianBlur(person.crop, (0, 0), 1.2), np.uint8)
    grain = np.random.default_rng(0).normal(0, 3, person.crop.shape[:2])[..., None]
    noisy = np.clip(np.rint(person.crop + grain), 0, 255).astype(np.uint8)
    assert new_lines(person.crop, soft, area) < 0.08
    assert new_lines(person.crop, noisy, area) < 0.12


def test_planted_wrinkles_are_new_lines_with_or_without_sharpening(person: AlignedFace, area: Mask) -> None:
    made = wrinkled(person.crop, area)
    assert wrinkle_energy(made, area) > 1.6 * wrinkle_energy(person.crop, area)
    assert new_lines(person.crop, made, area) > BAR
    assert new_lines(person.crop, unsharp(made, 2, 1), area) > BAR


def test_wrinkles_elsewhere_do_not_count(person: AlignedFace, area: Mask) -> None:
    upper = area.copy()
    upper[130:] = False
    away = np.asarray(cv2.dilate(area.astype(np.uint8) - upper, np.ones((3, 3))), np.bool_)
    away[:160] = False
    assert new_lines(person.crop, wrinkled(person.crop, away), upper) < 0.02


def test_a_picture_is_all_explained_by_itself(person: AlignedFace, area: Mask) -> None:
    assert new_lines(person.crop, person.crop, area) == pytest.approx(0, abs=1e-6)
    flat = np.full((256, 256, 3), 90, np.uint8)
    assert new_lines(person.crop, flat, area) == pytest.approx(0, abs=1e-6)


def test_a_meter_reads_any_number_of_edits_as_the_functions_do(person: AlignedFace, area: Mask) -> None:
    meter = LineMeter(person.crop, area)
    assert meter.energy == pytest.approx(wrinkle_energy(person.crop, area))
    for made in (wrinkled(person.crop, area), unsharp(person.crop, 2, 1), person.crop):
        read = meter.read(made)
        assert read.energy == pytest.approx(wrinkle_energy(made, area))
        assert read.new == pytest.approx(new_lines(person.crop, made, area), abs=1e-6)


def test_another_size_is_refused(person: AlignedFace, area: Mask) -> None:
    with pytest.raises(ValueError, match="256"):
        wrinkle_energy(person.crop[:128, :128], area[:128, :128])
