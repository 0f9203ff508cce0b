"""The head of an aligned face, for tasks that work on its mesh."""

import cv2
import numpy as np

from mien_service.faces.align import CROP_SIZE, AlignedFace, apply, scale_of
from mien_service.faces.edit import Field
from mien_service.faces.face import Box, Mesh
from mien_service.faces.head_maps import ROOM, SIDE, head_maps
from mien_service.faces.landmarks import look
from mien_service.faces.mesh import box_square
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
    plane = apply(face.transform, mesh[:, :2])
    return np.column_stack([plane, mesh[:, 2] * scale_of(face.transform)]).astype(np.float32)


def uncovered_skin(face: AlignedFace, run: Runner) -> Field:
    """Return (256, 256) in 0..1, where the aligned square shows bare skin: no hair, glasses or hand lies before it."""
    maps = head_maps(face.photo, face.transform, run)
    # From pixels of the aligned square to those of the head's, whose middle is the same.
    zoom = SIDE / (CROP_SIZE * ROOM)
    shift = (SIDE - 1) / 2 - zoom * (CROP_SIZE - 1) / 2
    place = np.array([[zoom, 0, shift], [0, zoom, shift]])
    skin = cv2.warpAffine(maps.skin, place, (CROP_SIZE, CROP_SIZE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return np.clip(np.asarray(skin, np.float32) / np.float32(SURE), 0, 1)
