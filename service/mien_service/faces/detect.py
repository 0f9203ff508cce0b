"""Face boxes from the detector network."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.faces.face import Box, Detection, RgbImage
from mien_service.faces.networks import RunNetwork
from mien_service.faces.reduce import averaged

NETWORK = "face_detector"

MULTIPLE = 32
"""The network takes pictures whose sides are multiples of this."""

SCORE_THRESHOLD = 0.35
"""Least score of a face candidate; the landmark model has the last word."""

OVERLAP_THRESHOLD = 0.4
"""Two boxes that overlap more than this (intersection over union) are one face."""


class NetworkDetector:
    """Finds faces by the network `face_detector`: boxes around the face mesh, brow to chin and cheek to cheek."""

    networks = (NETWORK,)
    """The networks that it runs."""

    def __init__(self, score_threshold: float = SCORE_THRESHOLD) -> None:
        self._score_threshold = score_threshold

    def detect(self, photo: RgbImage, longest_side: int, run: RunNetwork) -> list[Detection]:
        """Return the face candidates of `photo`, surest first, as seen on a copy of at most `longest_side` pixels."""
        small = _reduced(photo, longest_side)
        height, width = small.shape[:2]
        padded = cv2.copyMakeBorder(small, 0, -height % MULTIPLE, 0, -width % MULTIPLE, cv2.BORDER_REPLICATE)
        image = np.ascontiguousarray(padded.transpose(2, 0, 1), np.float32)[None] / np.float32(255)
        answer = run(NETWORK, image=image)
        scale = max(photo.shape[:2]) / max(small.shape[:2])
        likely = _likely(answer["scores"][0], answer["boxes"][0], width, height, self._score_threshold)
        return [Detection(hit.box.scaled(scale), hit.score) for hit in likely]


def _reduced(photo: RgbImage, longest_side: int) -> RgbImage:
    """Return the photo averaged down to at most `longest_side` pixels; a very narrow one keeps a pixel of width."""
    factor = longest_side / max(photo.shape[:2])
    if factor >= 1:
        return photo
    height, width = (max(round(side * factor), 1) for side in photo.shape[:2])
    return averaged(photo, width, height)


def _likely(
    scores: NDArray[np.float32], boxes: NDArray[np.float32], width: int, height: int, threshold: float
) -> list[Detection]:
    """Return the surest of overlapping boxes (n, 4) whose score (n,) is enough and whose middle lies in the picture."""
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    likely = (scores > threshold) & ((middles > 0) & (middles < [width, height])).all(axis=1)
    scores, boxes = scores[likely], boxes[likely]
    corners_sizes = np.column_stack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]]).tolist()
    kept = cv2.dnn.NMSBoxes(corners_sizes, scores.tolist(), threshold, OVERLAP_THRESHOLD)
    return [Detection(Box(*boxes[i].tolist()), float(scores[i])) for i in np.ravel(kept).astype(int)]
