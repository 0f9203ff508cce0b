"""The 468-point face mesh teacher: MediaPipe's network, run on squares it is led to step by step.

Kartynnik et al. 2019, "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs". Its answer depends a
little on the square it is shown, so the final mesh is the mean over shifted and mirrored squares.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from mien_export.data.packs import data_folder
from mien_service.faces.face import Mesh, RgbImage
from mien_service.faces.mesh import LEFT_EYE_CORNER, MESH_POINTS, RIGHT_EYE_CORNER, Square, mesh_square

INPUT_SIDE = 192

GOOD_SCORE = 8.0
"""The teacher's face score under which its mesh is not trusted (25 on clear faces, below 5 on lost profiles)."""

SETTLED = 0.03
"""Largest mean movement between the last two squares, in eye distances, of a mesh that has settled."""

STEPS = 5
"""Most squares on the way from the first guess to the face."""

SHIFTS = ((0.02, -0.02, 1.04), (-0.02, 0.02, 0.97))
"""Squares that are averaged over: shift right and down as shares of the side, and zoom; each also mirrored."""


@dataclass(frozen=True, eq=False)
class Fit:
    """A mesh in pixels of the picture, the teacher's face score, and how far it moved at the last step."""

    mesh: Mesh
    score: float
    movement: float

    @property
    def is_good(self) -> bool:
        """Whether the mesh can be trusted."""
        return self.score >= GOOD_SCORE and self.movement <= SETTLED


class MeshTeacher:
    """Runs the teacher on squares of a picture, on one thread.

    With `mirror` (the twin of each point) it averages over mirrored squares as well.
    """

    def __init__(self, mirror: NDArray[np.intp] | None = None) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        file = data_folder() / "teachers" / "mesh468.onnx"
        self._session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name
        self._mirror = mirror

    def look(self, picture: RgbImage, square: Square, *, mirrored: bool = False) -> tuple[Mesh, float]:
        """Return the mesh in pixels of `picture` and the face score, as seen in `square`."""
        to_crop = square.transform(INPUT_SIDE)
        crop = cv2.warpAffine(picture, to_crop, (INPUT_SIDE, INPUT_SIDE), borderMode=cv2.BORDER_REPLICATE)
        if mirrored:
            crop = crop[:, ::-1]
        outputs: list[Any] = self._session.run(None, {self._input: crop[None].astype(np.float32) / 255})
        points = outputs[0].reshape(MESH_POINTS, 3).astype(np.float32)
        if mirrored:
            points = points[self._mirror]
            points[:, 0] = INPUT_SIDE - 1 - points[:, 0]
        return square.from_crop(points, INPUT_SIDE), float(np.ravel(outputs[1])[0])

    def settle(self, picture: RgbImage, first: Square) -> Fit:
        """Return where the mesh comes to rest when each square is laid around the mesh of the one before."""
        mesh, score = self.look(picture, first)
        movement = np.inf
        for _ in range(STEPS):
            before = mesh
            mesh, score = self.look(picture, mesh_square(before))
            movement = float(np.linalg.norm((mesh - before)[:, :2], axis=1).mean()) / eye_distance(mesh)
            if movement < SETTLED / 3:
                break
        return Fit(mesh, score, movement)

    def fit(self, picture: RgbImage, guesses: list[Square]) -> Fit | None:
        """Return the averaged mesh of the guess that ends surest, or None where none can be trusted."""
        best: Fit | None = None
        for guess in guesses:
            fit = self.settle(picture, guess)
            if fit.is_good and (best is None or fit.score > best.score):
                best = fit
            if best is not None and best.score > 2 * GOOD_SCORE:
                break
        return None if best is None else Fit(self.averaged(picture, best.mesh), best.score, best.movement)

    def averaged(self, picture: RgbImage, mesh: Mesh) -> Mesh:
        """Return the mean mesh over several squares around `mesh`, each also mirrored."""
        square = mesh_square(mesh)
        squares = [square.moved(right, down, zoom) for right, down, zoom in SHIFTS]
        flips = (False,) if self._mirror is None else (False, True)
        looks = [self.look(picture, one, mirrored=flip)[0] for one in squares for flip in flips]
        return np.mean(looks, axis=0).astype(np.float32)


def mirror_twins(frontal: Mesh) -> NDArray[np.intp]:
    """Return each point's twin in a frontal mesh: the assignment of mirrored to plain points of least distance."""
    flipped = frontal * np.array([-1, 1, 1], np.float32)
    costs = np.linalg.norm(flipped[:, None] - frontal[None], axis=2) ** 2
    _, twins = linear_sum_assignment(costs)
    return np.asarray(twins)


def eye_distance(mesh: Mesh) -> float:
    """Return the 3-D distance of the outer eye corners."""
    return float(np.linalg.norm(mesh[RIGHT_EYE_CORNER] - mesh[LEFT_EYE_CORNER]))


def head_rotation(mesh: Mesh, frontal: Mesh) -> NDArray[np.float64]:
    """Return the rotation (3, 3) that turns the mean frontal head into the pose of `mesh` (Kabsch 1976)."""
    left, right = mesh - mesh.mean(axis=0), frontal - frontal.mean(axis=0)
    u, _, v = np.linalg.svd(left.T.astype(np.float64) @ right)
    return u @ np.diag([1, 1, np.sign(np.linalg.det(u @ v))]) @ v
