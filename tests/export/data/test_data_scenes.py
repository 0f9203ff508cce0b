from dataclasses import replace
from itertools import combinations

import cv2
import heads
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from mien_export.data.face_tiles import Tile
from mien_export.data.scenes import HIDDEN_SHARE, SceneComposer, SceneOptions
from mien_service.faces.face import Box

SEEDS = st.integers(0, 2**31 - 1)

CROWD = SceneOptions(150, 200, (3, 8), (0.1, 0.4), lying_share=0.3, pieces=4)
APART = replace(CROWD, apart=True, sizes=(0.05, 0.2))


def painted(colour: tuple[int, int, int]) -> list[Tile]:
    """Return two tiles, of people whose faces, within their mesh's outline, are of one colour."""
    tiles: list[Tile] = []
    for height, width, eye, yaw in ((140, 110, 45, 0), (90, 120, 30, 35)):
        points = heads.head(eye, width / 2, height * 0.4, heads.rotation(yaw, 0, 0))[:, :2].copy()
        pixels = np.full((height, width, 3), (40, 60, 120), np.uint8)
        pixels[:, ::7] = (90, 200, 60)
        cv2.fillConvexPoly(pixels, cv2.convexHull(np.rint(points).astype(np.int32)), colour)
        tiles.append(Tile(pixels, points))
    return tiles


RED, BLUE = painted((250, 10, 10)), painted((10, 10, 250))


def differing(options: SceneOptions, seed: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Return where a scene's faces show, (h, w) bool, and its boxes; None if their colour is in the background too."""
    empty = replace(options, faces=(0, 0))
    ground, other = (SceneComposer(tiles, empty).compose(seed).pixels for tiles in (RED, BLUE))
    if (ground != other).any():
        return None
    red, blue = (SceneComposer(tiles, options).compose(seed) for tiles in (RED, BLUE))
    np.testing.assert_array_equal(red.boxes, blue.boxes)
    return np.abs(red.pixels.astype(int) - blue.pixels).max(axis=2) > 60, red.boxes


@settings(max_examples=10)
@given(SEEDS)
def test_a_scene_is_of_its_seed(seed: int) -> None:
    one, again, other = (SceneComposer(RED, CROWD).compose(s) for s in (seed, seed, seed + 1))
    assert (one.pixels.shape, one.pixels.dtype) == ((150, 200, 3), np.uint8)
    assert (one.boxes.shape[1:], one.boxes.dtype) == ((4,), np.float32)
    assert len(one.boxes) <= CROWD.faces[1]
    np.testing.assert_array_equal(one.pixels, again.pixels)
    np.testing.assert_array_equal(one.boxes, again.boxes)
    assert (one.pixels != other.pixels).any()


@pytest.mark.parametrize("whole_share", [0.0, 1.0])
@pytest.mark.parametrize("turn_degrees", [0.0, 40.0])
def test_a_box_encloses_its_face_closely(whole_share: float, turn_degrees: float) -> None:
    options = SceneOptions(150, 200, (1, 1), (0.2, 0.5), turn_degrees, apart=True, whole_share=whole_share)
    seen = 0
    for seed in range(16):
        found = differing(options, seed)
        if found is None or not len(found[1]):
            continue
        rows, columns = np.nonzero(found[0])
        shown = [columns.min(), rows.min(), columns.max(), rows.max()]
        np.testing.assert_allclose(shown, found[1][0], atol=2.5)
        seen += 1
    assert seen >= 5


@settings(max_examples=15)
@given(SEEDS)
def test_nothing_of_a_face_is_outside_all_boxes_where_faces_are_apart(seed: int) -> None:
    found = differing(replace(APART, pieces=0), seed)
    if found is None:
        return
    changed, boxes = found
    for left, top, right, bottom in np.rint(boxes).astype(int):
        changed[max(top - 2, 0) : bottom + 3, max(left - 2, 0) : right + 3] = False
    # A face laid over by another's background leaves the list before all of it is gone.
    assert changed.mean() < 0.02


@settings(max_examples=30)
@given(SEEDS)
def test_faces_apart_touch_neither_each_other_nor_the_edge(seed: int) -> None:
    boxes = [Box(*box) for box in SceneComposer(RED, APART).compose(seed).boxes.tolist()]
    for one, other in combinations(boxes, 2):
        assert one.overlap(other) == 0
    for box in boxes:
        assert min(box.left, box.top) > 0
        assert box.right < APART.width
        assert box.bottom < APART.height


@settings(max_examples=15)
@given(SEEDS)
def test_upright_faces_have_the_sizes_asked_for(seed: int) -> None:
    options = replace(APART, turn_degrees=0, lying_share=0)
    for left, top, right, bottom in SceneComposer(RED, options).compose(seed).boxes:
        assert 0.05 * 0.99 <= max(right - left, bottom - top) / 200 <= 0.2 * 1.01


@settings(max_examples=40)
@given(SEEDS)
def test_a_face_hidden_by_a_later_one_or_by_the_edge_leaves_the_list(seed: int) -> None:
    """The tile is a face from edge to edge, so that what a tile covers is its box."""
    corners = np.array([[0, 0], [59, 0], [0, 79], [59, 79]], np.float32)
    tile = Tile(np.full((80, 60, 3), 200, np.uint8), corners)
    options = SceneOptions(160, 160, (2, 2), (0.5, 0.9), turn_degrees=0, whole_share=1)
    boxes = [Box(*box) for box in SceneComposer([tile], options).compose(seed).boxes.tolist()]
    for box in boxes:
        seen = Box(max(box.left, 0), max(box.top, 0), min(box.right, 160), min(box.bottom, 160))
        # Shares are counted in whole pixels.
        assert seen.area / box.area >= 1 - HIDDEN_SHARE - 0.03
    if len(boxes) == 2:
        first, second = boxes
        sides = max(first.left, second.left), max(first.top, second.top)
        shared = Box(*sides, min(first.right, second.right), min(first.bottom, second.bottom)).area
        assert shared / first.area <= HIDDEN_SHARE + 0.05


def test_a_face_is_either_to_be_found_or_hidden() -> None:
    options = SceneOptions(160, 160, (2, 2), (0.3, 0.6), whole_share=1)
    scenes = [SceneComposer(RED, options).compose(seed) for seed in range(30)]
    assert {(len(scene.boxes), len(scene.hidden)) for scene in scenes} == {(0, 2), (1, 1), (2, 0)}


def test_what_several_faces_hide_together_counts_together() -> None:
    """Five faces, each over less than the allowed share of the first, hide most of it between them."""
    corners = np.array([[0, 0], [59, 0], [0, 79], [59, 79]], np.float32)
    tile = Tile(np.full((80, 60, 3), 200, np.uint8), corners)
    options = SceneOptions(160, 160, (6, 6), (0.4, 0.4), turn_degrees=0, whole_share=1)
    hidden_by_many = 0
    for seed in range(60):
        scene = SceneComposer([tile], options).compose(seed)
        boxes = [Box(*box) for box in np.concatenate([scene.boxes, scene.hidden]).tolist()]
        for box in [Box(*box) for box in scene.hidden.tolist()]:
            inside = min(box.left, box.top, 160 - box.right, 160 - box.bottom) >= 0
            others = [other for other in boxes if other != box]
            hidden_by_many += inside and all(box.overlap(other) < HIDDEN_SHARE / 2 for other in others)
    assert hidden_by_many > 0


def test_a_scene_of_pieces_alone_has_no_boxes() -> None:
    options = SceneOptions(151, 99, (0, 0), (0.1, 0.2), pieces=10)
    for seed in range(10):
        scene = SceneComposer(RED, options).compose(seed)
        assert scene.pixels.shape == (151, 99, 3)
        assert scene.boxes.shape == (0, 4)


def test_composing_leaves_the_tiles_alone() -> None:
    tiles = painted((250, 10, 10))
    SceneComposer(tiles, CROWD).compose(3)
    for tile, before in zip(tiles, RED, strict=True):
        np.testing.assert_array_equal(tile.pixels, before.pixels)
        np.testing.assert_array_equal(tile.points, before.points)
