"""A film's head on its photo, or cut out: what was moved takes its edge along."""

from dataclasses import replace

import cv2
import numpy as np

from mien_service.faces.align import at_resolution, scale_of
from mien_service.faces.cutout import HeadCutout
from mien_service.faces.edit import Field
from mien_service.faces.film.drawing import Film
from mien_service.faces.motion import fetch

SEEN = 4.0
"""Motion in pixels beyond the head is shown wholly from a fourth of a pixel on."""

ROOM = 0.05
"""By which a box around a cut-out head is larger for one that has grown, as a share of the head's square."""

EDGE = 0.02
"""Opacity up to which a grown head has ended."""


def laid(film: Film, matte: Field) -> Field:
    """Return paint (n, n, 4) for a head's square: RGB in 0..255, and its cover in 0..1.

    matte: (n, n) in 0..1, the head in the square. Around the drawn head the photo is moved along.
    """
    own = np.clip(np.asarray(fetch(matte, film.flow), np.float32), 0, 1)
    paint = np.empty((*matte.shape, 4), np.float32)
    shown = cv2.blendLinear(film.drawn, film.moved.astype(np.float32), own, 1 - own)
    across, down = np.abs(film.flow[..., 0]), np.abs(film.flow[..., 1])
    cover = np.maximum(own, np.minimum(np.float32(SEEN) * np.maximum(across, down), 1))
    cv2.mixChannels([shown, cover], [paint], [0, 0, 1, 1, 2, 2, 3, 3])
    return paint


def moved_cutout(found: HeadCutout, film: Film, shape: tuple[int, ...]) -> HeadCutout:
    """Return the cut-out head of a photo of a shape (height, width, 3) as the film has it."""
    side = len(film.flow)
    roomy = _roomier(found, shape)
    place = at_resolution(roomy.maps.transform, side)
    place[:, 2] += place[:, :2] @ np.array([roomy.left, roomy.top])
    size = roomy.alpha.shape[::-1]
    flow = cv2.warpAffine(film.flow, place, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    back = np.linalg.inv(place[:, :2]).T.astype(np.float32)
    alpha = np.clip(np.asarray(fetch(roomy.alpha, flow @ back), np.float32), 0, 1)
    rows, columns = (np.flatnonzero((alpha > EDGE).any(axis=axis)) for axis in (1, 0))
    top, left = (max(int(one[0]) - 1, 0) for one in (rows, columns))
    part = alpha[top : rows[-1] + 2, left : columns[-1] + 2]
    return replace(roomy, left=roomy.left + left, top=roomy.top + top, alpha=np.ascontiguousarray(part))


def _roomier(found: HeadCutout, shape: tuple[int, ...]) -> HeadCutout:
    """Return a cut-out head in a larger box, within its photo."""
    room = round(ROOM * len(found.maps.head) / scale_of(found.maps.transform))
    height, width = found.alpha.shape
    left, top = min(found.left, room), min(found.top, room)
    right = min(shape[1] - found.left - width, room)
    bottom = min(shape[0] - found.top - height, room)
    alpha = np.pad(found.alpha, ((top, bottom), (left, right)))
    return replace(found, left=found.left - left, top=found.top - top, alpha=alpha)
