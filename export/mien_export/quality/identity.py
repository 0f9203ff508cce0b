"""Whether the edited face is still the same person: distance of dlib's 128-d descriptors.

Floors, measured on CelebA (design/models.md): JPEG at quality 75 .05, a round trip through 128 pixels .05,
through 64 .16, a horizontal flip .17. Another photo of the same person is .43 away, a stranger .80 to .82.
"""

import dlib
import numpy as np
from numpy.typing import NDArray

from mien_service.engine.dlib_models import model_file
from mien_service.faces.face import Points, RgbImage

MODEL = "dlib_face_recognition_resnet_model_v1.dat"
CHIP_SIDE = 150
CHIP_PADDING = 0.25
"""Side and padding that the descriptor's network was trained with (dlib's dnn_face_recognition_ex)."""

GREY = 128

Descriptors = NDArray[np.float64]


class IdentityMeter:
    """Describes faces by dlib's recognition network."""

    def __init__(self) -> None:
        self._network = dlib.face_recognition_model_v1(str(model_file(MODEL)))

    def descriptors(self, chips: list[RgbImage]) -> Descriptors:
        """Return (n, 128) descriptors of face chips, each (150, 150, 3) uint8 RGB."""
        found = [self._network.compute_face_descriptor(np.ascontiguousarray(chip)) for chip in chips]
        return np.array(found, np.float64).reshape(len(chips), 128)


def face_chip(photo: RgbImage, landmarks: Points, side: int, padding: float) -> RgbImage:
    """Return dlib's upright chip (side, side, 3) of the face with these 68 landmarks in `photo`.

    To compare before and after, cut both with the landmarks of before: the chip must not move with the mouth.
    """
    points = [dlib.point(round(float(x)), round(float(y))) for x, y in landmarks]
    left, top = landmarks.min(axis=0).round().astype(int)
    right, bottom = landmarks.max(axis=0).round().astype(int)
    shape = dlib.full_object_detection(dlib.rectangle(left, top, right, bottom), points)
    details = dlib.get_face_chip_details(shape, side, padding)
    return np.asarray(dlib.extract_image_chip(np.ascontiguousarray(photo), details), np.uint8)


def identity_chip(photo: RgbImage, landmarks: Points) -> RgbImage:
    """Return the chip (150, 150, 3) that the descriptor is read from; landmarks as in `face_chip`."""
    return face_chip(photo, landmarks, CHIP_SIDE, CHIP_PADDING)


def without_lower_half(chip: RgbImage) -> RgbImage:
    """Return the chip with its lower half grey: what a smile leaves of a face to be recognised by."""
    masked = chip.copy()
    masked[chip.shape[0] // 2 :] = GREY
    return masked


def distances(descriptors: Descriptors, others: Descriptors) -> Descriptors:
    """Return (n,) Euclidean distances of (n, 128) with (n, 128)."""
    return np.linalg.norm(descriptors - others, axis=1)
