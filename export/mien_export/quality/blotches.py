"""Blotches: round patches of skin that are redder than what surrounds them."""

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.color import rgb2lab
from skimage.feature import blob_log

from mien_export.quality.regions import Mask
from mien_service.faces.align import CROP_SIZE
from mien_service.faces.face import RgbImage

SMALLEST_SIGMA, LARGEST_SIGMA, SIGMAS = 2.5, 7.0, 6
"""Of the Laplacian of Gaussian, in pixels of the 256-pixel square: discs of radius 3.5 to 10, 3.5 to 10 mm of skin."""

BLOTCH_THRESHOLD = 3.5
"""Least answer of the Laplacian of Gaussian, normalised by scale, in levels of a*. A sharp disc that stands out by
d answers 2 d / e: one of 4.8 levels counts. Fainter patches are hardly seen, and untouched skin has them too."""

OVERLAP = 0.5
"""Of two blobs that share more than this of the smaller one's area, only the clearer counts."""

FILL_SIGMA = 10.0
"""Of the blur that carries the skin's redness over what is not skin, in pixels of the square."""

Field = NDArray[np.float64]


def blotch_count(square: RgbImage, skin: Mask) -> int:
    """Return how many blotches an aligned square (256, 256, 3) has under the mask (256, 256).

    Local maxima over place and scale of the Laplacian of Gaussian on a* (Lindeberg 1998), so a spot counts once.
    Pimples, moles and the edge of a flush are there before any edit: count the untouched photo too, or take
    `new_blotches`. Raises ValueError for a square of another size.
    """
    return _count(skin_redness(square, skin), skin)


def new_blotches(before: RgbImage, after: RgbImage, skin: Mask) -> int:
    """Return how many blotches an edit adds: those of the change of a*; arguments and errors as in `blotch_count`.

    Both pictures are cut by the landmarks of `before`. An even flush, however strong, adds none.
    """
    return _count(skin_redness(after, skin) - skin_redness(before, skin), skin)


def skin_redness(square: RgbImage, skin: Mask) -> Field:
    """Return a* (256, 256); outside the mask its mean over the skin nearby, as lips are redder than any blotch.

    Raises ValueError for a square of another size.
    """
    if square.shape != (CROP_SIZE, CROP_SIZE, 3):
        raise ValueError(f"blotches are counted in squares of {CROP_SIZE} pixels, not {square.shape}")
    redness = rgb2lab(square)[..., 1].astype(np.float64)
    weights = skin.astype(np.float64)
    middle = float(redness[skin].mean()) if skin.any() else 0.0
    carried = cv2.GaussianBlur((redness - middle) * weights, (0, 0), FILL_SIGMA)
    spread = np.maximum(cv2.GaussianBlur(weights, (0, 0), FILL_SIGMA), 1e-3)
    return np.where(skin, redness, middle + carried / spread)


def _count(redness: Field, skin: Mask) -> int:
    blobs = blob_log(
        redness,
        SMALLEST_SIGMA,  # pyright: ignore[reportArgumentType]  (floats are documented)
        LARGEST_SIGMA,  # pyright: ignore[reportArgumentType]
        SIGMAS,
        threshold=BLOTCH_THRESHOLD,
        overlap=OVERLAP,
    )
    return sum(bool(skin[int(row), int(column)]) for row, column, _ in blobs)
