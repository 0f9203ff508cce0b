"""How well a found mask or box covers the true one."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_export.quality.regions import Mask
from mien_service.faces.face import Box

SAME_PLACE = 0.5
"""Intersection over union from which a face is the one that was there before."""


def intersection_over_union(found: Mask, truth: Mask) -> float:
    """Return the shared area over the joint area of two masks (h, w), 0 to 1; 1 where both are empty (Jaccard).

    Raises ValueError if the shapes differ.
    """
    if found.shape != truth.shape:
        raise ValueError(f"shapes differ: {found.shape} and {truth.shape}")
    joint = int(np.count_nonzero(found | truth))
    return int(np.count_nonzero(found & truth)) / joint if joint else 1.0


def boundary_f_score(found: Mask, truth: Mask, within: Mask, tolerance: float) -> float:
    """Return the F-score, 0 to 1, of a found mask's outline against the true one (Martin, Fowlkes & Malik 2004).

    All are (h, w). An outline's pixel is right where the other outline passes within `tolerance` pixels; those that are
    not `within` do not count. 1 where neither mask has an outline there, 0 where only one has.
    """
    outlines = [outline(mask) for mask in (found, truth)]
    counted = [one & within for one in outlines]
    if not (counted[0].any() and counted[1].any()):
        return float(counted[0].any() == counted[1].any())
    precision, recall = (
        float((_distance(other)[mine] <= tolerance).mean())
        for mine, other in zip(counted, reversed(outlines), strict=True)
    )
    return 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0


def outline(mask: Mask) -> Mask:
    """Return the mask's pixels that lie beside others that are not its own; the picture's edge is no outline."""
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderType=cv2.BORDER_REPLICATE)
    return mask & (inner == 0)


def _distance(mask: Mask) -> NDArray[np.float32]:
    away = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(away, np.float32)


def mean_iou(found: Sequence[Mask], truths: Sequence[Mask]) -> float:
    """Return the mean over pictures of `intersection_over_union`; NaN of none. Raises ValueError for unequal lengths.

    Small masks count as much as large ones, unlike in the share of all pixels together.
    """
    values = [intersection_over_union(mask, truth) for mask, truth in zip(found, truths, strict=True)]
    return float(np.mean(values)) if values else float("nan")


def found_again_share(found: Sequence[Sequence[Box]], sources: Sequence[Box]) -> float:
    """Return the share of stylised pictures in which a face is still found where the photo has it; NaN of none.

    found holds the boxes that a finder sees in each stylised picture, sources the box that the same finder sees
    in its photo, in the same pixels. Raises ValueError for unequal lengths.
    """
    again = [
        any(box.overlap(source) >= SAME_PLACE for box in boxes) for boxes, source in zip(found, sources, strict=True)
    ]
    return float(np.mean(again)) if again else float("nan")
