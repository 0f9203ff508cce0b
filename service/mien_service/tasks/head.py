"""The head of an aligned face, for tasks that work on its mesh."""

import numpy as np

from mien_service.faces.align import AlignedFace, apply, scale_of
from mien_service.faces.face import Box, Mesh
from mien_service.faces.landmarks import look
from mien_service.faces.mesh import box_square
from mien_service.tasks.registry import Runner


def mesh_in_square(face: AlignedFace, run: Runner) -> Mesh:
    """Return the face's mesh (468, 3) in pixels of the aligned square, looked for where the finder gave none."""
    mesh = face.face.mesh
    if mesh is None:
        low, high = face.landmarks.min(axis=0).tolist(), face.landmarks.max(axis=0).tolist()
        [found] = look(face.crop, [box_square(Box(*low, *high))], run)
        return found.mesh
    plane = apply(face.transform, mesh[:, :2])
    return np.column_stack([plane, mesh[:, 2] * scale_of(face.transform)]).astype(np.float32)
