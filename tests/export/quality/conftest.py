from collections.abc import Callable

import numpy as np
import pytest
from skimage import data

from mien_service.engine.dlib_models import HogDetector, LandmarkPredictor, landmarks_in
from mien_service.faces.align import AlignedFace, align
from mien_service.faces.face import Face, RgbImage
from mien_service.faces.pose import estimate_pose

AttributeRow = Callable[..., dict[str, str]]
FaceOf = Callable[[RgbImage], Face]


@pytest.fixture(scope="session")
def photo() -> RgbImage:
    return np.asarray(data.astronaut()[:300, 80:380], np.uint8).copy()


@pytest.fixture(scope="session")
def face_of() -> FaceOf:
    """Find the one face of a photo by dlib alone, as the meters do."""
    detector, predictor = HogDetector(), LandmarkPredictor()

    def find(photo: RgbImage) -> Face:
        [hit] = detector.detect(photo)
        landmarks = landmarks_in(predictor, photo, hit.box)
        return Face(hit.box, landmarks, estimate_pose(landmarks), hit.score)

    return find


@pytest.fixture(scope="session")
def face(photo: RgbImage, face_of: FaceOf) -> Face:
    return face_of(photo)


@pytest.fixture(scope="session")
def aligned(photo: RgbImage, face: Face) -> AlignedFace:
    return align(photo, face)
