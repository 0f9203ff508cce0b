"""Landmarks, mesh and pose of face candidates by MeshNet, in two looks: the second at the square the first found."""

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.faces.face import Box, Detection, Mesh, Points, Pose, RgbImage
from mien_service.faces.mesh import Square, box_square, ibug_landmarks, mesh_box, mesh_square
from mien_service.faces.networks import RunNetwork
from mien_service.faces.pose import pose_of_rotation

NETWORK = "mesh_net"

INPUT_SIDE = 128

FIRST_LOOK_SCORE = 0.2
"""Candidates with a lower face score at the first look get no second one."""

FACE_SCORE = 0.9
"""Least face score of what is called a face: chosen, with the detector's, on scenes of training people."""


@dataclass(frozen=True, eq=False)
class FaceReading:
    """What a landmark model says of one candidate; the fields are those of Face."""

    box: Box
    landmarks: Points
    pose: Pose
    score: float
    mesh: Mesh | None = None
    visibility: NDArray[np.float32] | None = None


class LandmarkModel(Protocol):
    """Reads the faces of candidates."""

    def read(self, photo: RgbImage, candidates: list[Detection], run: RunNetwork) -> list[FaceReading]:
        """Return a reading of each candidate that is a face."""
        ...


@dataclass(frozen=True, eq=False)
class _Look:
    """What MeshNet says of one square."""

    square: Square
    mesh: Mesh
    visibility: NDArray[np.float32]
    rotation: NDArray[np.float32]
    score: float


class MeshLandmarks:
    """Reads faces by the network `mesh_net`."""

    networks = (NETWORK,)
    """The networks that it runs."""

    def __init__(self, face_score: float = FACE_SCORE) -> None:
        self._face_score = face_score

    def read(self, photo: RgbImage, candidates: list[Detection], run: RunNetwork) -> list[FaceReading]:
        """Return a reading of each candidate that is a face. All candidates share a run of each look."""
        first = look(photo, [box_square(hit.box) for hit in candidates], run)
        likely = [one for one in first if one.score > FIRST_LOOK_SCORE]
        second = look(photo, [mesh_square(one.mesh) for one in likely], run)
        return [_reading(one) for one in second if one.score > self._face_score]


def look(photo: RgbImage, squares: list[Square], run: RunNetwork) -> list[_Look]:
    """Return what the network sees in each square of the photo."""
    if not squares:
        return []
    crops = np.stack([cut_square(photo, square) for square in squares])
    answer = run(NETWORK, image=np.ascontiguousarray(crops.transpose(0, 3, 1, 2), np.float32) / np.float32(255))
    looks: list[_Look] = []
    for i, square in enumerate(squares):
        # The network's answer is in shares of the side, from edge to edge; pixel centres lie half a pixel in.
        points = answer["points"][i] * np.float32(INPUT_SIDE) - np.array([0.5, 0.5, 0], np.float32)
        mesh = square.from_crop(points, INPUT_SIDE)
        looks.append(_Look(square, mesh, answer["visibility"][i], answer["rotation"][i], float(answer["score"][i, 0])))
    return looks


def cut_square(photo: RgbImage, square: Square, size: int = INPUT_SIDE) -> RgbImage:
    """Return the square of the photo, (size, size, 3); beyond the photo its edge is repeated.

    A square larger than `size` is averaged down, so that fine texture does not alias.
    """
    reduction = int(square.side / size)
    if reduction < 2:
        transform = square.transform(size)
        warped = cv2.warpAffine(photo, transform, (size, size), borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(warped, np.uint8)
    large = size * min(reduction, 4)
    warped = cv2.warpAffine(photo, square.transform(large), (large, large), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(warped, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


def _reading(one: _Look) -> FaceReading:
    pose = pose_of_rotation(_in_photo(one.rotation, one.square.roll))
    return FaceReading(mesh_box(one.mesh), ibug_landmarks(one.mesh), pose, one.score, one.mesh, one.visibility)


def _in_photo(columns: NDArray[np.float32], roll: float) -> NDArray[np.float64]:
    """Return the head's rotation (3, 3) in the photo from its first two columns in a square turned by `roll`."""
    first = columns[:, 0] / np.linalg.norm(columns[:, 0])
    second = columns[:, 1] - first * (first @ columns[:, 1])
    second = second / np.linalg.norm(second)
    rotation = np.column_stack([first, second, np.cross(first, second)]).astype(np.float64)
    cos, sin = np.cos(roll), np.sin(roll)
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]]) @ rotation
