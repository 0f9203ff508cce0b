import cv2
import finding
import numpy as np
import people
import pytest
import torch

from mien_export.data.head_batches import HeadBatch
from mien_export.quality.head_baselines import grabcut, grown_hull, mean_head, meshes_of
from mien_service.faces.align import align, cut
from mien_service.faces.face import RgbImage
from mien_service.faces.head_maps import SIDE, head_transform


@pytest.fixture(scope="module")
def squares() -> list[RgbImage]:
    """Squares around ben, with another person beside him, and around nobody."""
    photo = np.full((700, 1100, 3), (190, 195, 200), np.uint8)
    photo[250:650, 150:550] = people.small_person("ben", 400)
    photo[300:620, 650:970] = people.small_person("carla", 320)
    face = min(finding.find(photo, "all"), key=lambda one: one.box.left)
    return [cut(photo, head_transform(align(photo, face).transform), SIDE), np.full((SIDE, SIDE, 3), 90, np.uint8)]


def test_the_mesh_is_that_of_the_face_in_the_middle(squares: list[RgbImage]) -> None:
    found, nobody = meshes_of(squares, finding.run())
    assert nobody is None
    assert found is not None
    assert found.shape == (468, 2)
    assert np.abs(found.mean(axis=0) - SIDE / 2).max() < 0.12 * SIDE


def test_a_hull_reaches_over_the_hair(squares: list[RgbImage]) -> None:
    [mesh] = meshes_of(squares[:1], finding.run())
    assert mesh is not None
    hull = grown_hull(mesh)
    places = np.rint(mesh).astype(int)
    assert hull[places[:, 1], places[:, 0]].all()
    rows = hull.any(axis=1).nonzero()[0]
    height = np.ptp(mesh[:, 1])
    assert 0.25 * height < mesh[:, 1].min() - rows[0] < 0.7 * height
    assert rows[-1] - mesh[:, 1].max() < 0.2 * height
    assert not grown_hull(None).any()


def test_grabcut_finds_a_head_by_its_colours(squares: list[RgbImage]) -> None:
    [mesh] = meshes_of(squares[:1], finding.run())
    assert mesh is not None
    head = cv2.fillConvexPoly(np.zeros((SIDE, SIDE), np.uint8), cv2.convexHull(mesh.round().astype(np.int32)), 1) > 0
    picture = np.full((SIDE, SIDE, 3), (60, 160, 70), np.uint8)
    wide = cv2.dilate(head.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    picture[wide] = (200, 120, 100)
    noisy = (picture + np.random.default_rng(0).normal(0, 4, picture.shape)).clip(0, 255).astype(np.uint8)
    found = grabcut(noisy, mesh)
    assert (found & wide).sum() / (found | wide).sum() > 0.95
    np.testing.assert_array_equal(grabcut(noisy, mesh), found)
    assert not grabcut(noisy, None).any()


def test_a_mean_head_leaves_out_what_is_unknown() -> None:
    maps, known = torch.zeros(3, 3, 8, 8), torch.ones(3, 1, 8, 8)
    maps[:2, 0, :4] = 1
    maps[0, 0, 4:] = 1
    known[1:, :, 4:] = 0
    mean = mean_head(HeadBatch(torch.zeros(3, 3, 8, 8), maps, known))
    assert mean.all(), "two of three above, and the only one that is known below"
    known[:] = 1
    mean = mean_head(HeadBatch(torch.zeros(3, 3, 8, 8), maps, known))
    assert mean[:4].all()
    assert not mean[4:].any()
