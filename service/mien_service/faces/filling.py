"""A hole in an aligned face filled by the network `face_filler`, on what the prior makes of the rest."""

import numpy as np

from mien_service.faces.edit import Field
from mien_service.faces.networks import RunNetwork
from mien_service.faces.prior import FacePrior

NETWORK = "face_filler"

NOISE_CELLS = 8
"""Noise is drawn on so many cells a side and enlarged."""


def filled(face: Field, hole: Field, noise: Field, prior: FacePrior, run: RunNetwork) -> Field:
    """Return what an aligned face (256, 256, 3), RGB in 0..1, shows in its hole (256, 256) of 0 and 1, and the face.

    noise is (256, 256); 0 asks for the likeliest face.
    """
    coarse = prior.fill(face, hole)
    image = np.dstack([coarse, hole, noise]).transpose(2, 0, 1)[None]
    filling = run(NETWORK, image=np.ascontiguousarray(image, np.float32))["filling"][0].transpose(1, 2, 0)
    return face + (filling - face) * hole[..., None]
