from pathlib import Path

import heads
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from mien_export.teachers.mesh import GOOD_SCORE, Fit, MeshTeacher, eye_distance, head_rotation, mirror_twins
from mien_service.faces.mesh import Square, mesh_square
from mien_service.faces.pose import pose_of_rotation

FLIP = np.array([-1, 1, 1])

ANGLES = (st.floats(-80, 80), st.floats(-50, 50), st.floats(-170, 170))


@pytest.fixture
def teacher(data: Path) -> MeshTeacher:
    heads.write_teacher(data)
    return MeshTeacher(heads.twins())


def test_twins_of_a_symmetric_mesh_are_its_mirror_points() -> None:
    twins = mirror_twins(heads.frontal())
    np.testing.assert_array_equal(twins, heads.twins())
    np.testing.assert_array_equal(twins[twins], np.arange(heads.POINTS))
    np.testing.assert_allclose(heads.frontal()[twins] * FLIP, heads.frontal(), atol=1e-6)


@settings(max_examples=5)
@given(st.integers(0, 2**32 - 1))
def test_twins_go_by_place_and_bear_a_little_asymmetry(seed: int) -> None:
    """Points in another order have their twins in that order; wrong pairs would lie far apart."""
    random = np.random.default_rng(seed)
    order = random.permutation(heads.POINTS)
    uneven = heads.frontal()[order] + random.normal(0, 0.003, (heads.POINTS, 3)).astype(np.float32)
    twins = mirror_twins(uneven)
    np.testing.assert_array_equal(order[twins], heads.twins()[order])
    np.testing.assert_array_equal(twins[twins], np.arange(heads.POINTS))
    apart = np.linalg.norm(uneven[twins] * FLIP - uneven, axis=1)
    wrong = np.linalg.norm(uneven[np.roll(twins, 1)] * FLIP - uneven, axis=1)
    assert apart.max() < 0.03 < np.median(wrong)


@given(*ANGLES, st.floats(5, 400), st.floats(-100, 1000))
def test_the_rotation_of_a_turned_head_is_found(yaw: float, pitch: float, roll: float, eye: float, x: float) -> None:
    wanted = heads.rotation(yaw, pitch, roll)
    found = head_rotation(heads.head(eye, x, 50, wanted), heads.frontal())
    np.testing.assert_allclose(found, wanted, atol=1e-3)
    np.testing.assert_allclose(pose_of_rotation(found), (yaw, pitch, roll), atol=0.2)


@given(st.integers(0, 2**32 - 1))
def test_a_rotation_is_proper_whatever_the_mesh(seed: int) -> None:
    """A mesh turned inside out is no mirrored head: mirroring is not among the answers."""
    mesh = np.random.default_rng(seed).normal(size=(heads.POINTS, 3)).astype(np.float32)
    for one in (mesh, (heads.frontal() * FLIP).astype(np.float32)):
        found = head_rotation(one, heads.frontal())
        np.testing.assert_allclose(found @ found.T, np.eye(3), atol=1e-9)
        assert np.linalg.det(found) == pytest.approx(1)


@given(*ANGLES)
def test_the_eye_distance_does_not_shrink_as_the_head_turns(yaw: float, pitch: float, roll: float) -> None:
    turned = heads.head(60, 0, 0, heads.rotation(yaw, pitch, roll))
    assert eye_distance(turned) == pytest.approx(60, rel=1e-4)


def test_a_look_is_given_in_pixels_of_the_picture(teacher: MeshTeacher) -> None:
    picture = heads.disc(240, 320, 170, 110, 40)
    for roll in (0.0, 0.3):
        mesh, score = teacher.look(picture, Square(160, 120, 150, roll))
        assert score == 25
        # The stand-in sees a head as level as the square.
        truth = heads.head(40, 170, 110, heads.rotation(0, 0, np.degrees(roll)))
        np.testing.assert_allclose(mesh, truth, atol=0.4)


def test_a_mirrored_look_sees_the_same(teacher: MeshTeacher) -> None:
    picture, square = heads.disc(240, 320, 170, 110, 40), Square(160, 120, 150)
    plain, mirrored = (teacher.look(picture, square, mirrored=flip)[0] for flip in (False, True))
    np.testing.assert_allclose(mirrored, plain, atol=0.05)
    wrongly = MeshTeacher(np.roll(heads.twins(), 1)).look(picture, square, mirrored=True)[0]
    assert np.linalg.norm(wrongly - plain, axis=1).mean() > 5, "wrong pairs are noticed"


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(right=st.floats(-0.3, 0.3), down=st.floats(-0.3, 0.3), zoom=st.floats(0.8, 1.8))
def test_a_guess_that_is_off_settles_on_the_face(teacher: MeshTeacher, right: float, down: float, zoom: float) -> None:
    truth = heads.head(40, 170, 110)
    fit = teacher.settle(heads.disc(300, 360, 170, 110, 40), mesh_square(truth).moved(right, down, zoom))
    assert fit.is_good
    assert np.linalg.norm(fit.mesh - truth, axis=1).max() < 1


def test_the_fit_is_the_mean_of_looks_around_the_face(teacher: MeshTeacher) -> None:
    truth = heads.head(40, 170, 110)
    guesses = [Square(20, 20, 30), Square(150, 120, 170), Square(175, 125, 120)]
    fit = teacher.fit(heads.disc(300, 360, 170, 110, 40), guesses)
    assert fit is not None
    assert fit.mesh.dtype == np.float32
    assert np.linalg.norm(fit.mesh - truth, axis=1).max() < 0.7


def test_where_the_teacher_is_unsure_there_is_no_fit(teacher: MeshTeacher) -> None:
    nobody = np.full((200, 200, 3), 120, np.uint8)
    assert teacher.fit(nobody, [Square(100, 100, 150), Square(80, 120, 100)]) is None
    assert teacher.fit(heads.disc(200, 200, 100, 100, 40), []) is None


@pytest.mark.parametrize(
    ("score", "movement", "good"), [(25, 0.001, True), (25, 0.2, False), (GOOD_SCORE - 1, 0.001, False)]
)
def test_a_fit_is_good_if_it_is_sure_and_at_rest(score: float, movement: float, good: bool) -> None:
    assert Fit(heads.frontal(), score, movement).is_good is good
