from pathlib import Path

import numpy as np
import people
import pytest
from finding import found

from mien_export.runner import WeightsRunner
from mien_service.faces.align import align
from mien_service.faces.edit import Edit, no_edit
from mien_service.faces.face import Pose
from mien_service.faces.pose_after import pose_after


@pytest.fixture(scope="module")
def run(weights: Path) -> WeightsRunner:
    return WeightsRunner(weights)


def test_a_face_that_is_left_as_it_is_is_turned_as_it_was(run: WeightsRunner) -> None:
    face = align(people.small_person("ben"), found("ben"))
    after = pose_after(face, no_edit(64), run)
    assert after is not None
    # The aligned square is level: its roll is not the photo's.
    for axis in ("yaw", "pitch"):
        assert getattr(after, axis) == pytest.approx(getattr(face.face.pose, axis), abs=4)


def test_a_face_in_a_mirror_is_turned_the_other_way(run: WeightsRunner) -> None:
    face = align(people.small_person("carla"), found("carla"))
    columns, _ = np.meshgrid(np.arange(256, dtype=np.float32), np.arange(256, dtype=np.float32))
    flow = np.dstack([255 - 2 * columns, np.zeros_like(columns)])
    mirrored = Edit(np.zeros((256, 256, 3), np.float32), np.ones((256, 256), np.float32), flow)
    before, after = (pose_after(face, edit, run) for edit in (no_edit(256), mirrored))
    assert isinstance(before, Pose)
    assert isinstance(after, Pose)
    assert after.yaw == pytest.approx(-before.yaw, abs=4)


def test_where_no_face_is_left_there_is_no_pose(run: WeightsRunner) -> None:
    face = align(people.small_person("ben"), found("ben"))
    paint = np.full((64, 64, 4), 128, np.float32)
    paint[..., 3] = 1
    nothing = np.zeros((64, 64), np.float32)
    painted = Edit(np.zeros((64, 64, 3), np.float32), nothing, paint=paint, match_paint=False)
    assert pose_after(face, painted, run) is None
