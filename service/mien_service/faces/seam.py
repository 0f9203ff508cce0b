"""Paint's colour matched to the photo's along its edge, so that no step shows there.

The difference of photo and paint along the edge is carried smoothly into the paint, as in Poisson cloning (Perez et
al. 2003, "Poisson Image Editing") and its fast stand-ins (Farbman et al. 2011, "Convolution Pyramids"), here by
pull and push over a weighted pyramid (Gortler et al. 1996, "The Lumigraph"). What differs by much is no error of
colour: teeth border on lips, a beard on a collar. Such places have hardly a say.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.faces.edit import Field
from mien_service.faces.surroundings import Surroundings

EDGE_SIGMA = 0.8
"""Sigma of the blur, in pixels of the view, that photo and paint are compared under along the edge."""

ALIKE, UNLIKE = 40.0, 80.0
"""Grey levels of the most different channel up to which paint is the photo's but for an error, and from which not."""

ANCHOR = 0.25
"""Say of an unlike place, where the paint is to keep its colour, beside one of an alike place."""

SATURATED = 0.05
"""Weight on the edge from which a difference is taken as it is, without asking the neighbours."""

FAINT = 0.02
"""Weight below which a pixel counts as off the edge."""

STEADY = 0.5
"""Pixels squared added to the spread of the paint that a slope is fitted to, so that a corner's is held small."""


def colour_offset(view: Surroundings) -> Field:
    """Return what to add to the paint, (s, s, 3) grey levels over the view."""
    paint_weight, photo_weight = _blurred(view.matte), _blurred(view.bare)
    weight = np.clip(paint_weight * photo_weight / SATURATED, 0, 1)
    edge = weight > FAINT
    photo = _means(view.photo, view.bare, edge)
    difference = photo[:, :3] - _continued(view, edge, photo[:, 3:])
    most = np.abs(difference).max(axis=1)
    trusted = np.ones_like(weight)
    trusted[edge] = np.clip((UNLIKE - most) / (UNLIKE - ALIKE), 0, 1)
    # Beside what is unlike lie pixels that are a mixture of both.
    trusted = np.asarray(cv2.erode(trusted, np.ones((5, 5), np.uint8)), np.float32)
    alike = weight[edge] * trusted[edge]
    weighted, say = np.zeros_like(view.photo), np.zeros_like(weight)
    weighted[edge] = difference * alike[:, None]
    say[edge] = alike + ANCHOR * (weight[edge] - alike)
    return _carried(weighted, say)


def _means(colour: Field, weight: Field, edge: NDArray[np.bool_]) -> Field:
    """Return the mean colour and place (x, y) around each of the k pixels in `edge`, (k, 5)."""
    weighted = np.dstack([colour, _places(len(weight))]) * weight[..., None]
    return np.asarray(_blurred(weighted)[edge] / _blurred(weight)[edge, None], np.float32)


def _continued(view: Surroundings, edge: NDArray[np.bool_], to: Field) -> Field:
    """Return the paint around each of the k pixels in `edge`, (k, 3), continued along its slope to places `to`, (k, 2).

    Without the slope, shading that goes on across the edge would pass for a step. It is fitted under the same blur
    (Knutsson and Westin 1993, "Normalized and Differential Convolution").
    """
    places = _places(len(view.matte))
    mean = _means(view.paint, view.matte, edge)
    colour, centre = mean[:, :3], mean[:, 3:]
    x, y = places[..., :1], places[..., 1:]
    products = np.dstack([x * x, x * y, y * y, view.paint * x, view.paint * y]) * view.matte[..., None]
    second = _blurred(products)[edge] / _blurred(view.matte)[edge, None]
    xx, yy = second[:, 0] - centre[:, 0] ** 2 + STEADY, second[:, 2] - centre[:, 1] ** 2 + STEADY
    xy = second[:, 1] - centre[:, 0] * centre[:, 1]
    with_x, with_y = second[:, 3:6] - colour * centre[:, :1], second[:, 6:] - colour * centre[:, 1:]
    step = (to - centre) / (xx * yy - xy * xy)[:, None]
    by_x, by_y = yy * step[:, 0] - xy * step[:, 1], xx * step[:, 1] - xy * step[:, 0]
    return np.asarray(colour + with_x * by_x[:, None] + with_y * by_y[:, None], np.float32)


def _places(side: int) -> Field:
    """Return each pixel's x, y from the middle, (side, side, 2)."""
    along = np.arange(side, dtype=np.float32) - np.float32((side - 1) / 2)
    return np.dstack(np.meshgrid(along, along))


def _blurred(field: Field) -> Field:
    return np.asarray(cv2.GaussianBlur(field, (0, 0), EDGE_SIGMA), np.float32)


def _carried(weighted: Field, weight: Field) -> Field:
    """Return values given as value * weight, (s, s, 3) and (s, s), smoothly carried to where there is no weight."""
    if min(weight.shape) <= 2:
        total = float(weight.sum())
        mean = weighted.sum(axis=(0, 1)) / total if total > 0 else np.zeros(3)
        return np.broadcast_to(mean.astype(np.float32), weighted.shape).copy()
    capped = np.minimum(weight, 1)
    scale = capped / np.maximum(weight, 1e-12)
    kept = weighted * scale[..., None]
    both = np.asarray(cv2.pyrDown(np.dstack([kept, capped])), np.float32) * np.float32(4)
    below = _carried(both[..., :3], both[..., 3])
    filling = np.asarray(cv2.pyrUp(below, dstsize=(weight.shape[1], weight.shape[0])), np.float32)
    return (kept + filling * (1 - capped)[..., None]).astype(np.float32)
