"""The head of an aligned face, for tasks that work on its mesh."""

import cv2
import numpy as np

from mien_service.faces.align import CROP_SIZE, AlignedFace, apply, at_resolution
from mien_service.faces.edit import Field
from mien_service.faces.face import Box, Mesh, Points
from mien_service.faces.head_maps import head_maps, head_transform
from mien_service.faces.landmarks import look
from mien_service.faces.mesh import box_square, moved_mesh
from mien_service.tasks.registry import Runner

SURE = 0.6
"""How sure the maps have to be of skin for it to be wholly uncovered."""


def mesh_in_square(face: AlignedFace, run: Runner) -> Mesh:
    """Return the face's mesh (468, 3) in pixels of the aligned square, looked for where the finder gave none."""
    mesh = face.face.mesh
    if mesh is None:
        low, high = face.landmarks.min(axis=0).tolist(), face.landmarks.max(axis=0).tolist()
        [found] = look(face.crop, [box_square(Box(*low, *high))], run)
        return found.mesh
    return moved_mesh(mesh, face.transform)


def mesh_in_head_square(face: AlignedFace, side: int, run: Runner) -> Points:
    """Return the face's mesh (468, 2) in pixels of the head's square at `side` pixels a side."""
    place = at_resolution(head_transform(np.eye(2, 3)), side)
    return apply(place, np.ascontiguousarray(mesh_in_square(face, run)[:, :2]))


def uncovered_skin(face: AlignedFace, run: Runner) -> Field:
    """Return (256, 256) in 0..1, where the aligned square shows bare skin: no hair, glasses or hand lies before it."""
    maps = head_maps(face.photo, face.transform, run)
    place = head_transform(np.eye(2, 3))
    skin = cv2.warpAffine(maps.skin, place, (CROP_SIZE, CROP_SIZE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return np.clip(np.asarray(skin, np.float32) / np.float32(SURE), 0, 1)
