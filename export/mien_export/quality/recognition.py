"""Whether faces are still recognised among others, by any descriptor that is compared by Euclidean distance."""

import numpy as np

from mien_export.quality.identity import Descriptors
from mien_export.quality.statistics import Bools, Floats, TooFewSamples

GALLERY = 50

DLIB_THRESHOLD = 0.6
"""Distance under which dlib's descriptor calls two photos one person (dlib's dnn_face_recognition_ex)."""


def nearest_is_right(made: Descriptors, photos: Descriptors, gallery: int = GALLERY, seed: int = 0) -> Bools:
    """Return (n,) whether the nearest of `gallery` photos to each made picture is the photo it was made of.

    made and photos are (n, k) descriptors, row by row of the same n different people. The right photo stands among
    gallery - 1 others drawn by `seed`, so chance is 1 in `gallery` for any n; a tie counts as wrong. Raises
    TooFewSamples for fewer people than the gallery has places.
    """
    if len(photos) < gallery:
        raise TooFewSamples("people", len(photos), gallery)
    random = np.random.default_rng(seed)
    return np.array([_is_nearest(i, descriptor, photos, gallery, random) for i, descriptor in enumerate(made)])


def _is_nearest(i: int, descriptor: Floats, photos: Descriptors, gallery: int, random: np.random.Generator) -> bool:
    others = random.choice(np.delete(np.arange(len(photos)), i), gallery - 1, replace=False)
    away = np.linalg.norm(photos[others] - descriptor, axis=1)
    return bool(np.linalg.norm(photos[i] - descriptor) < away.min())


def accepted_share(distances: Floats, threshold: float = DLIB_THRESHOLD) -> float:
    """Return the true accept rate: the share of distances (n,) of one person's pictures under the threshold."""
    return float((distances < threshold).mean()) if len(distances) else float("nan")
