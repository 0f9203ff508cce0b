"""A head drawn as a toon, by the network `toon_net`: pixels are moved, and colours are added to what they show."""

import numpy as np
from numpy.typing import NDArray

from mien_service.faces.edit import Field
from mien_service.faces.face import RgbImage
from mien_service.faces.motion import fetch
from mien_service.faces.networks import RunNetwork

NETWORK = "toon_net"

MULTIPLE = 32
"""What the sides of the network's pictures are multiples of."""


def toon(picture: RgbImage, condition: NDArray[np.float32], strength: float, run: RunNetwork) -> Field:
    """Return a picture (h, w, 3) drawn as a toon, RGB in 0..255, (h, w, 3).

    Faces in it should be as large as in the aligned square of 256 pixels. condition: (s,), 1 for the style, else 0;
    strength: 0 the picture itself, 1 the toon, between them a share of it. Raises what `run` raises.
    """
    if strength == 0:
        return picture.astype(np.float32)
    height, width = picture.shape[:2]
    beyond = ((0, -height % MULTIPLE), (0, -width % MULTIPLE), (0, 0))
    whole = np.pad(picture, beyond, mode="edge")
    image = np.ascontiguousarray(whole.transpose(2, 0, 1)[None], np.float32) / np.float32(255)
    answer = run(NETWORK, image=image, condition=condition[None])
    flow, change = (
        np.ascontiguousarray(answer[name][0].transpose(1, 2, 0)[:height, :width]) for name in ("flow", "change")
    )
    moved = fetch(picture, flow * np.float32(strength)).astype(np.float32)
    return np.clip(moved + change * np.float32(255 * strength), 0, 255)
