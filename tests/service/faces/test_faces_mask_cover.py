import numpy as np
import pytest
from face_points import face_at
from numpy.typing import NDArray

from mien_service.faces.mask_cover import (
    GROWN,
    LEAST_SHARE,
    STRAP_GROWN,
    grown,
    has_mask,
    hole_under,
    marked_on,
    mask_cover,
)


def red_is_mask(network: str, **inputs: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Stands in for the network: what is red is covered."""
    assert network == "mask_segmenter"
    image = inputs["image"]
    return {"cover": (image[:, :1] - image[:, 1:2]).clip(0, 1)}


def test_the_cover_lies_where_the_network_says() -> None:
    crop = np.zeros((256, 256, 3), np.uint8)
    crop[150:200, 60:90, 0] = 255
    cover = mask_cover(crop, red_is_mask)
    assert cover.shape == (256, 256)
    assert cover[150:200, 60:90].min() == 1
    assert cover.sum() == 50 * 30


@pytest.mark.parametrize(("share", "expected"), [(0.0, False), (LEAST_SHARE / 2, False), (2 * LEAST_SHARE, True)])
def test_a_speck_is_no_mask(share: float, expected: bool) -> None:
    cover = np.zeros((256, 256), np.float32)
    cover.ravel()[: round(share * cover.size)] = 0.98
    assert has_mask(cover) is expected


def test_what_is_hardly_covered_is_not_masked() -> None:
    assert not has_mask(np.full((256, 256), 0.75, np.float32))


def test_a_hole_is_whole_and_reaches_a_little_past_the_mask() -> None:
    cover = np.zeros((256, 256), np.float32)
    cover[150:200, 60:90] = 0.8
    cover[150:200, 90:95] = 0.3  # a strap
    cover[20:40, 20:40] = 0.4  # nothing sure
    cover[100:103, 100:103] = 1  # a speck
    cover[170:180, 70:80] = 0  # a gap within the mask
    hole = hole_under(cover)
    reach = round(GROWN * 256)
    rows, columns = np.nonzero(hole)
    assert set(np.unique(hole).tolist()) == {0.0, 1.0}
    assert (rows.min(), rows.max()) == (150 - reach, 199 + reach)
    assert (columns.min(), columns.max()) == (60 - reach, 94 + reach)
    assert hole[150:200, 60:90].all()


def test_a_strap_takes_little_hair_along() -> None:
    cover = np.zeros((256, 256), np.float32)
    cover[150:200, 80:180] = 1
    cover[160:163, 40:80] = 1
    hole = hole_under(cover)
    reach, beside = round(GROWN * 256), round(STRAP_GROWN * 256)
    columns = hole[:, 50:60].any(axis=1).nonzero()[0]
    assert (columns.min(), columns.max()) == (160 - beside, 162 + beside)
    assert np.nonzero(hole[:, 130])[0].min() == 150 - reach


def test_a_hole_does_not_grow_over_the_eyes() -> None:
    landmarks = face_at(110, 0, 128, 120)
    left, right = landmarks[36:42], landmarks[42:48]
    edge = int(landmarks[36:48, 1].max()) + 2
    cover = np.zeros((256, 256), np.float32)
    cover[edge:200, 60:196] = 1
    whole, hole = hole_under(cover), hole_under(cover, landmarks)
    for eye in (left, right):
        x, y = np.rint(eye.mean(axis=0)).astype(int)
        lowest = int(np.ceil(eye[:, 1].max()))
        assert not hole[y : lowest + 1, x].any()
    assert whole[edge - 3].sum() > hole[edge - 3].sum() > 0
    assert hole[edge:200, 60:196].all(), "what is covered is filled, eyes or not"
    assert not hole_under(cover, landmarks)[cover == 0][whole[cover == 0] == 0].any()


def test_what_is_marked_on_a_neighbour_is_not_on_the_face() -> None:
    landmarks = face_at(110, 0, 128, 120)
    marked = np.zeros((256, 256), np.uint8)
    marked[140:250, 100:160] = 255  # over the mouth, and out of the face
    marked[150:200, 230:] = 255  # a neighbour's
    own = marked_on(marked, landmarks)
    np.testing.assert_array_equal(own[:, :200], marked[:, :200])
    assert not own[:, 200:].any()
    hole = grown(own)
    assert set(np.unique(hole).tolist()) == {0.0, 1.0}
    assert hole.sum() > (own > 0).sum()
