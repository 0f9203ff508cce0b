"""Two renderings of a face into an edit: what moved becomes flow, only the rest is left as residual.

A plain difference of a blurred face before and after draws the moved part (the corner of a mouth) a second time over
the sharp one that stays where it was: ghosts and dark smears. With the motion taken out first, the photo's own sharp
pixels move, and the residual that remains is a third to a half smaller.
"""

import cv2
import numpy as np

from mien_service.faces.edit import Edit, Field

MOTION_SIDE = 256
"""Renderings are enlarged to this side for the search: half-pixel motions of a 128 px face count."""

MOTION_SMOOTHING = 1.5
"""Sigma, in pixels of the renderings, of the blur that keeps the flow from tearing fine texture."""


def edit_between(before: Field, after: Field, alpha: Field) -> Edit:
    """Return the edit that turns `before` into `after`, (n, n, 3) RGB in about 0..1, where `alpha` (n, n) says."""
    flow = motion(before, after)
    moved = fetch(before, flow)
    return Edit(residual=(after - moved) * np.float32(255), alpha=alpha, flow=flow)


def motion(before: Field, after: Field) -> Field:
    """Return the flow (n, n, 2) in pixels: what is at x in `after` was at x + flow in `before`.

    Dense inverse search (Kroeger et al. 2016, "Fast Optical Flow using Dense Inverse Search").
    """
    side = before.shape[0]
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    found = search.calc(_grey(after), _grey(before), np.zeros((MOTION_SIDE, MOTION_SIDE, 2), np.float32))
    small = cv2.resize(found, (side, side), interpolation=cv2.INTER_AREA) * (side / MOTION_SIDE)
    return np.asarray(cv2.GaussianBlur(small, (0, 0), MOTION_SMOOTHING), np.float32)


def _grey(face: Field) -> np.ndarray:
    """Return the face as (256, 256) uint8 grey."""
    levels = np.clip(face * 255, 0, 255).astype(np.uint8)
    enlarged = cv2.resize(levels, (MOTION_SIDE, MOTION_SIDE), interpolation=cv2.INTER_CUBIC)
    return cv2.cvtColor(enlarged, cv2.COLOR_RGB2GRAY)


def fetch(picture: np.ndarray, flow: Field, interpolation: int = cv2.INTER_CUBIC) -> np.ndarray:
    """Return a picture (h, w, ...) with each pixel fetched from its place plus flow (h, w, 2); its edge is repeated."""
    height, width = picture.shape[:2]
    columns = flow[..., 0] + np.arange(width, dtype=np.float32)
    rows = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    return cv2.remap(picture, columns, rows, interpolation, borderMode=cv2.BORDER_REPLICATE)
