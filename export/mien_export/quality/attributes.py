"""What an attribute judge says of edited faces: flips, and whether strength does as it is told."""

import numpy as np
import torch

from mien_export.quality.statistics import Bools, Floats, spearman
from mien_service.faces.align import crop_transform, cut
from mien_service.faces.face import Points, RgbImage

SQUARE = 128
"""Side of the aligned squares that judges look at, in pixels."""


def aligned_squares(photos: list[RgbImage], landmarks: list[Points]) -> torch.Tensor:
    """Return (n, 3, 128, 128) RGB in 0..1, cut by the landmarks (68, 2) of each photo as in training.

    Give an edited photo its original's landmarks, so that only the edit differs.
    """
    pairs = zip(photos, landmarks, strict=True)
    squares = [cut(photo, crop_transform(points, SQUARE), SQUARE) for photo, points in pairs]
    return torch.from_numpy(np.stack(squares)).permute(0, 3, 1, 2).float() / 255


def flips(before: Floats, after: Floats, threshold: float, direction: int) -> Floats:
    """Return (n,): 1 where the judge's verdict turned in `direction` (+1 gains the attribute), 0 where not.

    before and after are (n,) logits. NaN where the judge saw the wanted state already before: such a face
    cannot be turned, and the judge disagrees with its label.
    """
    turned: Bools = direction * (after - threshold) > 0
    already: Bools = direction * (before - threshold) > 0
    return np.where(already, np.nan, turned.astype(np.float64))


def rank_correlation(strengths: Floats, logits: Floats) -> float:
    """Return the mean over faces of Spearman's correlation of strengths (k,) with logits (faces, k).

    Of no faces: NaN.
    """
    found = [spearman(strengths, row) for row in logits]
    return float(np.mean(found)) if found else float("nan")
