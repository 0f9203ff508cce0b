"""Motion between two renderings, and the edit made of it."""

import cv2
import numpy as np
import people
import pytest

from mien_service.faces.motion import edit_between, motion

SIDE = 128


@pytest.fixture(scope="module")
def face() -> np.ndarray:
    """A blurred face as a decoder would render it, (128, 128, 3) in 0..1."""
    small = cv2.resize(people.person("ben"), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return cv2.GaussianBlur(small, (0, 0), 1.5).astype(np.float32) / 255


def shifted(face: np.ndarray, x: float, y: float) -> np.ndarray:
    return cv2.warpAffine(
        face, np.float32([[1, 0, x], [0, 1, y]]), (SIDE, SIDE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )


def middle(field: np.ndarray) -> np.ndarray:
    return field[SIDE // 4 : -SIDE // 4, SIDE // 4 : -SIDE // 4]


@pytest.mark.parametrize(("x", "y"), [(2.0, 0.0), (0.0, -3.0), (1.5, 1.5)])
def test_a_shift_is_found_and_points_to_where_it_came_from(face: np.ndarray, x: float, y: float) -> None:
    flow = np.median(middle(motion(face, shifted(face, x, y))), axis=(0, 1))
    np.testing.assert_allclose(flow, [-x, -y], atol=0.4)


def test_nothing_moves_between_equal_faces(face: np.ndarray) -> None:
    assert np.abs(motion(face, face)).max() < 0.05


def test_what_moved_is_not_left_in_the_residual(face: np.ndarray) -> None:
    after = shifted(face, 2.0, -1.0)
    edit = edit_between(face, after, np.ones((SIDE, SIDE), np.float32))
    plain = np.abs(middle(after - face)).mean() * 255
    assert np.abs(middle(edit.residual)).mean() < 0.35 * plain


def test_flow_and_residual_together_make_the_second_face(face: np.ndarray) -> None:
    after = np.clip(shifted(face, 1.0, 0.0) + 0.1, 0, 1).astype(np.float32)
    edit = edit_between(face, after, np.ones((SIDE, SIDE), np.float32))
    assert edit.flow is not None
    rows, columns = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    moved = cv2.remap(face, columns + edit.flow[..., 0], rows + edit.flow[..., 1], cv2.INTER_CUBIC)
    np.testing.assert_allclose(middle(moved + edit.residual / 255), middle(after), atol=1e-5)


def test_values_beyond_the_range_of_pixels_are_no_error(face: np.ndarray) -> None:
    assert np.isfinite(motion(face * 3 - 1, face * 2)).all()
