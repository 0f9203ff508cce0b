from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien_service.faces.align import CROP_SIZE, crop_transform
from mien_service.faces.face import Mesh
from mien_service.faces.head_model import HeadModel, placement
from mien_service.faces.mesh import ibug_landmarks
from mien_service.faces.turning import Turn, turned

SIDE = 128
FRONT = np.eye(3)


@pytest.fixture(scope="module")
def model(weights: Path) -> HeadModel:
    with np.load(weights / "head_model.npz") as table:
        return HeadModel.of(dict(table))


def rotation(yaw: float, pitch: float = 0.0) -> np.ndarray:
    """Return the rotation of a head turned to the image's right and downwards, by degrees."""
    (a, b) = np.radians([yaw, pitch])
    across = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
    return across @ np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])


def in_square(shape: Mesh, turn: np.ndarray) -> Mesh:
    """Return a head in the pixels of its own aligned square."""
    points = (shape @ turn.T * 100).astype(np.float32)
    square = crop_transform(ibug_landmarks(points))
    plane = points[:, :2] @ square[:, :2].T + square[:, 2]
    return np.column_stack([plane, points[:, 2] * np.hypot(*square[0, :2])]).astype(np.float32)


def at(field: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the field's values nearest to points of the 256 px square."""
    places = np.rint((points[:, :2] + 0.5) * SIDE / CROP_SIZE - 0.5).astype(int).clip(0, SIDE - 1)
    return field[places[:, 1], places[:, 0]]


@given(st.floats(-60, 60), st.floats(-20, 20), st.floats(20, 300))
@settings(max_examples=30)
def test_a_placed_head_is_found_where_it_was_put(model: HeadModel, yaw: float, pitch: float, scale: float) -> None:
    turn = rotation(yaw, pitch)
    found = placement((scale * model.mean @ turn.T + [30, -20, 5]).astype(np.float32), model)
    assert found.scale == pytest.approx(scale, rel=1e-3)
    np.testing.assert_allclose(found.rotation, turn, atol=1e-3)
    np.testing.assert_allclose(found.origin, [30, -20, 5], atol=0.01 * scale)
    np.testing.assert_allclose(found.to_head(found.to_picture(model.mean)), model.mean, atol=1e-3)


def test_a_frontal_head_is_left_as_it_is(model: HeadModel) -> None:
    turn = turned(in_square(model.mean, FRONT), model, FRONT, SIDE)
    assert np.median(np.abs(turn.flow)) < 0.05
    assert np.abs(turn.flow).max() < 2
    face = at(turn.seen, in_square(model.mean, FRONT)[model.triangles.ravel()])
    assert np.median(face) > 0.99


@given(st.floats(-45, 45), st.floats(-15, 15))
@settings(max_examples=30)
def test_what_is_seen_is_fetched_from_where_it_was(model: HeadModel, yaw: float, pitch: float) -> None:
    before, after = in_square(model.mean, rotation(yaw, pitch)), in_square(model.mean, FRONT)
    turn = turned(before, model, FRONT, SIDE)
    inner = np.setdiff1d(np.unique(model.triangles), model.oval)
    seen = inner[at(turn.seen, after[inner]) > 0.95]
    assert len(seen) > 0.4 * len(inner)
    fetched = after[seen, :2] + at(turn.flow, after[seen]) * CROP_SIZE / SIDE
    assert np.median(np.hypot(*(fetched - before[seen, :2]).T)) < 2


@pytest.mark.parametrize("yaw", [-40, -25, 25, 40])
def test_the_far_half_is_unseen_and_its_twin_is_not(model: HeadModel, yaw: float) -> None:
    turn = turned(in_square(model.mean, rotation(yaw)), model, FRONT, SIDE)
    cheeks = in_square(model.mean, FRONT)[[234, 454]]
    seen, twin_seen = at(turn.seen, cheeks), at(turn.twin_seen, cheeks)
    far = 0 if yaw < 0 else 1
    assert seen[far] < 0.3 < 0.7 < seen[1 - far]
    np.testing.assert_allclose(twin_seen[::-1], seen, atol=0.15)


def mirrored(turn: Turn) -> Turn:
    flip = np.array([-1, 1], np.float32)
    flows = [(flow * flip)[:, ::-1] for flow in (turn.flow, turn.twin_flow)]
    return Turn(flows[0], flows[1], *(field[:, ::-1] for field in (turn.seen, turn.twin_seen, turn.head)))


@pytest.mark.parametrize("yaw", [15, 35])
def test_a_mirrored_head_is_turned_as_in_a_mirror(model: HeadModel, yaw: float) -> None:
    left, right = (turned(in_square(model.mean, rotation(angle)), model, FRONT, SIDE) for angle in (-yaw, yaw))
    again = mirrored(left)
    for name in ("flow", "twin_flow", "seen", "twin_seen", "head"):
        difference = np.abs(getattr(right, name) - getattr(again, name))
        assert np.median(difference) < 0.05, name
        assert np.quantile(difference, 0.95) < 1.5, name


@pytest.mark.parametrize("target", [FRONT, rotation(30), rotation(-20, 10)])
def test_the_background_at_the_squares_edge_stays(model: HeadModel, target: np.ndarray) -> None:
    turn = turned(in_square(model.mean, rotation(35)), model, target, SIDE)
    edge = np.ones((SIDE, SIDE), np.bool_)
    edge[1:-1, 1:-1] = False
    assert np.abs(turn.flow[edge]).max() < 4
    assert np.median(turn.head[edge]) < 0.15


def test_a_head_may_be_turned_elsewhere(model: HeadModel) -> None:
    """A frontal head turned by 30 degrees shows its near half wider than its far one."""
    turn = turned(in_square(model.mean, FRONT), model, rotation(30), SIDE)
    after = in_square(model.mean, rotation(30))
    inner = np.setdiff1d(np.unique(model.triangles), model.oval)
    near = inner[model.mean[inner, 0] < -0.1]
    fetched = after[near, :2] + at(turn.flow, after[near]) * CROP_SIZE / SIDE
    assert np.median(np.hypot(*(fetched - in_square(model.mean, FRONT)[near, :2]).T)) < 2
