"""/frontalize: a face seen from the side, turned to the front or to another pose.

The head's mesh is turned, with the photo's own pixels on it. A network then makes it whole: what the camera did not see
is taken from the other half of the face, or painted.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mien_service.faces import landmarks, refining
from mien_service.faces.align import AlignedFace
from mien_service.faces.edit import Edit, no_edit
from mien_service.faces.face import Pose
from mien_service.faces.head_model import TABLE, HeadModel, placement
from mien_service.faces.pose import pose_of_rotation, rotation_of
from mien_service.faces.refining import SIDE, refined, refiner_input
from mien_service.faces.turning import Turn, turned
from mien_service.tasks.head import mesh_in_square
from mien_service.tasks.registry import NotForThisFace, Runner, TaskParams, task

Rotation = NDArray[np.float64]
"""(3, 3), from the head to the picture."""

MAX_TARGET = 45.0
"""Degrees that a head may be turned to."""

MAX_YAW = 75.0
"""Degrees beyond which half of the face is not in the photo."""

STILL, MOVING = 2.0, 8.0
"""Degrees between a head's pose and the one asked for: below the first nothing is done, from the second on all."""


class PoseOutOfRange(NotForThisFace):
    """The head is turned too far to be turned back."""

    def __init__(self, yaw: float) -> None:
        super().__init__(f"the head is turned by {yaw:.0f} degrees")
        self.yaw = yaw


class FrontalizeParams(TaskParams):
    """Parameters of /frontalize."""

    output: Literal["photo", "face"] = Field(
        "face", description="`face`: the head in its aligned square. `photo`: the whole photo, the head turned in it."
    )
    yaw: float = Field(
        0.0, ge=-MAX_TARGET, le=MAX_TARGET, description="Where the head is to look, in degrees to the picture's right."
    )
    pitch: float = Field(0.0, ge=-MAX_TARGET, le=MAX_TARGET, description="The same downwards.")
    force: bool = Field(
        False,
        description=f"Turn heads back that are turned by more than {MAX_YAW:.0f} degrees: half of them is invented.",
    )


@task(
    "/frontalize",
    params=FrontalizeParams,
    networks=(refining.NETWORK, landmarks.NETWORK, TABLE),
    notice="What the camera did not see of the head is invented. Not for identification.",
    invents=True,
    turns=True,
)
def frontalize(face: AlignedFace, params: FrontalizeParams, run: Runner) -> Sequence[Edit]:
    """Turn a face to the front, or to another pose."""
    turn, amount = turn_of(face, params, run)
    if amount == 0:
        return [no_edit(SIDE)]
    return [refined(turn, refiner_input(face.crop, turn), amount, run)]


def turn_of(face: AlignedFace, params: FrontalizeParams, run: Runner) -> tuple[Turn, float]:
    """Return how the mesh turns a face, and in 0..1 how much of it is to be done. Raises PoseOutOfRange."""
    model = HeadModel.of(run.table(TABLE))
    mesh = mesh_in_square(face, run)
    rotation = placement(mesh, model).rotation
    yaw = pose_of_rotation(rotation).yaw
    if abs(yaw) > MAX_YAW and not params.force:
        raise PoseOutOfRange(yaw)
    target = rotation_of(Pose(params.yaw, params.pitch, 0.0))
    return turned(mesh, model, target, SIDE), _amount(rotation, target)


def _amount(rotation: Rotation, target: Rotation) -> float:
    """Return in 0..1 how much is to be done: nothing where the head is already where it is asked for."""
    angle = np.degrees(np.arccos(np.clip((np.trace(rotation.T @ target) - 1) / 2, -1, 1)))
    return float(np.clip((angle - STILL) / (MOVING - STILL), 0, 1))
