"""Where the light on a face comes from: what decides which side of a wrinkle is bright."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.faces.align import CROP_SIZE
from mien_service.faces.face import Mesh, RgbImage

SMOOTHED = 3.0
"""Sigma in pixels of the 256-pixel square: light is read from shapes as large as a cheek."""

PRIOR = np.array([0.0, -0.25], np.float32)
"""Light of which nothing is known comes from above, as it mostly does."""

FADE = 0.05
"""Weight of the prior over that of all points of the mesh."""

STRONGEST = 1.2
"""Tangent of the angle between light and view, at most: beyond it a face is half dark, and the fit says little."""


def light_on(crop: RgbImage, mesh: Mesh, normals: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (2,), towards the light along x and y, over the light along the view.

    A Lambertian fit: the luminance of an aligned face (256, 256, 3) at the points of its mesh (468, 3) is linear in
    their normals (468, 3). Skin, brows and lips count alike: they lie on both sides.
    """
    grey = cv2.GaussianBlur(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), (0, 0), SMOOTHED).astype(np.float32) / 255
    places = np.rint(mesh[:, :2]).astype(int)
    seen = (normals[:, 2] < -0.2) & ((places >= 0) & (places < CROP_SIZE)).all(axis=1)
    if seen.sum() < 50:
        return PRIOR
    luminance = grey[places[seen, 1], places[seen, 0]] ** 2.2
    luminance /= max(float(luminance.mean()), 1e-3)
    terms = np.column_stack([normals[seen, :2], -normals[seen, 2:], np.ones(int(seen.sum()))])
    ridge = FADE * len(terms)
    # The prior: as much along x and y as PRIOR says, all else from ambient light and the view alike.
    wanted = np.array([*PRIOR, 0.6, 0.4])
    matrix = terms.T @ terms + ridge * np.eye(4)
    found = np.linalg.solve(matrix, terms.T @ luminance + ridge * wanted)
    towards = found[:2] / max(float(found[2] + found[3]), 0.2)
    length = float(np.hypot(*towards))
    return (towards * min(1.0, STRONGEST / max(length, 1e-6))).astype(np.float32)
