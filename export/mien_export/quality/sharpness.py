"""Whether invented pixels are as sharp as the skin around them, at the photo's native resolution."""

import math

import cv2
import numpy as np

from mien_export.quality.detail import FEWEST_PIXELS, laplacian_variance
from mien_export.quality.regions import Mask
from mien_service.faces.face import RgbImage

SMALLEST_FACE = 400
"""Width of a face in pixels below which a network's 256 pixels are sharp anyway and the ratio says nothing."""

RING = 0.10
"""Width of the ring of skin, as a share of the face's width."""

SEAM = 0.01
"""Left out on both sides of the region's edge, as a share of the face's width: the seam's feather is neither."""


def sharpness_match(photo: RgbImage, invented: Mask, skin: Mask, face_width: float) -> float:
    """Return the Laplacian's variance on invented skin over that of the ring of skin around the invented region.

    photo is (h, w, 3) uint8, the masks (h, w), face_width in pixels of the photo; skin as skin_regions draws it:
    lips and nostrils are sharper than cheeks in truth too, and are left out on both sides. NaN for faces under
    SMALLEST_FACE, where either side is under FEWEST_PIXELS, and where the ring is flat. Report the median, the bar
    being .6 to 1.3: untouched faces themselves lie between .57 and 1.72 (stubble, light), their median at 1.04
    (n = 7, the lower face as region).
    """
    if face_width < SMALLEST_FACE:
        return math.nan
    seam = SEAM * face_width
    inner = skin & ~_grown(~invented, seam)
    ring = skin & _grown(invented, RING * face_width) & ~_grown(invented, seam)
    if min(inner.sum(), ring.sum()) < FEWEST_PIXELS:
        return math.nan
    around = laplacian_variance(photo, ring)
    return laplacian_variance(photo, inner) / around if around > 0 else math.nan


def _grown(mask: Mask, margin: float) -> Mask:
    """Return the mask with everything that lies within `margin` pixels of it."""
    away = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(away <= margin, np.bool_) if mask.any() else mask
