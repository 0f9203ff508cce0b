import cv2
import numpy as np
import people
import pytest

from mien_export.data.drawings import STEPS, cel_drawing, pencil_drawing
from mien_service.faces.face import RgbImage


@pytest.fixture(scope="module")
def photo() -> RgbImage:
    return people.small_person("farid", 256)


def lightness(picture: RgbImage) -> np.ndarray:
    return cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)[..., 0]


def test_a_cel_has_flat_tones_and_the_photos_own_colours(photo: RgbImage) -> None:
    drawn = cel_drawing(photo)
    assert drawn.shape == photo.shape
    face = np.s_[110:150, 100:156]
    before, after = (np.abs(cv2.Laplacian(lightness(one), cv2.CV_32F))[face] for one in (photo, drawn))
    assert np.percentile(after, 30) < 0.5 * np.percentile(before, 30)
    wanted, made = (cv2.GaussianBlur(one, (0, 0), 6).astype(int) for one in (photo, drawn))
    assert np.corrcoef(wanted.ravel(), made.ravel())[0, 1] > 0.9


def test_a_cels_shades_go_in_steps() -> None:
    ramp = np.repeat(np.linspace(20, 235, 256).astype(np.uint8)[None, :, None], 64, axis=0).repeat(3, axis=2)
    slope = np.gradient(cv2.GaussianBlur(lightness(cel_drawing(ramp))[32], (0, 0), 1).ravel())
    rising = slope > 2 * np.median(slope)
    starts = int((np.diff(rising.astype(int)) == 1).sum())
    assert STEPS - 2 <= starts <= STEPS + 1


def test_dark_outlines_are_drawn_where_the_photo_has_edges(photo: RgbImage) -> None:
    edges = cv2.Canny(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), 80, 200) > 0
    beside = cv2.dilate(edges.astype(np.uint8), np.ones((3, 3))) > 0
    darker = lightness(photo) - lightness(cel_drawing(photo))
    assert darker[beside].mean() > darker[~beside].mean() + 5


def test_pencils_leave_paper_and_take_strokes_from_the_drawing(photo: RgbImage) -> None:
    plain = np.full_like(photo, 220)
    hatched = plain.copy()
    hatched[::4] = 180
    drawn, with_strokes = pencil_drawing(photo, plain), pencil_drawing(photo, hatched)
    assert np.percentile(lightness(drawn), 10) > np.percentile(lightness(photo), 10) + 10
    rows = lightness(with_strokes).mean(axis=1) - lightness(drawn).mean(axis=1)
    assert rows[4:-4:4].mean() < rows[6:-4:4].mean() - 3


def test_dark_skin_stays_darker_than_pale(photo: RgbImage) -> None:
    darker = cv2.convertScaleAbs(photo, alpha=0.5)
    drawing = np.full_like(photo, 220)
    pale, dark = (lightness(pencil_drawing(one, drawing))[110:150, 100:156].mean() for one in (photo, darker))
    assert dark < pale - 8
