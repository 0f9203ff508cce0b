import cv2
import numpy as np
import pytest
from canvases import aligned, at, canvas, mesh_of, model

from mien_service.faces.skin.areas import areas_of, to_lab
from mien_service.faces.skin.surface import surface_of

ALL_BARE = np.ones((256, 256), np.float32)
CHEEKS, EYES, LIPS = [205, 425, 50, 280], [159, 386, 145, 374], [0, 17, 37, 267]


@pytest.mark.parametrize("name", ["anna", "ben", "carla", "farid", "gina"])
def test_cheeks_are_skin_and_eyes_lips_and_background_are_not(name: str) -> None:
    areas = canvas(name).areas
    assert np.median(at(areas.skin, mesh_of(name)[CHEEKS])) > 0.7
    assert at(areas.skin, mesh_of(name)[EYES]).max() < 0.2
    assert at(areas.skin, mesh_of(name)[LIPS]).max() < 0.35
    assert areas.skin[:8].max() == areas.skin[:, :8].max() == 0
    assert np.median(at(areas.lips, mesh_of(name)[LIPS])) > 0.5


def test_what_lies_before_the_face_is_no_skin() -> None:
    crop = aligned("carla").crop.copy()
    x, y = np.rint(mesh_of("carla")[205, :2]).astype(int)
    cv2.circle(crop, (int(x), int(y)), 14, (40, 90, 200), cv2.FILLED)
    covered = areas_of(crop, mesh_of("carla"), surface_of(mesh_of("carla"), model(), 256), ALL_BARE)
    assert covered.skin[y, x] < 0.1
    assert at(covered.skin, mesh_of("carla")[[425]])[0] > 0.7


def test_what_is_covered_is_no_skin_whatever_its_colour() -> None:
    half = ALL_BARE.copy()
    half[:, :128] = 0
    mesh = mesh_of("carla")
    areas = areas_of(aligned("carla").crop, mesh, surface_of(mesh, model(), 256), half)
    left, right = at(areas.skin, mesh[[205, 425]])
    assert left < 0.05
    assert right > 0.7


def test_teeth_are_found_where_they_show() -> None:
    smiling, closed = canvas("anna").areas.teeth, canvas("ben").areas.teeth
    assert smiling.sum() > 10 * max(float(closed.sum()), 1.0)
    mouth = mesh_of("anna")[[13, 14]].mean(axis=0, keepdims=True)
    assert at(smiling, mouth)[0] > 0.5


def test_the_white_of_the_eyes_lies_within_them() -> None:
    for name in ("ben", "carla"):
        sclera = canvas(name).areas.sclera
        side = sclera.shape[0]
        corners = (mesh_of(name)[[33, 133, 362, 263], :2] + 0.5) * side / 256 - 0.5
        rows, columns = np.nonzero(sclera > 0.2)
        assert len(rows) > 10
        margin = 0.03 * side
        assert columns.min() > corners[:, 0].min() - margin
        assert columns.max() < corners[:, 0].max() + margin
        assert np.abs(rows - corners[:, 1].mean()).max() < 2 * margin


def test_no_face_seen_is_no_skin() -> None:
    surface = surface_of(mesh_of("carla"), model(), 128)
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
    areas = areas_of(noise, mesh_of("carla"), surface, ALL_BARE)
    assert np.isfinite(areas.skin).all()
    assert 0 <= areas.skin.min() <= areas.skin.max() <= 1


def test_lab_is_that_of_the_definition() -> None:
    white_and_grey = np.array([[[255, 255, 255], [119, 119, 119]]], np.uint8)
    np.testing.assert_allclose(to_lab(white_and_grey)[0], [[100, 0, 0], [50.03, 0, 0]], atol=0.3)
