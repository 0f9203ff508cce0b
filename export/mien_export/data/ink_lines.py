"""Lines that a pen would draw of a picture: dark, long, and along its forms.

Differences of Gaussians, sharpened and thresholded softly ("XDoG", Winnemöller et al. 2012, doi
10.1016/j.cag.2012.03.004), averaged along the picture's own directions ("coherent line drawing", Kang et al. 2007, doi
10.1145/1274871.1274878) so that lines do not break, and without specks.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from mien_service.faces.edit import Field

WIDER = 1.6
"""Standard deviation of the wider Gaussian over the finer one's: about the Laplacian of the finer."""

SURROUND, LOCAL, MIDDLE = 12.0, 0.9, 0.5
"""What is drawn is how much darker a place is than its surround, whose standard deviation is in pixels: light and skin
are all one."""

DIRECTIONS = 2.5
"""Standard deviation in pixels over which directions are averaged."""

ALONG, REACH = 3.0, 6
"""Standard deviation in pixels of the average along a direction, and how many pixels of it are taken on each side."""

INKED = 0.6
"""Paper that is darker than this is a line's."""


@dataclass(frozen=True)
class Pen:
    """How lines are drawn.

    width: standard deviation in pixels; sharpness: of the difference; level: up to which sharpened light a place is
    drawn; hardness: how soon paper becomes ink; least: pixels that the smallest line has, smaller ones are specks.
    """

    width: float
    sharpness: float
    level: float
    hardness: float
    least: int = 14


def ink_lines(grey: Field, pen: Pen) -> Field:
    """Return lines (h, w) of a picture in grey (h, w), 0..1: 1 is paper, 0 is ink."""
    local = np.float32(MIDDLE) + np.float32(LOCAL) * (grey - blurred(grey, SURROUND))
    fine, wide = blurred(local, pen.width), blurred(local, WIDER * pen.width)
    sharpened = (fine + pen.sharpness * (fine - wide)).astype(np.float32)
    darkness = np.tanh(pen.hardness * np.maximum(pen.level - averaged_along(sharpened, directions(grey)), 0))
    return _without_specks((1 - darkness).astype(np.float32), pen.least)


def directions(grey: Field) -> Field:
    """Return (h, w, 2) unit vectors (x, y) along which a picture (h, w) changes least around each place."""
    x, y = (np.asarray(cv2.Sobel(grey, cv2.CV_32F, *order), np.float32) for order in ((1, 0), (0, 1)))
    xx, xy, yy = (blurred(product, DIRECTIONS) for product in (x * x, x * y, y * y))
    angle = 0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2
    return np.dstack([np.cos(angle), np.sin(angle)]).astype(np.float32)


def averaged_along(values: Field, along: Field) -> Field:
    """Return values (h, w), each averaged with those that lie along the curves which follow `along` (h, w, 2)."""
    weights = np.exp(-0.5 * (np.arange(1, REACH + 1) / ALONG) ** 2).astype(np.float32)
    total = values.copy()
    for sign in (1, -1):
        height, width = values.shape
        place = np.dstack(np.meshgrid(np.arange(width), np.arange(height))).astype(np.float32)
        step = sign * along
        for weight in weights:
            place = place + step
            total += weight * _at(values, place, cv2.INTER_LINEAR)
            there = _at(along, place, cv2.INTER_NEAREST)
            onwards = (there * step).sum(axis=2, keepdims=True) >= 0
            step = np.where(onwards, there, -there)
    return (total / (1 + 2 * weights.sum())).astype(np.float32)


def _at(values: Field, place: Field, how: int) -> Field:
    x, y = cv2.split(place)
    return np.asarray(cv2.remap(values, x, y, how, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _without_specks(lines: Field, least: int) -> Field:
    """Return lines (h, w) with paper where lines are smaller than `least` pixels."""
    _, labels, statistics, _ = cv2.connectedComponentsWithStats((lines < INKED).astype(np.uint8), connectivity=8)
    small = statistics[:, cv2.CC_STAT_AREA] < least
    small[0] = False
    specks = cv2.dilate(small[np.asarray(labels, np.int32)].astype(np.float32), np.ones((5, 5), np.uint8))
    return np.maximum(lines, blurred(np.asarray(specks, np.float32), 1.0))


def blurred(values: Field, deviation: float) -> Field:
    """Return values (h, w) or (h, w, c), blurred by a Gaussian of a standard deviation in pixels."""
    return np.asarray(cv2.GaussianBlur(values, (0, 0), deviation), np.float32)
