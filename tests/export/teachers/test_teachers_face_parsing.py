import cv2
import finding
import numpy as np
import people
import pytest
import torch

from mien_export.teachers.face_parsing import CLASSES, FaceParser, load_face_parser


@pytest.fixture(scope="module")
def parser() -> FaceParser:
    return load_face_parser()


def seen(parser: FaceParser, name: str, side: int = 512) -> np.ndarray:
    """Return (side, side, 19), the shares of the classes in one of the people."""
    picture = torch.from_numpy(people.small_person(name, side)).permute(2, 0, 1)[None].float() / 255
    return parser(picture)[0].permute(1, 2, 0).numpy()


def named(shares: np.ndarray, point: np.ndarray) -> str:
    x, y = np.rint(point).astype(int)
    return CLASSES[int(shares[y, x].argmax())]


@pytest.mark.parametrize("name", ["anna", "ben", "gina"])
def test_parts_of_a_face_have_their_names(parser: FaceParser, name: str) -> None:
    shares, landmarks = seen(parser, name), finding.found(name).landmarks
    np.testing.assert_allclose(shares.sum(axis=2), 1, atol=1e-4)
    assert named(shares, landmarks[30]) == "nose"
    assert named(shares, landmarks[36:42].mean(axis=0)).endswith("eye")
    assert named(shares, landmarks[42:48].mean(axis=0)).endswith("eye")
    assert named(shares, (landmarks[57] + landmarks[66]) / 2) == "lower lip"
    assert named(shares, (landmarks[2] + landmarks[31]) / 2) == "skin"
    assert named(shares, np.array([landmarks[27, 0], 4])) in ("hair", "background")
    necks = (shares.argmax(axis=2) == CLASSES.index("neck")).nonzero()[0]
    assert len(necks) > 0.003 * 512 * 512
    assert necks.mean() > landmarks[[4, 12], 1].mean()


def test_hair_and_background_are_told_apart(parser: FaceParser) -> None:
    shares = seen(parser, "anna")
    found = shares.argmax(axis=2)
    assert found[5, 5] == CLASSES.index("background")
    assert 0.15 < (found == CLASSES.index("hair")).mean() < 0.6


def test_glasses_are_seen_where_there_are_some(parser: FaceParser) -> None:
    worn, bare = ((seen(parser, name).argmax(axis=2) == CLASSES.index("glasses")).mean() for name in ("emil", "ben"))
    assert worn > 0.01 > 0.001 > bare


def test_a_smaller_picture_shows_nearly_the_same(parser: FaceParser) -> None:
    large, small = seen(parser, "ben").argmax(axis=2), seen(parser, "ben", 384).argmax(axis=2)
    reduced = cv2.resize(large.astype(np.uint8), (384, 384), interpolation=cv2.INTER_NEAREST)
    assert (reduced == small).mean() > 0.95
