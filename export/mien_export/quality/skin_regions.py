"""Skin drawn from the 68 landmarks: what the meters of colour, wrinkles and blotches look at.

Masks are (height, width) bool; margins are shares of the distance between the eyes.
"""

from mien_export.quality.regions import BROWS, JAW, MOUTH, NOSE_BASE, Mask, eye_distance, hull, shrunk
from mien_service.faces.align import LEFT_EYE, RIGHT_EYE
from mien_service.faces.face import Points

LEFT_BROW, RIGHT_BROW = slice(17, 22), slice(22, 27)

FOREHEAD = 0.4
"""How far skin is followed above the brows, as a share of brows to nose base: below most fringes."""

RIM = 0.1
"""Taken off along the jaw: its edge is a line that no wrinkle meter should read, and hair hangs there."""

EYE_MARGIN = 0.14
MOUTH_MARGIN = 0.12
BROW_MARGIN = 0.1
NOSTRIL_MARGIN = 0.06

CHEEKS_AND_NOSE = (1, 2, 3, 4, 12, 13, 14, 15, 28, 33, 48, 54)
"""Jaw from the ears to the height of the mouth, the nose, and the mouth's corners."""


def skin(landmarks: Points, shape: tuple[int, ...]) -> Mask:
    """Return the face's bare skin in a picture of `shape` (height, width, ...): no eyes, brows, nostrils or mouth.

    landmarks are (68, 2) in pixels. Drawn without a look at the picture: glasses, beards and long fringes
    are inside.
    """
    unit = eye_distance(landmarks)
    brows = landmarks[BROWS]
    raised = brows + FOREHEAD * (brows.mean(axis=0) - landmarks[NOSE_BASE].mean(axis=0))
    area = shrunk(hull([landmarks[JAW], raised], shape, 0.0), RIM * unit)
    for part, margin in (
        (LEFT_EYE, EYE_MARGIN),
        (RIGHT_EYE, EYE_MARGIN),
        (MOUTH, MOUTH_MARGIN),
        (LEFT_BROW, BROW_MARGIN),
        (RIGHT_BROW, BROW_MARGIN),
        (NOSE_BASE, NOSTRIL_MARGIN),
    ):
        area &= ~hull([landmarks[part]], shape, margin * unit)
    return area


def cheeks_and_nose(landmarks: Points, shape: tuple[int, ...]) -> Mask:
    """Return the part of `skin` where alcohol reddens a face; arguments as there."""
    return skin(landmarks, shape) & hull([landmarks[list(CHEEKS_AND_NOSE)]], shape, 0.0)
