from collections.abc import Callable

import numpy as np
import pytest
from skimage import data

from mien_service.engine.dlib_models import HogDetector, LandmarkPredictor
from mien_service.faces.align import AlignedFace, align
from mien_service.faces.face import Face, RgbImage
from mien_service.faces.find import FaceFinder

AttributeRow = Callable[..., dict[str, str]]


@pytest.fixture(scope="session")
def photo() -> RgbImage:
    return np.asarray(data.astronaut()[:300, 80:380], np.uint8).copy()


@pytest.fixture(scope="session")
def face(photo: RgbImage) -> Face:
    return FaceFinder(HogDetector(), LandmarkPredictor()).find(photo, "largest")[0]


@pytest.fixture(scope="session")
def aligned(photo: RgbImage, face: Face) -> AlignedFace:
    return align(photo, face)
