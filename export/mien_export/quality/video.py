"""Whether an edited video flickers where its source does not."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_export.quality.regions import Mask
from mien_service.faces.face import RgbImage

ROUND_TRIP = (0.01, 0.5)
"""Where flow there and back misses its start by more than a share of both flows' squared lengths plus so many pixels
squared, something was covered or uncovered (Sundaram, Brox & Keutzer 2010)."""

Flow = NDArray[np.float32]
"""(h, w, 2): where each pixel went, x and y in pixels."""


def warping_error(source: Sequence[RgbImage], edited: Sequence[RgbImage]) -> float:
    """Return the temporal warping error of an edited video, 0 to 1 (Lai et al. 2018).

    Frames are (h, w, 3) uint8, at least two, as many edited as source ones. The mean over pairs of neighbours of
    the squared difference (values 0..1) between an edited frame and the next one brought back along the source's
    optical flow (DIS: Kroeger et al. 2016), where nothing was covered. Give the source's own error and that of
    frame-by-frame editing beside it: a flat grey video scores 0. Raises ValueError for fewer or unequal frames.
    """
    if len(source) < 2 or len(source) != len(edited):
        raise ValueError(f"{len(source)} source and {len(edited)} edited frames")
    errors = [_pair_error(source[i], source[i + 1], edited[i], edited[i + 1]) for i in range(len(source) - 1)]
    return float(np.mean(errors))


def _pair_error(frame: RgbImage, following: RgbImage, edited: RgbImage, edited_following: RgbImage) -> float:
    there, back = optical_flow(frame, following), optical_flow(following, frame)
    seen = visible(there, back)
    difference = (edited.astype(np.float32) - _brought_back(edited_following, there)) / 255
    return float(np.square(difference[seen]).mean()) if seen.any() else 0.0


def optical_flow(frame: RgbImage, following: RgbImage) -> Flow:
    """Return where the pixels of `frame` (h, w, 3) are in the `following` one."""
    greys = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (frame, following)]
    method = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return np.asarray(method.calc(greys[0], greys[1], np.zeros((*greys[0].shape, 2), np.float32)), np.float32)


def visible(there: Flow, back: Flow) -> Mask:
    """Return where the flow to the next frame and back ends where it began, and inside the picture."""
    returned = _brought_back(back, there)
    missed = np.square(there + returned).sum(axis=2)
    lengths = np.square(there).sum(axis=2) + np.square(returned).sum(axis=2)
    x, y = _targets(there)
    inside = (x >= 0) & (y >= 0) & (x <= there.shape[1] - 1) & (y <= there.shape[0] - 1)
    return np.asarray(inside & (missed <= ROUND_TRIP[0] * lengths + ROUND_TRIP[1]), np.bool_)


def _brought_back(following: NDArray[np.generic], flow: Flow) -> NDArray[np.float32]:
    x, y = _targets(flow)
    brought = cv2.remap(following.astype(np.float32), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(brought, np.float32)


def _targets(flow: Flow) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    rows, columns = np.mgrid[0 : flow.shape[0], 0 : flow.shape[1]].astype(np.float32)
    return columns + flow[..., 0], rows + flow[..., 1]
