"""A turned head refined by the network `head_refiner`: what the mesh cannot know.

The mesh carries the photo's pixels to where they belong, but it is a little off, half of the face may not have been
seen, and it knows nothing of hair, ears, neck and what lies behind the head. The network sees both fetched pictures
and answers with fields: where the mesh was off, which half to take, what colour to add, and what to paint.
"""

import cv2
import numpy as np

from mien_service.faces.edit import Edit, Field
from mien_service.faces.face import RgbImage
from mien_service.faces.motion import fetch
from mien_service.faces.networks import RunNetwork
from mien_service.faces.turning import Turn

NETWORK = "head_refiner"

SIDE = 160
"""Of the fields, in pixels."""

CHANNELS = 9
"""The turned head (RGB), its other half's pixels (RGB), how well each was seen, and what turns with the head."""


def refiner_input(crop: RgbImage, turn: Turn) -> Field:
    """Return what the network sees, (n, n, CHANNELS) in 0..1: the aligned square (256, 256, 3), turned.

    The turn's fields are n x n.
    """
    side = turn.head.shape[0]
    square = cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA)
    fetched = [fetch(square, flow) for flow in (turn.flow, turn.twin_flow)]
    levels = np.concatenate(fetched, axis=2, dtype=np.float32) / np.float32(255)
    return np.dstack([levels, turn.seen, turn.twin_seen, turn.head])


def refined(turn: Turn, image: Field, amount: float, run: RunNetwork) -> Edit:
    """Return a turn as the network refines it, by a share `amount` of it; `image` is `refiner_input`'s."""
    batch = np.ascontiguousarray(image.transpose(2, 0, 1)[None], np.float32)
    answer = {name: field[0].transpose(1, 2, 0) for name, field in run(NETWORK, image=batch).items()}
    matte, share = answer["mix"], np.float32(amount)
    paint = answer["paint"] * np.array([255, 255, 255, share], np.float32)
    return Edit(
        residual=answer["residual"] * np.float32(255),
        alpha=np.full(turn.head.shape, share, np.float32),
        flow=_after(turn.flow, answer["flow"]),
        paint=paint,
        match_paint=False,
        twin=np.dstack([_after(turn.twin_flow, answer["flow"]), matte]),
    )


def _after(flow: Field, correction: Field) -> Field:
    """Return the one flow that does `flow` first and then `correction`, both (n, n, 2)."""
    return np.asarray(correction + fetch(flow, correction, cv2.INTER_LINEAR), np.float32)
