"""Head pose as a judge sees it: by dlib's 68 points and solvePnP, whatever the service itself finds faces with.

Beside every figure stands the same estimator's median on real frontal photos: it never reads 0 either.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from mien_service.engine.dlib_models import HogDetector, LandmarkPredictor, landmarks_in
from mien_service.faces.face import Box, Points, Pose, RgbImage
from mien_service.faces.pose import estimate_pose

SIZES = (512, 1600)
"""Longest sides at which the detector looks, one after the other until it sees a face."""


class PoseMeter:
    """Reads the pose of the largest face of a photo."""

    def __init__(self, detector: HogDetector, predictor: LandmarkPredictor) -> None:
        """Read with dlib's detector and predictor: neither stands inside a warp, and nothing is trained on them."""
        self._detector = detector
        self._predictor = predictor

    def pose(self, photo: RgbImage) -> Pose | None:
        """Return the pose in degrees of the largest face in (h, w, 3) uint8 RGB; None where none is seen."""
        landmarks = self.landmarks(photo)
        return None if landmarks is None else estimate_pose(landmarks)

    def landmarks(self, photo: RgbImage) -> Points | None:
        """Return (68, 2) landmarks of the largest face in photo pixels; None where none is seen."""
        for size in SIZES:
            boxes = self._boxes(photo, min(1.0, size / max(photo.shape[:2])))
            if boxes:
                return landmarks_in(self._predictor, photo, max(boxes, key=lambda box: box.area))
        return None

    def _boxes(self, photo: RgbImage, factor: float) -> list[Box]:
        """Return the boxes, in photo pixels, that the detector sees in a copy reduced by `factor`."""
        small = cv2.resize(photo, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA) if factor < 1 else photo
        return [hit.box.scaled(1 / factor) for hit in self._detector.detect(np.asarray(small, np.uint8))]


@dataclass(frozen=True)
class MedianPose:
    """How far a set of faces is turned: medians of the absolute angles in degrees."""

    yaw: float
    pitch: float
    roll: float
    n: int
    """Faces read."""

    missed: int
    """Photos in which no face was seen: beyond some 60 degrees most of them."""


def median_pose(poses: Iterable[Pose | None]) -> MedianPose:
    """Return the medians over the poses that were read; over real frontals they are the floor.

    Raises ValueError where none was read.
    """
    given = list(poses)
    read = np.array([pose for pose in given if pose is not None])
    if not len(read):
        raise ValueError(f"no face was seen in any of {len(given)} photos")
    yaw, pitch, roll = np.median(np.abs(read), axis=0)
    return MedianPose(float(yaw), float(pitch), float(roll), len(read), len(given) - len(read))
