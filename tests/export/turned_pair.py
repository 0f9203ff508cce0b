"""A turned and a frontal photo of people who do not exist, for the tests of reports on turned heads."""

import cv2
import numpy as np
import people
from finding import find

from mien_export.quality.frontalize import PosePair
from mien_export.quality.held_out import HeldOutFace
from mien_service.faces.align import align


def face_of(photo: np.ndarray) -> HeldOutFace:
    """Return a photo at 512 pixels with its face."""
    small = np.asarray(cv2.resize(photo, (512, 512), interpolation=cv2.INTER_AREA), np.uint8)
    return HeldOutFace(small, align(small, find(small)[0]), {})


def turned_pair() -> PosePair:
    """Return a pair of two people, as good as one."""
    return PosePair(face_of(people.turned("hanna")), face_of(people.person("ben")))
