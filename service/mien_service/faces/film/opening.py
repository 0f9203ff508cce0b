"""How far a person opens the eyes, as the photo shows it and the mesh does not."""

import cv2
import numpy as np

from mien_service.faces.drawn.colours import to_lab
from mien_service.faces.drawn.eye import Eye, eye_of
from mien_service.faces.drawn.parts import Face
from mien_service.faces.edit import Field
from mien_service.faces.face import RgbImage
from mien_service.faces.film.shading import USUAL_SKIN
from mien_service.faces.skin.areas import LEFT_EYE, RIGHT_EYE

CLOSED, OPEN = 0.16, 0.38
"""Height over width of what is dark in an eye, lashes and iris, up to which it is closed, and when it is open."""

LASHES_LOW = (0.07, 0.12)
"""How low the darkest place of both eyes lies below their middle, in widths of them, when lids begin to be down and
when they are: what is darkest is an upper lid's lashes then."""

PROFILE, COLUMNS = 0.42, 0.14
"""Half the height, and half the width, of what is looked at in an eye, in widths of it."""

LID = 0.35
"""How far the lightness of an eye has to return to the lids' for its dark part to end."""


def opening(picture: RgbImage, face: Face) -> float:
    """Return in 0..1 how far a face in a picture (h, w, 3) opens the eyes: the one that is wider open.

    The mesh has narrowed and closed eyes as open ones. What is dark in the iris's columns is not as high in them.
    """
    points, room = face[(*LEFT_EYE, *RIGHT_EYE)], 0.3 * face.unit
    height, width = picture.shape[:2]
    left, top = np.floor(points.min(axis=0) - room).clip(0, [width - 1, height - 1]).astype(int)
    right, bottom = np.ceil(points.max(axis=0) + room).clip([left + 1, top + 1], [width, height]).astype(int)
    lab = to_lab(np.ascontiguousarray(picture[top:bottom, left:right]))
    near = Face(face.points - np.array([left, top], np.float32), face.unit)
    parts = [_dark_part(lab, eye_of(lab, near, outline, USUAL_SKIN)) for outline in (LEFT_EYE, RIGHT_EYE)]
    highest, low = max(high for high, _ in parts), sum(low for _, low in parts) / len(parts)
    return float(np.interp(highest, [CLOSED, OPEN], [0, 1]) * np.interp(low, LASHES_LOW, [1, 0]))


def _dark_part(lab: Field, eye: Eye) -> tuple[float, float]:
    """Return of what is dark in the iris's columns of L*a*b* (h, w, 3) its height, and how low its darkest place lies.

    Both are in widths of the eye, the place below its middle.
    """
    along = (eye.outline[8] - eye.outline[0]) / eye.width
    across = np.array([-along[1], along[0]]) * (1 if along[0] >= 0 else -1)
    middle = eye.outline.mean(axis=0)
    beside = (eye.gaze - middle) @ along + np.linspace(-COLUMNS, COLUMNS, 9) * eye.width
    down = np.linspace(-PROFILE, PROFILE, 61)
    places = middle + beside[None, :, None] * along + (down * eye.width)[:, None, None] * across
    x, y = np.moveaxis(places.astype(np.float32), 2, 0)
    light = cv2.remap(lab[..., 0], x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    profile = np.sort(light, axis=1)[:, 3:6].mean(axis=1)
    darkest = int(np.argmin(np.where(np.abs(down) < 0.5 * PROFILE, profile, np.inf)))
    sides = profile[: darkest + 1][::-1], profile[darkest:]
    return sum(_steps(side) for side in sides) * float(down[1] - down[0]), float(down[darkest])


def _steps(side: Field) -> int:
    """Return after how many steps away from the darkest place of a profile (n,) a lid is reached."""
    lid = float(np.percentile(side, 90))
    beyond = side > lid - LID * (lid - float(side[0]))
    return int(beyond.argmax()) if beyond.any() else len(side)
