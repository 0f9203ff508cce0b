"""How a head is turned after an edit: read from the edited face as faces are read from photos."""

import numpy as np

from mien_service.faces.align import CROP_SIZE, AlignedFace
from mien_service.faces.composite import apply_edit
from mien_service.faces.edit import Edit
from mien_service.faces.face import Box, Detection, Pose
from mien_service.faces.landmarks import MeshLandmarks
from mien_service.faces.networks import RunNetwork

FACE = Box(0.2 * CROP_SIZE, 0.25 * CROP_SIZE, 0.8 * CROP_SIZE, 0.9 * CROP_SIZE)
"""Where a face lies in its aligned square, about."""

ITSELF = np.eye(2, 3)


def pose_after(face: AlignedFace, edit: Edit, run: RunNetwork) -> Pose | None:
    """Return the pose of the edited face in its aligned square; None where no face is seen any more."""
    edited = apply_edit(face.crop, ITSELF, edit)
    readings = MeshLandmarks().read(edited, [Detection(FACE, 1.0)], run)
    return readings[0].pose if readings else None
