"""Photo to aligned face square and back.

The square follows the FFHQ recipe (Karras et al. 2019, "A Style-Based Generator Architecture for GANs",
its data preparation script): oriented by eyes and mouth, its half side the larger of 2.0 eye distances
and 1.8 eye-to-mouth distances. Training and serving both align here, so what was trained is what is served.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.faces.face import Face, Points, RgbImage
from mien_service.faces.reduce import averaged

CROP_SIZE = 256
"""Side of the aligned square in pixels that every network's input is cut from."""

LEFT_EYE = slice(36, 42)
RIGHT_EYE = slice(42, 48)
MOUTH_CORNERS = (48, 54)

Affine = NDArray[np.float64]
"""(2, 3) matrix that takes x, y, 1 to x, y; pixel centres at whole numbers."""

Marked = NDArray[np.uint8]
"""(height, width), 255 where something is marked on a picture, else 0."""


class DegenerateLandmarks(ValueError):
    """The landmarks do not span a square: eyes and mouth coincide."""


def crop_transform(landmarks: Points, size: int = CROP_SIZE) -> Affine:
    """Return the similarity from photo pixels to pixels of the aligned square of `size` pixels a side.

    `landmarks` is (68, 2). Raises DegenerateLandmarks if the eyes and mouth coincide.
    """
    points = landmarks.astype(np.float64)
    left_eye, right_eye = points[LEFT_EYE].mean(axis=0), points[RIGHT_EYE].mean(axis=0)
    mouth = points[list(MOUTH_CORNERS)].mean(axis=0)
    eyes = (left_eye + right_eye) / 2
    eye_to_eye, eye_to_mouth = right_eye - left_eye, mouth - eyes
    across = eye_to_eye - np.array([-eye_to_mouth[1], eye_to_mouth[0]])
    length = float(np.hypot(*across))
    half_side = max(float(np.hypot(*eye_to_eye)) * 2.0, float(np.hypot(*eye_to_mouth)) * 1.8)
    if length < 1e-6 or half_side < 1.0:
        raise DegenerateLandmarks("eyes and mouth coincide")
    across *= half_side / length
    centre = eyes + eye_to_mouth * 0.1
    return _square_to_size(centre, across, size)


def _square_to_size(centre: NDArray[np.float64], across: NDArray[np.float64], size: int) -> Affine:
    """Return the similarity that lays the square (centre, half side vector) onto size x size pixels."""
    half_side = float(np.hypot(*across))
    scale = size / (2 * half_side)
    cos, sin = across / half_side
    rotation = scale * np.array([[cos, sin], [-sin, cos]])
    # The square's outer edge lies half a pixel outside the outermost pixel centres.
    shift = np.full(2, (size - 1) / 2) - rotation @ centre
    return np.column_stack([rotation, shift])


def invert(transform: Affine) -> Affine:
    """Return the inverse of an affine transform."""
    return np.asarray(cv2.invertAffineTransform(transform), np.float64)


def scale_of(transform: Affine) -> float:
    """Return how many target pixels one source pixel becomes under a similarity."""
    return float(np.hypot(transform[0, 0], transform[1, 0]))


def at_resolution(transform: Affine, size: int) -> Affine:
    """Return the transform to the same square at `size` pixels a side, from one to CROP_SIZE."""
    zoom = size / CROP_SIZE
    zoomed = transform * zoom
    # Pixel centre x of the 256 px square lies at (x + 0.5) * zoom - 0.5 of the other.
    zoomed[:, 2] += (zoom - 1) / 2
    return zoomed


def points_at_resolution(points: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Return points (n, 2) of the 256 px square, or (n, 3) whose depth is to order them, in pixels of it at `size`."""
    zoom = np.float32(size / CROP_SIZE)
    # Pixel centre x of the 256 px square lies at (x + 0.5) * zoom - 0.5 of the other.
    return (points + np.float32(0.5)) * zoom - np.float32(0.5)


def apply(transform: Affine, points: Points) -> Points:
    """Return (n, 2) points taken through `transform`."""
    return (points @ transform[:, :2].T + transform[:, 2]).astype(np.float32)


def cut(photo: NDArray[np.uint8], transform: Affine, size: int = CROP_SIZE) -> NDArray[np.uint8]:
    """Return the aligned square of `photo`, (size, size, 3) uint8, or of one plane of it; its edge is repeated beyond.

    A face larger than the square is averaged down first, so that fine texture does not alias.
    """
    scale = scale_of(transform)
    corners = apply(invert(transform), np.array([[0, 0], [size, 0], [size, size], [0, size]], np.float32))
    margin = 2 / scale + 2
    height, width = photo.shape[:2]
    left, top = np.clip(np.floor(corners.min(axis=0) - margin), 0, [width - 1, height - 1]).astype(int)
    right, bottom = np.clip(np.ceil(corners.max(axis=0) + margin), [left + 1, top + 1], [width, height]).astype(int)
    part = photo[top:bottom, left:right]
    local = transform.copy()
    local[:, 2] += transform[:, :2] @ np.array([left, top])
    reduction = int(1 / scale)
    if reduction >= 2:
        part, [local] = averaged_down(part, [local], reduction)
    warped = cv2.warpAffine(
        np.ascontiguousarray(part),
        local,
        (size, size),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(warped, np.uint8)


def averaged_down(
    picture: NDArray[np.uint8], transforms: list[Affine], factor: float
) -> tuple[NDArray[np.uint8], list[Affine]]:
    """Return `picture` averaged over about factor x factor pixels, and transforms from it in place of those given.

    From a factor of 2 on an odd last row or column is left out: even sides are averaged faster.
    """
    height, width = picture.shape[:2]
    if factor >= 2:
        height, width = max(height - height % 2, 1), max(width - width % 2, 1)
    small_width, small_height = max(int(width / factor), 1), max(int(height / factor), 1)
    small = averaged(picture[:height, :width], small_width, small_height)
    ratio = np.array([width / small_width, height / small_height])
    # Pixel centre x of the small picture lies at (x + 0.5) * ratio - 0.5 of the large one.
    back = np.array([[ratio[0], 0, ratio[0] / 2 - 0.5], [0, ratio[1], ratio[1] / 2 - 0.5], [0, 0, 1]])
    return small, [transform @ back for transform in transforms]


@dataclass(frozen=True, eq=False)
class AlignedFace:
    """A face cut out of its photo: what a task sees.

    photo: (h, w, 3), all of it, for what looks farther than the square; crop: (256, 256, 3) uint8 RGB; transform: photo
    pixels to crop pixels; landmarks: (68, 2) in crop pixels; marked: (256, 256), what the client marked on the photo,
    or None; others: the other faces that were seen in the photo.
    """

    face: Face
    photo: RgbImage
    crop: RgbImage
    transform: Affine
    landmarks: Points
    marked: Marked | None = None
    others: Sequence[Face] = ()


def align(photo: RgbImage, face: Face, marked: Marked | None = None, others: Sequence[Face] = ()) -> AlignedFace:
    """Cut the aligned square of `face` out of `photo`, and out of `marked`, (h, w). Raises DegenerateLandmarks."""
    transform = crop_transform(face.landmarks)
    square = None if marked is None else np.where(cut(marked, transform) > 127, np.uint8(255), np.uint8(0))
    landmarks = apply(transform, face.landmarks)
    return AlignedFace(face, photo, cut(photo, transform), transform, landmarks, square, others)
