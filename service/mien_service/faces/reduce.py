"""Pictures made smaller by averaging, fast: exact halves first, which take a tenth of the time of odd ratios."""

import cv2
import numpy as np
from numpy.typing import NDArray


def averaged(picture: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Return `picture` (h, w) or (h, w, c) averaged over areas to `height` x `width`, which are not larger than it."""
    while picture.shape[1] >= 2 * width and picture.shape[0] >= 2 * height and _even(picture):
        picture = _resized(picture, picture.shape[1] // 2, picture.shape[0] // 2)
    return picture if picture.shape[:2] == (height, width) else _resized(picture, width, height)


def _even(picture: NDArray[np.uint8]) -> bool:
    return picture.shape[0] % 2 == 0 and picture.shape[1] % 2 == 0


def _resized(picture: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
