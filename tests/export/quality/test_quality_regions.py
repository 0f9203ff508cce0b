import numpy as np
import pytest

from mien_export.quality import regions
from mien_service.faces.face import Face, RgbImage

ATTRIBUTES = ("smiling", "mustache", "young", "male", "addiction")


def holds(mask: regions.Mask, point: np.ndarray) -> bool:
    x, y = point.round().astype(int)
    return bool(mask[y, x])


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_regions_hold_the_mouth_and_leave_the_corners(photo: RgbImage, face: Face, attribute: str) -> None:
    mask = regions.attribute_region(face.landmarks, photo.shape, attribute)
    assert mask.shape == photo.shape[:2]
    assert holds(mask, face.landmarks[51])
    assert not mask[:20].any()


def test_a_smile_reaches_eyes_but_not_brows(photo: RgbImage, face: Face) -> None:
    mask = regions.attribute_region(face.landmarks, photo.shape, "smiling")
    assert holds(mask, face.landmarks[36:42].mean(axis=0))
    assert not holds(mask, face.landmarks[19])


def test_a_mustache_leaves_the_chin(photo: RgbImage, face: Face) -> None:
    mask = regions.attribute_region(face.landmarks, photo.shape, "mustache")
    assert not holds(mask, face.landmarks[8])
    assert not holds(mask, face.landmarks[27])


def test_the_oval_holds_brows_and_the_smaller_regions(photo: RgbImage, face: Face) -> None:
    oval = regions.face_oval(face.landmarks, photo.shape)
    assert all(holds(oval, point) for point in face.landmarks[17:27])
    assert (oval & regions.mustache_area(face.landmarks, photo.shape)).sum() > 0
    assert not (regions.mustache_area(face.landmarks, photo.shape) & ~oval).any()


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_surroundings_are_near_the_face_and_apart_from_it(photo: RgbImage, face: Face, attribute: str) -> None:
    near = regions.surroundings(face.landmarks, face.box, photo.shape, attribute)
    assert near.any()
    assert not (near & regions.attribute_region(face.landmarks, photo.shape, attribute)).any()
    assert not near[: max(int(face.box.top - 0.1 * face.box.height) - 1, 0)].any()


def test_the_whole_face_goes_on_to_the_hairline_where_the_oval_ends(photo: RgbImage, face: Face) -> None:
    oval, whole = (one(face.landmarks, photo.shape) for one in (regions.face_oval, regions.whole_face))
    assert not (oval & ~whole).any()
    above = np.nonzero(whole & ~oval)[0]
    assert above.size > 0
    assert np.median(above) < face.landmarks[17:27, 1].min() - 10
    assert above.max() < face.landmarks[30, 1]


def test_a_shrunk_mask_keeps_off_its_edge() -> None:
    mask = np.zeros((40, 40), np.bool_)
    mask[10:30, 5:35] = True
    smaller = regions.shrunk(mask, 3.2)
    rows, columns = np.nonzero(smaller)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (13, 26, 8, 31)
    np.testing.assert_array_equal(regions.shrunk(mask, 0.0), mask)


def test_detail_is_read_away_from_the_mouth(photo: RgbImage, face: Face) -> None:
    area = regions.detail_area(face.landmarks, photo.shape, "smiling")
    assert not holds(area, face.landmarks[62])
    assert area.sum() > 0.3 * regions.attribute_region(face.landmarks, photo.shape, "smiling").sum()
    assert regions.detail_area(face.landmarks, photo.shape, "mustache").sum() == 0


def test_an_unknown_attribute_is_refused(photo: RgbImage, face: Face) -> None:
    with pytest.raises(KeyError):
        regions.attribute_region(face.landmarks, photo.shape, "bald")
