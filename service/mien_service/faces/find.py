"""Photo to faces: a cascade of detectors from quick to thorough, then landmarks and pose for each hit."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import cv2
import numpy as np

from mien_service.faces.align import DegenerateLandmarks, crop_transform
from mien_service.faces.face import Box, Detection, Face, Points, RgbImage
from mien_service.faces.pose import estimate_pose

Selection = Literal["largest", "all"] | int
"""Which faces are wanted: the largest, all, or the one at this index from left to right."""

LANDMARK_FACE_SIDE = 200
"""Faces are brought to this width before landmarks are predicted: dlib answers in whole pixels, so a
small face is enlarged for finer ones, and a large one is reduced so that its texture does not alias."""

LANDMARK_MARGIN = 0.6
"""Picture kept around the box for the predictor, as a share of the box's side."""

SMALLEST_SIDE = 32
"""A reduced copy with a shorter side has room for no face that a detector sees."""


class Detector(Protocol):
    """Finds face boxes in a picture."""

    def detect(self, image: RgbImage) -> list[Detection]:
        """Return the faces in `image`, surest first."""
        ...


class LandmarkModel(Protocol):
    """Finds the 68 landmarks of a face."""

    def predict(self, image: RgbImage, box: Box) -> Points:
        """Return (68, 2) landmarks of the face in `box`, in pixels of `image`."""
        ...


class NoFaceFound(LookupError):
    """The photo holds no face that any detector sees."""


class FaceIndexOutOfRange(LookupError):
    """A face was asked for by an index that the photo does not reach."""

    def __init__(self, index: int, count: int) -> None:
        super().__init__(f"face {index} was asked for; the photo has {count}")
        self.index = index
        self.count = count


@dataclass(frozen=True)
class FinderSizes:
    """Longest sides, in pixels, of the reduced copies that the detectors look at."""

    quick: int = 512
    thorough: int = 1600
    last_resort: int = 640


class FaceFinder:
    """Finds faces: `detector` at a small size, then at a large one, then `last_resort`."""

    def __init__(
        self,
        detector: Detector,
        landmarks: LandmarkModel,
        last_resort: Detector | None = None,
        sizes: FinderSizes | None = None,
    ) -> None:
        self._detector = detector
        self._landmarks = landmarks
        self._last_resort = last_resort
        self._sizes = sizes or FinderSizes()

    def find(self, photo: RgbImage, selection: Selection) -> list[Face]:
        """Return the selected faces of `photo` from left to right.

        Raises NoFaceFound or FaceIndexOutOfRange.
        """
        faces = self._faces(photo, quick=selection == "largest")
        if not faces:
            raise NoFaceFound("no face was found in the photo")
        if selection == "all":
            return faces
        if selection == "largest":
            return [max(faces, key=lambda face: face.box.area)]
        if not 0 <= selection < len(faces):
            raise FaceIndexOutOfRange(selection, len(faces))
        return [faces[selection]]

    def _faces(self, photo: RgbImage, *, quick: bool) -> list[Face]:
        for look in self._looks(photo, quick=quick):
            found = [face for hit in look() if (face := self._face(photo, hit)) is not None]
            if found:
                return sorted(found, key=lambda face: face.box.left)
        return []

    def _looks(self, photo: RgbImage, *, quick: bool) -> list[Callable[[], list[Detection]]]:
        """Return the looks to take at the photo, one after the other until one finds faces."""
        longest = max(photo.shape[:2])
        sizes = [self._sizes.quick] if quick else []
        if not quick or longest > self._sizes.quick:
            sizes.append(self._sizes.thorough)
        looks: list[Callable[[], list[Detection]]] = [
            lambda size=size: detect_at(self._detector, photo, size) for size in sizes
        ]
        last_resort = self._last_resort
        if last_resort is not None:
            looks.append(lambda: detect_at(last_resort, photo, self._sizes.last_resort))
        return looks

    def _face(self, photo: RgbImage, hit: Detection) -> Face | None:
        """Return the face of a detection, or None where no square can be laid on its landmarks."""
        landmarks = landmarks_in(self._landmarks, photo, hit.box)
        try:
            crop_transform(landmarks)
        except DegenerateLandmarks:
            return None
        return Face(hit.box, landmarks, estimate_pose(landmarks), hit.score)


def detect_at(detector: Detector, photo: RgbImage, longest_side: int) -> list[Detection]:
    """Return detections in photo pixels, made on a copy of at most `longest_side` pixels."""
    factor = min(1.0, longest_side / max(photo.shape[:2]))
    if factor == 1.0:
        return detector.detect(photo)
    if min(photo.shape[:2]) * factor < SMALLEST_SIDE:
        return []
    small = cv2.resize(photo, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return [Detection(hit.box.scaled(1 / factor), hit.score) for hit in detector.detect(np.asarray(small, np.uint8))]


def landmarks_in(model: LandmarkModel, photo: RgbImage, box: Box) -> Points:
    """Return (68, 2) landmarks, in photo pixels, of the face in `box` (box and face may pass the edge)."""
    height, width = photo.shape[:2]
    pad = LANDMARK_MARGIN * max(box.width, box.height)
    left, top = max(int(box.left - pad), 0), max(int(box.top - pad), 0)
    right, bottom = min(int(box.right + pad) + 1, width), min(int(box.bottom + pad) + 1, height)
    factor = LANDMARK_FACE_SIDE / max(box.width, 1.0)
    interpolation = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    part = cv2.resize(photo[top:bottom, left:right], None, fx=factor, fy=factor, interpolation=interpolation)
    local = Box(box.left - left, box.top - top, box.right - left, box.bottom - top)
    found = model.predict(np.asarray(part, np.uint8), local.scaled(factor))
    return ((found + 0.5) / factor - 0.5 + np.array([left, top])).astype(np.float32)
