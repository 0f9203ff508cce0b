"""Squares, boxes and landmarks of meshes: geometry alone."""

import numpy as np
from face_points import MIRRORED
from hypothesis import given
from hypothesis import strategies as st

from mien_service.faces.face import Box, Mesh
from mien_service.faces.mesh import (
    IBUG_FROM_MESH,
    MESH_POINTS,
    SQUARE_MARGIN,
    Square,
    box_square,
    ibug_landmarks,
    ibug_visibility,
    mesh_box,
    mesh_square,
    roll_of,
)

COORDINATES = st.floats(-3000, 3000)
SIDES = st.floats(20, 4000)
ROLLS = st.floats(-np.pi, np.pi)
SQUARES = st.builds(Square, COORDINATES, COORDINATES, SIDES, ROLLS)
SEEDS = st.integers(0, 1000)


def upright_mesh(seed: int) -> Mesh:
    """Return a mesh whose eyes are level and whose chin is under its brow, everything else at random."""
    mesh = np.random.default_rng(seed).uniform(-0.5, 0.5, (MESH_POINTS, 3)).astype(np.float32)
    mesh[[33, 263, 10, 152], :2] = [[-0.4, -0.1], [0.4, -0.1], [0, -0.7], [0, 0.8]]
    return mesh * np.float32(100)


def turned(mesh: Mesh, angle: float, scale: float, x: float, y: float) -> Mesh:
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    plane = mesh[:, :2] @ np.array([[cos, sin], [-sin, cos]]) + np.array([x, y])
    return np.column_stack([plane, mesh[:, 2] * scale]).astype(np.float32)


@given(SQUARES, st.sampled_from([64, 128, 192]), SEEDS)
def test_points_come_back_from_a_crop(square: Square, size: int, seed: int) -> None:
    points = np.random.default_rng(seed).uniform(-10, size + 10, (7, 3)).astype(np.float32)
    in_photo = square.from_crop(points, size)
    transform = square.transform(size)
    back = in_photo[:, :2] @ transform[:, :2].T + transform[:, 2]
    assert np.abs(back - points[:, :2]).max() < 0.05
    assert np.allclose(in_photo[:, 2] * size / square.side, points[:, 2], atol=1e-3)


@given(SQUARES)
def test_the_squares_edges_are_its_crops_edges(square: Square) -> None:
    corners = np.array([[-0.5, -0.5, 0], [127.5, -0.5, 0], [127.5, 127.5, 0]], np.float32)
    first, second, third = square.from_crop(corners, 128)[:, :2]
    tolerance = 1e-3 * (abs(square.x) + abs(square.y) + square.side)
    assert abs(np.linalg.norm(second - first) - square.side) < tolerance
    assert np.abs((first + third) / 2 - [square.x, square.y]).max() < tolerance


@given(SEEDS, ROLLS, st.floats(0.2, 5), COORDINATES, COORDINATES)
def test_a_square_follows_its_mesh(seed: int, angle: float, scale: float, x: float, y: float) -> None:
    mesh = upright_mesh(seed)
    plain, moved = mesh_square(mesh), mesh_square(turned(mesh, angle, scale, x, y))
    assert abs(moved.side - plain.side * scale) < 1e-2 * moved.side
    centre = turned(np.array([[plain.x, plain.y, 0]], np.float32), angle, scale, x, y)[0]
    assert np.abs(centre[:2] - [moved.x, moved.y]).max() < 0.02 * moved.side
    assert abs(np.sin((moved.roll - plain.roll - angle) / 2)) < 1e-3


@given(SEEDS, ROLLS)
def test_the_mesh_lies_within_its_square_with_a_quarter_to_spare(seed: int, angle: float) -> None:
    mesh = turned(upright_mesh(seed), angle, 1, 50, 60)
    transform = mesh_square(mesh).transform(100)
    inside = mesh[:, :2] @ transform[:, :2].T + transform[:, 2] + 0.5
    room = 100 * (1 - 1 / SQUARE_MARGIN) / 2
    assert inside.min() > room - 0.1
    assert inside.max() < 100 - room + 0.1


def test_an_upright_head_has_no_roll_and_a_lying_one_a_quarter_turn() -> None:
    mesh = upright_mesh(0)
    assert abs(roll_of(mesh)) < 1e-6
    assert abs(roll_of(turned(mesh, np.pi / 2, 1, 0, 0)) - np.pi / 2) < 1e-5


def test_a_box_gives_a_level_square_about_its_middle() -> None:
    square = box_square(Box(10, 20, 50, 100))
    assert (square.x, square.y, square.side, square.roll) == (30, 60, 120, 0)


def test_a_moved_square_moves_along_its_own_axes() -> None:
    square = Square(0, 0, 10, np.pi / 2).moved(0.5, 0, 2)
    assert np.allclose([square.x, square.y, square.side], [0, 5, 20])


def test_the_68_landmarks_are_read_off_the_mesh() -> None:
    mesh = upright_mesh(3)
    landmarks = ibug_landmarks(mesh)
    assert landmarks.shape == (68, 2)
    assert np.allclose(landmarks[36], mesh[33, :2])
    assert np.allclose(landmarks[8], mesh[152, :2])
    assert np.allclose(ibug_visibility(np.ones(MESH_POINTS, np.float32)), 1)
    assert all(0 <= point < MESH_POINTS for points in IBUG_FROM_MESH for point in points)


def test_no_two_landmarks_are_read_off_the_same_points() -> None:
    assert len(set(IBUG_FROM_MESH)) == len(MIRRORED) == 68


def test_a_meshs_box_touches_its_outermost_points() -> None:
    mesh = upright_mesh(5)
    box = mesh_box(mesh)
    assert (box.left, box.right) == (mesh[:, 0].min(), mesh[:, 0].max())
    assert (box.top, box.bottom) == (mesh[:, 1].min(), mesh[:, 1].max())
