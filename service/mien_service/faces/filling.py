"""A hole in an aligned face filled by the network `face_filler`, on what the prior makes of the rest."""

import numpy as np

from mien_service.faces.edit import Field
from mien_service.faces.networks import RunNetwork
from mien_service.faces.prior import FacePrior

NETWORK = "face_filler"


def filled(face: Field, hole: Field, draws: list[Field | None], prior: FacePrior, run: RunNetwork) -> Field:
    """Return what an aligned face (256, 256, 3), RGB in 0..1, shows in its hole (256, 256) of 0 and 1, and the face.

    (n, 256, 256, 3) for n draws of the prior's numbers, each one face that may be; None asks for the likeliest.
    """
    coarse = prior.fills(face, hole, draws)
    images = [np.dstack([one, hole, _told(hole, draw)]) for one, draw in zip(coarse, draws, strict=True)]
    batch = np.ascontiguousarray(np.stack(images).transpose(0, 3, 1, 2), np.float32)
    filling = run(NETWORK, image=batch)["filling"].transpose(0, 2, 3, 1)
    return np.asarray(face + (filling - face) * hole[..., None], np.float32)


def _told(hole: Field, draw: Field | None) -> Field:
    """Return the network's last channel: whether the coarse filling was drawn."""
    return np.full(hole.shape, draw is not None, np.float32)
