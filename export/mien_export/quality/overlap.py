"""How well a found mask or box covers the true one."""

from collections.abc import Sequence

import numpy as np

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
