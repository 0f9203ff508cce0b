from dataclasses import replace

import numpy as np
import pytest

from mien_export.runner import WeightsRunner
from mien_service.faces.align import AlignedFace
from mien_service.faces.face import Mesh, Pose
from mien_service.faces.head_model import HeadModel
from mien_service.faces.pose import rotation_of
from mien_service.tasks.frontalize import MAX_YAW, FrontalizeParams, PoseOutOfRange, frontalize


def with_mesh(aligned: AlignedFace, mesh: Mesh | None) -> AlignedFace:
    return replace(aligned, face=replace(aligned.face, mesh=mesh))


def turned_by(aligned: AlignedFace, runner: WeightsRunner, yaw: float) -> AlignedFace:
    """Return the face with the mean head's mesh in its place, turned by `yaw` degrees."""
    mean = HeadModel.of(runner.table("head_model")).mean
    width = aligned.face.box.width
    places = mean @ rotation_of(Pose(yaw, 0, 0)).T * width * 0.6
    return with_mesh(
        aligned, (places + np.array([aligned.face.box.left + width / 2, aligned.face.box.top, 0])).astype(np.float32)
    )


@pytest.mark.parametrize("yaw", [-MAX_YAW - 3, MAX_YAW + 3])
def test_a_head_turned_too_far_is_refused_unless_forced(
    aligned: AlignedFace, runner: WeightsRunner, yaw: float
) -> None:
    face = turned_by(aligned, runner, yaw)
    with pytest.raises(PoseOutOfRange) as refused:
        frontalize(face, FrontalizeParams(), runner)
    assert refused.value.yaw == pytest.approx(yaw, abs=1)
    [edit] = frontalize(face, FrontalizeParams(force=True), runner)
    assert np.isfinite(edit.flow).all()


@pytest.mark.parametrize(("yaw", "amount"), [(1.0, 0.0), (5.0, 0.5), (12.0, 1.0)])
def test_the_less_there_is_to_turn_the_less_is_done(
    aligned: AlignedFace, runner: WeightsRunner, yaw: float, amount: float
) -> None:
    [edit] = frontalize(turned_by(aligned, runner, yaw), FrontalizeParams(), runner)
    assert edit.alpha.max() == edit.alpha.min() == pytest.approx(amount, abs=0.02)


def test_a_face_without_a_mesh_is_looked_at_again(aligned: AlignedFace, runner: WeightsRunner) -> None:
    [known] = frontalize(aligned, FrontalizeParams(yaw=20), runner)
    [looked] = frontalize(with_mesh(aligned, None), FrontalizeParams(yaw=20), runner)
    assert np.median(np.abs(known.flow - looked.flow)) < 2
